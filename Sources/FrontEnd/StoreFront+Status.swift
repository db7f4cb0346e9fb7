internal import API
internal import Caching
internal import HTTPClient
internal import MonotonicTime
internal import ServerRuntime
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

    /// `GET /status`: the cluster as this front end sees it, with what every server says of itself.
    /// `?scope=server` leaves the others out; it is what front ends ask each other.
    func status(_ request: IncomingRequest, _ sink: any AnswerSink) {
        let isAlone = request.query?.contains { $0 == ("scope", "server") } ?? false
        let others = isAlone ? [] : dispatcher.withCluster { $0.servers.map(\.id) } + otherFrontEnds
        let gathering = StatusGathering(of: others) { [self] reports in
            sink.send(
                .json(
                    200, statusBody(reports, withFrontEnds: !isAlone),
                    headers: [("Cache-Control", "no-store")], indented: request.isIndented))
        }
        for server in others {
            let path = server.kind == .frontEnd ? "/status?scope=server" : "/status"
            upstream.send(
                UpstreamRequest(method: "GET", path: path, trace: request.trace),
                to: server, timeout: Self.statusTimeout
            ) { gathering.add(try? $0.get(), from: server) }
        }
    }

    private func statusBody(_ reports: [ServerID: [UInt8]], withFrontEnds: Bool) -> [UInt8] {
        let now = timers.now()
        let wall = timers.wallMilliseconds()
        let cluster = dispatcher.withCluster { $0 }
        var text = JSONText(reservingCapacity: 8_192)
        text.object { status in
            writeOwn(&status, at: now)
            status.array("servers") { array in
                for server in cluster.servers {
                    array.object { entry in
                        write(server, in: cluster, &entry, since: wall, at: now)
                        if let report = reports[server.id] {
                            entry.member("replica", json: report)
                        }
                    }
                }
            }
            guard withFrontEnds else { return }
            status.array("frontEnds") { array in
                var own = JSONText(reservingCapacity: 1_024)
                own.object { writeOwn(&$0, at: now) }
                var all = reports.filter { $0.key.kind == .frontEnd }
                all[id] = own.bytes
                for server in ([id] + otherFrontEnds).sorted() {
                    array.object { entry in
                        entry.member("name", server.name)
                        entry.member("reachable", all[server] != nil)
                        if let report = all[server] { entry.member("frontEnd", json: report) }
                    }
                }
            }
        }
        return text.bytes
    }

    /// What this front end says of itself.
    private func writeOwn(_ status: inout JSONText, at now: Instant) {
        let cache = lookups.withCache { CacheStatus($0, at: now) }
        status.member("server", name)
        status.member("version", API.version)
        status.member("uptimeSeconds", whole: now - startedAt)
        status.object("cache") { write(cache, &$0, at: now) }
        status.object("requests") { write(requests: &$0) }
    }

    /// How long a status waits for servers that do not answer.
    private static let statusTimeout = Instant.Span.milliseconds(500)

    private func write(
        _ server: Cluster.Server, in cluster: Cluster, _ entry: inout JSONText,
        since wall: Int64, at now: Instant
    ) {
        let elapsed = now - server.since
        entry.member("name", server.id.name)
        entry.member("kind", server.id.kind.rawValue)
        entry.member("address", server.address)
        entry.member("reachable", server.isReachable)
        entry.member(
            "since", Timestamp.text(milliseconds: wall - elapsed.nanoseconds / 1_000_000))
        entry.array("reachedBy") { array in
            let others = cluster.frontEnds(reaching: server.id, at: now)
            for name in ((server.isReachable ? [name] : []) + others).sorted() {
                array.element(name)
            }
        }
        // What one said that has not answered since may be true of nobody any more.
        guard server.isReachable, let report = server.report else {
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
        text.member("lookups", counters.answers(.lookup))
        text.member("searches", counters.answers(.search, .searchWords, .topics))
        text.member("buys", counters.answers(.buy))
        text.member("buyBatches", counters.buyBatches.load(ordering: .relaxed))
        text.member("buysWaiting", buys.waitingCount)
        text.member("retries", counters.retries.load(ordering: .relaxed))
        text.member("refused", counters.answers(with: 400...499))
        text.member("failed", counters.answers(with: 500...599))
        text.member(
            "uptimeMilliseconds", (timers.now() - startedAt).nanoseconds / 1_000_000)
        text.array("boundsMilliseconds") { array in
            for bound in MetricsRegistry.Histogram.Bounds.seconds.values {
                array.element(json: "\(bound * 1000)".utf8)
            }
        }
        text.object("routes") { write(routes: &$0) }
    }

    /// The routes that had requests: their answers by status, and how many of them took as long as
    /// each of the bounds at most, but longer than the one before; the last were longer than all.
    private func write(routes text: inout JSONText) {
        for route in counters.requests.routes {
            let answers = route.answers
            guard !answers.isEmpty else { continue }
            text.object(route.name) { object in
                object.object("answers") { statuses in
                    for answer in answers { statuses.member(answer.status, answer.count) }
                }
                let durations = route.durations
                object.array("durations") { array in
                    for count in durations.counts { array.element(count) }
                }
                object.member("milliseconds", (durations.sum * 1_000_000).rounded() / 1000)
            }
        }
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

/// Collects what servers say of themselves, and goes on when all have answered or failed.
final class StatusGathering: Sendable {
    private struct State {
        var missing: Int
        var reports: [ServerID: [UInt8]] = [:]
    }

    private let state: Mutex<State>
    private let completion: @Sendable ([ServerID: [UInt8]]) -> Void

    /// Calls the completion at once where there is nobody to wait for.
    init(
        of servers: [ServerID], completion: @escaping @Sendable ([ServerID: [UInt8]]) -> Void
    ) {
        state = Mutex(State(missing: servers.count))
        self.completion = completion
        if servers.isEmpty { completion([:]) }
    }

    /// Takes the answer of a server, once for each; what is no JSON object counts as none.
    func add(_ answer: UpstreamAnswer?, from server: ServerID) {
        let report = answer.flatMap { $0.status == 200 ? $0.body : nil }.flatMap { body in
            (try? JSON(parsing: body))?.members == nil ? nil : body
        }
        let all = state.withLock { state -> [ServerID: [UInt8]]? in
            state.missing -= 1
            if let report { state.reports[server] = report }
            return state.missing == 0 ? state.reports : nil
        }
        if let all { completion(all) }
    }
}
