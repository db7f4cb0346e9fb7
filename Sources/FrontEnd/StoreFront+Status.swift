internal import API
internal import Caching
internal import MonotonicTime
internal import Synchronization

// What a front end says of itself and of the cluster.
extension StoreFront {
    /// Whether there is a catalog server to read from and an order primary to buy from.
    func health(_ request: IncomingRequest, _ sink: any AnswerSink) {
        let (hasCatalog, hasOrders) = dispatcher.withCluster { cluster in
            (cluster.hasReader(.catalog), cluster.hasPrimary(.order))
        }
        guard hasCatalog && hasOrders else {
            let missing =
                hasCatalog ? "no order primary" : hasOrders ? "no catalog server" : "no back end"
            sink.send(
                .problem(
                    .unavailable("There is \(missing) that answers"),
                    indented: request.isIndented))
            return
        }
        var text = JSONText(reservingCapacity: 64)
        text.object { health in
            health.member("status", "ok")
            health.member("server", name)
        }
        sink.send(
            .json(
                200, text.bytes, headers: [("Cache-Control", "no-store")],
                indented: request.isIndented))
    }

    func metrics(_ sink: any AnswerSink) {
        sink.send(
            Answer(
                status: 200,
                headers: [
                    ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
                    ("Cache-Control", "no-store"),
                ], body: Array(metricsText().utf8)))
    }

    func status(_ request: IncomingRequest, _ sink: any AnswerSink) {
        let now = timers.now()
        let wall = timers.wallMilliseconds()
        let cluster = dispatcher.withCluster { $0 }
        let cache = lookups.withCache { CacheStatus($0, at: now) }
        var text = JSONText(reservingCapacity: 2_048)
        text.object { status in
            status.member("server", name)
            status.member("version", API.version)
            status.member("uptimeSeconds", whole: now - startedAt)
            status.array("servers") { array in
                for server in cluster.servers {
                    array.object { entry in
                        write(server, in: cluster, &entry, since: wall, now - server.since)
                    }
                }
            }
            status.object("cache") { write(cache, &$0, at: now) }
            status.object("requests") { write(requests: &$0) }
        }
        sink.send(
            .json(
                200, text.bytes, headers: [("Cache-Control", "no-store")],
                indented: request.isIndented))
    }

    private func write(
        _ server: Cluster.Server, in cluster: Cluster, _ entry: inout JSONText,
        since wall: Int64, _ elapsed: Instant.Span
    ) {
        entry.member("name", server.id.name)
        entry.member("kind", server.id.kind.rawValue)
        entry.member("address", server.address)
        entry.member("reachable", server.isReachable)
        entry.member(
            "since", Timestamp.text(milliseconds: wall - elapsed.nanoseconds / 1_000_000))
        guard let report = server.report else {
            entry.null("role")
            entry.null("view")
            return
        }
        entry.member("role", report.role.rawValue)
        entry.member("serving", report.serves)
        entry.object("view") { view in
            view.member("number", report.view.number)
            view.array("members") { members in
                for name in report.view.members { members.element(name) }
            }
        }
    }

    private func write(_ cache: CacheStatus, _ text: inout JSONText, at now: Instant) {
        text.member("entries", cache.entries)
        text.member("threshold", settings.cacheThreshold)
        text.member("hits", cache.counters.hits)
        text.member("misses", cache.counters.misses)
        text.member("hitRatio", (cache.counters.hitRatio * 10_000).rounded() / 10_000)
        text.member("joined", cache.joins)
        text.member("bypassed", cache.bypasses)
        text.member("evictions", cache.counters.evictions)
        text.member("expirations", cache.counters.expirations)
        text.member("invalidations", cache.counters.invalidations)
        text.member("lapses", cache.lapses)
        guard let lease = cache.lease else {
            text.object("lease") { $0.member("held", false) }
            return
        }
        text.object("lease") { object in
            object.member("held", true)
            object.member("grantor", lease.source.grantor)
            object.member("view", lease.source.viewNumber)
            object.member("remainingMilliseconds", (lease.end - now).nanoseconds / 1_000_000)
        }
    }

    private func write(requests text: inout JSONText) {
        text.member("lookups", counters.lookups.load(ordering: .relaxed))
        text.member("searches", counters.searches.load(ordering: .relaxed))
        text.member("buys", counters.buys.load(ordering: .relaxed))
        text.member("buyBatches", counters.buyBatches.load(ordering: .relaxed))
        text.member("buysWaiting", buys.waitingCount)
        text.member("retries", counters.retries.load(ordering: .relaxed))
        text.member("refused", counters.refusals.load(ordering: .relaxed))
        text.member("failed", counters.failures.load(ordering: .relaxed))
    }
}

/// The cache at one moment, taken in one short hold of its lock.
struct CacheStatus: Sendable {
    let entries: Int
    let counters: CacheCounters
    let joins: UInt64
    let bypasses: UInt64
    let lapses: UInt64
    let lease: (source: LeaseSource, end: Instant)?

    init(_ cache: CoherentCache<Int64, CachedBook>, at now: Instant) {
        entries = cache.count
        counters = cache.counters
        joins = cache.joins
        bypasses = cache.bypasses
        lapses = cache.lapses
        lease = cache.lease(at: now)
    }
}

extension JSONText {
    fileprivate mutating func member(_ name: String, whole span: Instant.Span) {
        member(name, span.nanoseconds / 1_000_000_000)
    }
}
