public import MonotonicTime

/// What a replica is told about its group; the same in all replicas but for `name`.
public struct Configuration: Sendable {
    /// The group: `catalog` or `orders`.
    public var group: String
    /// This replica.
    public var name: ServerName
    /// All replicas of the group, in the order of `config.json`: 1 to 5.
    public var replicas: [ServerName]
    /// The acceptors of the group's view register. With none, there is no register: the first
    /// replica is the sole member for ever, and the others forward to it.
    public var acceptors: [ServerName] = []
    /// The front ends that may hold a cache lease; none for the order group.
    public var lessees: [ServerName] = []
    /// How often heartbeats are sent.
    public var heartbeatInterval: Instant.Span = .milliseconds(200)
    /// How long a lease runs, counted by its holder from the sending of its request.
    public var leaseDuration: Instant.Span = .milliseconds(800)
    /// How much longer than the holder the grantor counts, as a fraction of the duration: it must
    /// exceed twice the drift of any server's clock.
    public var driftMargin = 0.1
    /// How long a peer may leave a request unanswered before it is taken for silent.
    public var silenceTimeout: Instant.Span = .milliseconds(500)
    /// How long the disk may take for one write before it is taken for one that fails.
    public var stallTimeout: Instant.Span { silenceTimeout * 1.5 }
    /// When the host gives up an update, a heartbeat or an invalidation.
    public var messageTimeout: Instant.Span = .milliseconds(400)
    /// The number of the first view of a group that begins with a state from a backup: greater than
    /// any that the store had from which the backup came, for a server of that may come back.
    public var restoredView: ViewNumber = 1
    /// The most entries of a batch.
    public var maximumBatchEntries = 512
    /// The most payload bytes of a batch; a single larger operation is a batch of its own.
    public var maximumBatchBytes = 1 << 20
    /// The most proposals that wait for a batch; what comes beyond is rejected as `overloaded`.
    public var maximumQueue = 4096
    /// The entries that are kept in memory below the applied ones.
    public var tailEntries = 4096
    /// Their bytes: where they have more, fewer of them are kept.
    public var tailBytes = 8 << 20
    /// The entries that are kept on disk for peers that lag, beyond what a restart needs.
    public var retainedEntries: UInt64 = 100_000
    /// Their bytes: where they have more, fewer of them are kept.
    public var retainedBytes = 128 << 20
    /// A rule to break, for the simulator to prove that it notices.
    package var mutation: Mutation?

    /// Makes a configuration with the default times and limits.
    public init(
        group: String, name: ServerName, replicas: [ServerName], acceptors: [ServerName] = [],
        lessees: [ServerName] = []
    ) {
        precondition((1...5).contains(replicas.count), "a group has 1 to 5 replicas")
        precondition(replicas.contains(name), "a replica is one of its group's")
        self.group = group
        self.name = name
        self.replicas = replicas
        self.acceptors = acceptors
        self.lessees = lessees
    }

    /// How exactly the log knows where ``retainedBytes`` begin.
    var milestoneDistance: Int { max(1, retainedBytes / 32) }

    /// How often the host sends `tick`; timers are as exact as this.
    public var tickInterval: Instant.Span { heartbeatInterval * 0.25 }

    /// The most entries of an update: as many as a server may lack that is nearly level, so that
    /// one update closes the gap, and one that lags catches up faster than batches follow.
    var maximumUpdateEntries: Int { max(maximumBatchEntries, 64) }

    /// How long a grantor counts a lease of that length.
    func grantorSpan(_ duration: Instant.Span) -> Instant.Span {
        duration * (1 + driftMargin)
    }
}
