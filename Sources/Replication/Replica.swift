public import MonotonicTime

/// One replica of a group: the log, its leases, its view. See `Replication.swift` for the manual.
///
/// A value without I/O: `handle` takes what happened and gives back what is to be done. Not safe
/// to use from two threads at once; the host keeps it behind a lock.
public struct Replica: Sendable {
    /// What the replica was told about its group.
    public let configuration: Configuration
    /// This start of the replica.
    public let incarnation: Incarnation
    /// The replica as a member: its name, and its data directory's identity.
    public let member: Member

    // What has happened, and what is to be done about it.
    var now: Instant
    var effects: [Effect] = []
    /// Whether the event at hand is a tick.
    var isTicking = false
    var random: SplitMix64
    private var lastNumber: UInt64 = 0

    // The view. Invariant: a replica acts in a view only once it is durable here.
    /// The newest view that is known to be decided.
    public internal(set) var view: View?
    var viewSince: Instant
    var persisting: Token?
    var mustPersistAgain = false
    var isViewDurable = true

    // The log. Invariant: log.appliedIndex <= appliedThrough <= commitIndex <= lastIndex, and
    // durableIndex <= lastIndex.
    var log: ReplicaLog
    var durableIndex: LogIndex
    var commitIndex: LogIndex
    /// Up to where entries were given to the host to apply.
    var appliedThrough: LogIndex
    var append: AppendUnderWay?
    /// Since when the host has applied nothing of what it was given; nil where it has applied all.
    var applyingSince: Instant?
    /// From where the disk may hold entries that are no longer in the log.
    var cutFrom: LogIndex?
    var isDiskFailing = false
    /// Whether the host cannot apply what it was given last.
    var isStateFailing = false
    var retryDiskAt: Instant

    /// Whether the server has been told to stop.
    var isStopping = false

    // The other replicas, in the configuration's order, and what goes on with them.
    var peers: [Peer]
    var outstanding: [RequestID: Request] = [:]
    var loads: [Token: Load] = [:]
    var nextHeartbeat: Instant
    /// When another server last answered something.
    var lastAnswered: Instant
    /// When another replica did; nil where none has yet.
    var lastAnsweredByPeer: Instant?
    /// When another server last asked something.
    var lastAsked: Instant

    // Leases.
    /// Until when this replica proposes no view without the view's primary.
    var grantedUntil: Instant
    /// Until when this backup may answer reads, of the view it was granted in.
    var readLeaseUntil: Instant?

    // Roles.
    var primary = PrimaryState()
    var backup = BackupState()
    var joining = JoiningState()
    var isDiverged = false
    var campaign: Campaign?
    /// The highest round of a ballot that this start has used or seen.
    var lastRound: UInt64 = 0
    var command: CommandUnderWay?
    var registerCheck: RegisterCheck

    /// Makes the replica that a start of the server found on its disk.
    /// - Parameters:
    ///   - configuration: the group.
    ///   - restored: what was durable.
    ///   - now: the time on the server's clock.
    ///   - seed: a random number, a new one for every start.
    /// - Throws: where the small state is not one that this module wrote.
    public init(
        configuration: Configuration, restoring restored: Restored, at now: Instant, seed: UInt64
    ) throws(WireError) {
        var random = SplitMix64(seed: seed)
        incarnation = Incarnation(random.next())
        self.random = random
        self.configuration = configuration
        self.now = now
        member = Member(name: configuration.name, identity: restored.identity)
        if let state = restored.state {
            view = try DurableState(decoding: state).view
        }
        viewSince = now
        log = ReplicaLog(
            diskFirst: restored.firstIndex, applied: restored.applied, tail: restored.tail,
            milestoneDistance: configuration.milestoneDistance)
        durableIndex = log.lastIndex
        commitIndex = restored.applied.index
        appliedThrough = restored.applied.index
        retryDiskAt = now
        peers = configuration.replicas.filter { $0 != configuration.name }.map(Peer.init)
        nextHeartbeat = now
        lastAnswered = now
        lastAsked = now
        grantedUntil =
            configuration.mutation == .restartForgetsGrant
            ? now : now + configuration.grantorSpan(configuration.leaseDuration)
        registerCheck = RegisterCheck(at: now)
        primary.lessees = configuration.lessees.map(Lessee.init)
        backup.acknowledged = log.lastIndex
        if let view { meetMembers(of: view) }
        if breaks(.restartKeepsView), let view, view.primary == member {
            self.view?.incarnation = incarnation
            becomePrimary(continuing: false)
        }
    }

