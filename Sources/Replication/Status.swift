public import MonotonicTime

/// What a replica looks like from outside, for `GET /status` and the metrics.
public struct ReplicaStatus: Sendable {
    /// Another replica, as this one sees it.
    public struct PeerStatus: Sendable {
        /// The peer.
        public var name: ServerName
        /// Whether it is a member of the view.
        public var isMember: Bool
        /// How long ago anything came from it.
        public var lastHeard: Instant.Span?
        /// The primary's: up to where it has the log durably.
        public var matchIndex: LogIndex?
        /// The primary's: how many entries it lacks.
        public var lag: UInt64?
        /// The primary's: what is left of the lease that the peer has granted it.
        public var lease: Instant.Span?
        /// The primary's: what is left of the peer's read lease, as the grantor counts it.
        public var readLease: Instant.Span?
    }

    /// A front end, as the primary sees it.
    public struct LesseeStatus: Sendable {
        /// The front end.
        public var name: ServerName
        /// What is left of its cache lease, as the grantor counts it.
        public var lease: Instant.Span?
        /// How long it has left an invalidation unanswered.
        public var unanswered: Instant.Span?
    }

    /// The replica.
    public var member: Member
    /// What it is in the view.
    public var role: Role
    /// The newest view that it knows.
    public var view: View?
    /// How long it has known that view.
    public var viewAge: Instant.Span
    /// Whether it answers reads at present.
    public var servesReads: Bool
    /// Whether it takes operations at present.
    public var servesWrites: Bool
    /// The first entry that its log on disk still has: who lacks earlier ones needs a copy.
    public var firstIndex: LogIndex
    /// The end of its log.
    public var lastIndex: LogIndex
    /// Up to where its log is durable.
    public var durableIndex: LogIndex
    /// Up to where it knows the log to be committed.
    public var commitIndex: LogIndex
    /// Up to where it has applied it.
    public var appliedIndex: LogIndex
    /// What is left of the lease by which it serves: the primary's, or a backup's read lease; nil
    /// where it has none, or needs none.
    public var lease: Instant.Span?
    /// The other replicas.
    public var peers: [PeerStatus]
    /// The front ends that may hold cache leases; only at a primary.
    public var lessees: [LesseeStatus]
    /// What it waits for, in a sentence; nil where nothing is amiss.
    public var waitsFor: String?
}

extension Replica {
    /// What the replica looks like from outside.
    public func status(at now: Instant) -> ReplicaStatus {
        let now = max(now, self.now)
        let role = role
        return ReplicaStatus(
            member: member, role: role, view: view, viewAge: now - viewSince,
            servesReads: readPermission(touching: [], at: now) == .serve(cacheable: true),
            servesWrites: role == .primary && isOpen && now < leaseEnd && canWrite,
            firstIndex: log.diskFirst, lastIndex: log.lastIndex, durableIndex: durableIndex,
            commitIndex: commitIndex, appliedIndex: log.appliedIndex, lease: ownLease(at: now),
            peers: peers.map { status(of: $0, at: now) },
            lessees: role == .primary ? primary.lessees.map { status(of: $0, at: now) } : [],
            waitsFor: waitsFor(at: now))
    }

    private func ownLease(at now: Instant) -> Instant.Span? {
        switch role {
        case .primary: leaseEnd.nanoseconds == .max ? nil : remaining(leaseEnd, at: now)
        case .backup: remaining(readLeaseUntil, at: now)
        case .joining: nil
        }
    }

    private func remaining(_ end: Instant?, at now: Instant) -> Instant.Span? {
        guard let end, end > now else { return nil }
        return end - now
    }

    private func status(of peer: Peer, at now: Instant) -> ReplicaStatus.PeerStatus {
        ReplicaStatus.PeerStatus(
            name: peer.name,
            isMember: view?.members.contains { $0.name == peer.name } ?? false,
            lastHeard: peer.lastHeard.map { now - $0 }, matchIndex: peer.match,
            lag: peer.match.map { log.lastIndex - min($0, log.lastIndex) },
            lease: remaining(peer.leaseUntil, at: now),
            readLease: remaining(peer.readGrantUntil, at: now))
    }

    private func status(of lessee: Lessee, at now: Instant) -> ReplicaStatus.LesseeStatus {
        ReplicaStatus.LesseeStatus(
            name: lessee.name, lease: remaining(lessee.until, at: now),
            unanswered: lessee.unansweredSince.map { now - $0 })
    }

    private func waitsFor(at now: Instant) -> String? {
        if isDiverged {
            return "its data directory to be removed: a view was forced, or it is another store's"
        }
        if isDiskFailing { return "its disk: the log cannot be written" }
        if isStateFailing { return "its disk: the state cannot be written" }
        if isUnreached {
            return "requests: others answer it, and none gets here (nginx, its socket)"
        }
        guard let view else { return "a view of the group" }
        switch role {
        case .joining where view.primary.name == member.name:
            return
                """
                another replica to make a view: it was the primary, with a data directory that is \
                gone
                """
        case .joining: return "\(view.primary.name), the primary, to bring it level"
        case .backup where view.primary == member: return "the view register"
        case .backup: return campaign == nil ? nil : "the view register"
        case .primary:
            if !isViewDurable { return "its disk" }
            if !isQuiet { return "the leases of an earlier primary to run out" }
            if log.appliedIndex < primary.openingIndex { return "its log to be committed" }
            guard now >= leaseEnd else { return nil }
            let silent = peers.filter { ($0.leaseUntil.map { $0 <= now } ?? true) }.map(\.name.text)
            return "the lease of \(silent.joined(separator: ", "))"
        }
    }
}
