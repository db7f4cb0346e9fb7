internal import API
internal import Caching
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import Synchronization

/// Heartbeats to every server of the back end: who is there, which views there are, and the
/// catalog primary's cache lease.
///
/// The first lease is not asked for, and no invalidation is answered, before a lease's length has
/// passed since the start. A predecessor of the same name may still answer on connections that
/// nginx has kept, from a cache that its own lease covers; this server cannot drop that cache, so
/// it must not say that it was dropped. Nor would it learn of an invalidation that reaches the
/// predecessor.
final class BackEndWatch: Sendable {
    private let name: String
    private let incarnation: UInt64
    private let dispatcher: Dispatcher
    private let lookups: LookupDesk
    private let upstream: any Upstream
    private let timers: any Timers
    private let counters: FrontEndCounters
    private let logger: Logger
    private let timeout: Instant.Span
    private let addresses: AddressReport
    /// From when this server speaks for its name alone.
    private let aloneFrom: Instant
    private let isStopping = Atomic<Bool>(false)
    /// When the last heartbeats went out, in nanoseconds; 0 for never.
    private let lastBeat = Atomic<Int64>(0)

    /// How long nginx may keep a connection to a predecessor, with a margin.
    static let handover = Instant.Span.milliseconds(1_000)

    init(
        name: String, incarnation: UInt64, configuration: Configuration,
        dispatcher: Dispatcher, lookups: LookupDesk, upstream: any Upstream, timers: any Timers,
        counters: FrontEndCounters, logger: Logger
    ) {
        self.name = name
        self.incarnation = incarnation
        self.dispatcher = dispatcher
        self.lookups = lookups
        self.upstream = upstream
        self.timers = timers
        self.counters = counters
        self.logger = logger
        addresses = AddressReport(
            configuration.servers.map { (name: $0.id.name, address: $0.address) })
        let interval = Instant.Span(configuration.settings.heartbeatInterval)
        let lease = Instant.Span(configuration.settings.leaseDuration)
        // A lease is renewed in time where one heartbeat in two is lost.
        timeout = max(interval, lease * 0.5)
        aloneFrom = timers.now() + max(Self.handover, lease * 1.25)
    }

    /// Whether invalidations can be answered: nobody else serves from a cache under this name.
    func isAlone(at now: Instant) -> Bool { now >= aloneFrom }

    /// How long ago the last heartbeats went out; nil where none has.
    func sinceLastBeat(at now: Instant) -> Instant.Span? {
        let last = lastBeat.load(ordering: .relaxed)
        return last == 0 ? nil : now - Instant(nanoseconds: last)
    }

    /// Sends a heartbeat to every server. Called every `heartbeatInterval`; never waits.
    func beat() {
        lastBeat.store(timers.now().nanoseconds, ordering: .relaxed)
        for change in dispatcher.withCluster({ $0.takeChanges() }) { logger.notice("\(change)") }
        for kind in [ServerKind.catalog, .order] { beat(kind) }
    }

    /// Gives the cache lease up, and asks for no other. Requests are still served, from the
    /// catalog: a successor may have taken this server's name, and gets its invalidations.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        lookups.withCache { $0.relinquish() }
    }

    private func beat(_ kind: ServerKind) {
        let now = timers.now()
        let (places, report) = dispatcher.withCluster { cluster in
            (
                cluster[kind].places.map { (place: $0, id: cluster.servers[$0].id) },
                cluster.report(of: name)
            )
        }
        // For the catalog it is the cache's word that counts: what is older has been dropped.
        let mayHold = isAlone(at: now) && !isStopping.load(ordering: .acquiring)
        let view =
            kind == .order
            ? report.ordersView : isAlone(at: now) ? lookups.withCache { $0.newestView } : 0
        let request = UpstreamRequest(
            method: "PUT", path: "/heartbeat?\(report.query)&\(addresses.query)",
            headers: [("Content-Type", Heartbeats.mediaType)],
            body: Heartbeats.body(
                for: kind, sender: name, incarnation: incarnation, view: view,
                asksForLease: kind == .catalog && mayHold),
            isUrgent: true, trace: Trace(requestID: "heartbeat"))
        for (place, id) in places {
            upstream.send(request, to: id, timeout: timeout) { [self] result in
                answered(result, from: id, place, sentAt: now)
            }
        }
    }

    private func answered(
        _ result: Result<UpstreamAnswer, UpstreamFailure>, from id: ServerID, _ place: Int,
        sentAt: Instant
    ) {
        let now = timers.now()
        guard case .success(let answer) = result, answer.status == 200,
            let reply = Heartbeats.reply(answer.body, from: id.name)
        else {
            counters.heartbeatsMissed.add(1, ordering: .relaxed)
            dispatcher.withCluster { $0.missedHeartbeat(of: place, at: now) }
            return
        }
        counters.heartbeatsAnswered.add(1, ordering: .relaxed)
        let hasNewPrimary = dispatcher.withCluster { cluster in
            let before = cluster[id.kind].primary
            cluster.heard(reply.report, from: place, at: now)
            if let others = answer.header(FrontEndReport.headerName) {
                for report in FrontEndReport.reports(header: others) where report.name != name {
                    cluster.heard(report, at: now)
                }
            }
            return cluster[id.kind].primary != before
        }
        if hasNewPrimary { dispatcher.reconsider() }
        guard id.kind == .catalog else { return }
        let hasNewView = lookups.withCache { cache in
            let before = cache.newestView
            cache.learn(view: reply.report.view.number)
            // Looked at under the cache's lock, as the lease is given up under it.
            if let lease = reply.lease, !isStopping.load(ordering: .acquiring) {
                _ = cache.grant(
                    from: lease.source, sentAt: sentAt, duration: lease.duration, at: now)
            }
            return cache.newestView > before
        }
        // The new primary waits until it has heard that the old view's contents were dropped.
        if hasNewView { beat(.catalog) }
    }
}
