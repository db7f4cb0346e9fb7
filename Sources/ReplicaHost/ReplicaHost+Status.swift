public import API
internal import MonotonicTime
public import Replication
internal import ServerRuntime
internal import Synchronization

/// What a replica looks like from outside: `GET /status`, `GET /health` and the metrics.
extension ReplicaHost {
    /// The replica at this moment. Any thread.
    public var status: ReplicaStatus {
        engine.withLock { $0.status(at: BootClock.now()) }
    }

    /// The servers that keep the group from serving: those that hold or withhold a lease that the
    /// replica waits for, or the primary where this is none.
    public var awaitedServers: [String] {
        let status = status
        guard let view = status.view else { return [] }
        if status.role != .primary {
            // One that was the primary, and has lost its data, waits for the others.
            let others = view.members.map(\.name.text).filter { $0 != environment.id.name }
            return others.contains(view.primary.name.text) ? [view.primary.name.text] : others
        }
        return status.peers.filter { $0.isMember && $0.lease == nil }.map(\.name.text)
    }

    /// Writes the body of `GET /status`.
    public func writeStatus(_ text: inout JSONText) {
        let status = status
        text.object { document in
            document.member("server", environment.id.name)
            document.member("group", group)
            document.member("version", API.version)
            document.member(
                "uptimeSeconds",
                (BootClock.now() - environment.startedAt).nanoseconds / 1_000_000_000)
            document.member("role", "\(status.role)")
            document.member("serving", status.servesReads)
            document.member("writing", status.servesWrites)
            if let view = status.view {
                document.object("view") { object in
                    object.member("number", Int64(clamping: view.number))
                    object.array("members") { array in
                        for member in view.members { array.element(member.name.text) }
                    }
                }
            } else {
                document.null("view")
            }
            document.member("viewAgeMilliseconds", Self.milliseconds(status.viewAge))
            document.member("firstIndex", Int64(clamping: status.firstIndex))
            document.member("lastIndex", Int64(clamping: status.lastIndex))
            document.member("durableIndex", Int64(clamping: status.durableIndex))
            document.member("commitIndex", Int64(clamping: status.commitIndex))
            document.member("appliedIndex", Int64(clamping: status.appliedIndex))
            Self.write("leaseMilliseconds", status.lease, &document)
            if let reason = status.waitsFor {
                document.member("waitsFor", reason)
            } else {
                document.null("waitsFor")
            }
            document.array("peers") { array in
                for peer in status.peers { array.object { Self.write(peer, &$0) } }
            }
            document.array("frontEnds") { array in
                let reports = frontEnds.reports(at: BootClock.now())
                for server in environment.configuration.servers(of: .frontEnd) {
                    let lessee = status.lessees.first { $0.name.text == server.id.name }
                    let report = reports.first { $0.name == server.id.name }
                    array.object { Self.write(server.id.name, lessee, report, &$0) }
                }
            }
        }
    }

    /// A front end: its cache lease, which only the catalog's primary grants, and what it says.
    private static func write(
        _ name: String, _ lessee: ReplicaStatus.LesseeStatus?, _ report: FrontEndReport?,
        _ object: inout JSONText
    ) {
        object.member("name", name)
        write("leaseMilliseconds", lessee?.lease, &object)
        write("unansweredMilliseconds", lessee?.unanswered, &object)
        guard let report else { return object.null("heardMilliseconds") }
        object.member("heardMilliseconds", report.age)
        object.member("catalogView", Int64(clamping: report.catalogView))
        object.member("ordersView", Int64(clamping: report.ordersView))
        object.array("reaches") { for server in report.reaches { $0.element(server) } }
    }

    private static func write(_ peer: ReplicaStatus.PeerStatus, _ object: inout JSONText) {
        object.member("name", peer.name.text)
        object.member("isMember", peer.isMember)
        write("lastHeardMilliseconds", peer.lastHeard, &object)
        write("matchIndex", peer.matchIndex, &object)
        write("lag", peer.lag, &object)
        write("leaseMilliseconds", peer.lease, &object)
        write("readLeaseMilliseconds", peer.readLease, &object)
    }

    private static func write(
        _ name: String, _ span: Instant.Span?, _ object: inout JSONText
    ) {
        if let span { object.member(name, milliseconds(span)) } else { object.null(name) }
    }

    private static func write(_ name: String, _ number: UInt64?, _ object: inout JSONText) {
        if let number { object.member(name, Int64(clamping: number)) } else { object.null(name) }
    }

    private static func milliseconds(_ span: Instant.Span) -> Int64 {
        span.nanoseconds / 1_000_000
    }

    func register(in metrics: MetricsRegistry) {
        let labels = "group=\"\(group)\""
        func gauge(
            _ name: String, _ help: String, _ read: @escaping @Sendable (ReplicaStatus) -> Double
        ) {
            metrics.gauge("pygmy_\(name)", help: help, labels: labels) { [weak self] in
                self.map { read($0.status) } ?? 0
            }
        }
        gauge("view_number", "The newest view that the replica knows.") {
            Double($0.view?.number ?? 0)
        }
        gauge("view_members", "Members of that view.") { Double($0.view?.members.count ?? 0) }
        gauge("is_primary", "1 where the replica is the primary of its view.") {
            $0.role == .primary ? 1 : 0
        }
        gauge("serves_reads", "1 where the replica answers reads.") { $0.servesReads ? 1 : 0 }
        gauge("serves_writes", "1 where the replica takes operations.") { $0.servesWrites ? 1 : 0 }
        gauge("log_first_index", "The first entry that the log on disk still has.") {
            Double($0.firstIndex)
        }
        gauge("log_last_index", "The end of the log.") { Double($0.lastIndex) }
        gauge("log_commit_index", "Up to where the log is known to be committed.") {
            Double($0.commitIndex)
        }
        gauge("log_applied_index", "Up to where the log is applied.") { Double($0.appliedIndex) }
        gauge("replication_lag_entries", "The most entries that a member of the view lacks.") {
            Double($0.peers.filter(\.isMember).compactMap(\.lag).max() ?? 0)
        }
        gauge("lease_remaining_seconds", "What is left of the lease by which the replica serves.") {
            $0.lease?.seconds ?? 0
        }
        gauge("view_age_seconds", "For how long the replica has known that view.") {
            $0.viewAge.seconds
        }
        registerOthers(in: metrics)
    }

    /// What the replica knows of the servers that it hears from.
    private func registerOthers(in metrics: MetricsRegistry) {
        let labels = "group=\"\(group)\""
        metrics.gauges(
            "pygmy_peer_last_heard_seconds",
            help: "How long ago anything came from another server of the group."
        ) { [weak self] in
            (self?.status.peers ?? []).compactMap { peer in
                peer.lastHeard.map { ("\(labels),peer=\"\(peer.name.text)\"", $0.seconds) }
            }
        }
        metrics.gauges(
            "pygmy_peer_lag_entries", help: "Entries that another server of the group lacks."
        ) { [weak self] in
            (self?.status.peers ?? []).compactMap { peer in
                peer.lag.map { ("\(labels),peer=\"\(peer.name.text)\"", Double($0)) }
            }
        }
        metrics.gauges(
            "pygmy_front_end_lease_remaining_seconds",
            help:
                "What is left of a front end's cache lease, as the primary that granted it counts."
        ) { [weak self] in
            (self?.status.lessees ?? []).map { lessee in
                (
                    "\(labels),front_end=\"\(lessee.name.text)\"",
                    lessee.lease.map { max(0, $0.seconds) } ?? 0
                )
            }
        }
    }
}