    /// Takes in what happened, and adds what is to be done to the effects.
    /// - Parameters:
    ///   - event: what happened.
    ///   - now: the time on the server's clock; a time before the last one counts as the last one.
    ///   - effects: where the host's work is appended, in its order.
    public mutating func handle(
        _ event: Event, at now: Instant, into effects: inout [Effect]
    ) {
        self.now = max(self.now, now)
        isTicking = false
        take(event)
        settle()
        effects.append(contentsOf: self.effects)
        self.effects.removeAll(keepingCapacity: true)
    }

    /// Takes in what happened, and returns what is to be done.
    public mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        handle(event, at: now, into: &effects)
        return effects
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .tick: tick()
        case .propose(let proposals): enqueue(proposals)
        case .appended(let token): finishAppend(token)
        case .appendFailed(let token): failAppend(token)
        case .persisted(let token):
            if token == persisting {
                persisting = nil
                isViewDurable = true
            }
        case .persistFailed(let token):
            // Repeated at the next tick: a full disk is not to make this a busy loop.
            if token == persisting { mustPersistAgain = true }
        case .applied(let index): finishApplying(through: index)
        case .applyFailed: failApplying()
        case .stateDurable(let index): trimLog(through: index)
        case .loaded(let token, let entries): finishLoad(token, entries)
        case .loadFailed(let token): failLoad(token)
        case .request(let exchange, let sender, let message):
            receive(message, from: sender, exchange: exchange)
        case .response(let id, let message): receive(message, answering: id)
        case .failed(let id): fail(id)
        case .invalidated(let id): finishInvalidation(id, succeeded: true)
        case .invalidationFailed(let id): finishInvalidation(id, succeeded: false)
        case .snapshotFetched(let attempt, let position):
            snapshotFetched(attempt: attempt, position)
        case .snapshotFailed(let attempt): snapshotFailed(attempt: attempt)
        case .snapshotInstalled(let attempt, let position):
            snapshotInstalled(attempt: attempt, position)
        case .stopping: isStopping = true
        case .administer(let ticket, let command): administer(ticket, command)
        }
    }

    /// Does whatever has become possible, whichever event made it so.
    private mutating func settle() {
        if role == .primary { formBatch() }
        writeLog()
        if role == .primary {
            replicate()
            advanceCommit()
        }
        applyCommitted()
        acknowledge()
        noteServing()
    }

    /// What this replica is in the view that it knows.
    public var role: Role {
        guard let view else { return .joining }
        if view.primary == member, view.incarnation == incarnation { return .primary }
        return view.contains(member) ? .backup : .joining
    }

    /// A number that this start has not used before.
    mutating func fresh() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Whether the simulator has this rule broken.
    func breaks(_ mutation: Mutation) -> Bool { configuration.mutation == mutation }

    /// Counts every member of a view among the peers, also one that the configuration does not
    /// name: until a view without it is decided it may read, and take over, and nothing commits
    /// without it.
    mutating func meetMembers(of view: View) {
        for other in view.members where other.name != member.name && peerIndex(other.name) == nil {
            peers.append(Peer(name: other.name))
        }
    }

    /// The index in `peers` of a replica, or nil where it is none, or this one.
    func peerIndex(_ name: ServerName) -> Int? { peers.firstIndex { $0.name == name } }
}

/// What a start of a server finds on its disk.
public struct Restored: Sendable {
    /// The identity of the data directory.
    public var identity: StoreIdentity
    /// The bytes of the last `persist` that was reported durable, or of a later one.
    public var state: [UInt8]?
    /// The first index of the log on disk; `applied.index + 1` where it is empty.
    public var firstIndex: LogIndex
    /// Up to where the state has applied the log.
    public var applied: LogPosition
    /// All entries behind that, in order.
    public var tail: [Entry]

    /// Makes what was found; an empty data directory by default.
    public init(
        identity: StoreIdentity, state: [UInt8]? = nil, firstIndex: LogIndex = 1,
        applied: LogPosition = .origin, tail: [Entry] = []
    ) {
        self.identity = identity
        self.state = state
        self.firstIndex = firstIndex
        self.applied = applied
        self.tail = tail
    }
}

/// Steele, Lea and Flood's generator: small, seeded, and the same everywhere.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
