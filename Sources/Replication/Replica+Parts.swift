import MonotonicTime

/// What a replica knows of another one.
struct Peer: Sendable {
    let name: ServerName
    /// The data directory that it had when it was last heard of.
    var member: Member?
    /// The newest view that it has said to know.
    var viewNumber: ViewNumber = 0
    /// When anything came from it, a request or an answer.
    var lastHeard: Instant?
    /// How far its log is committed, as it said last.
    var committed = LogPosition.origin

    /// The primary's: until when the peer lets this replica be the primary.
    var leaseUntil: Instant?
    /// The primary's: when the peer last granted that lease.
    var lastGranted: Instant?
    /// The primary's: until when the peer may answer reads.
    var readGrantUntil: Instant?

    /// The primary's: up to where the peer's log agrees and is durable; nil where that is not
    /// known.
    var match: LogIndex?
    /// The primary's: the index of the next entry to send.
    var next: LogIndex?
    /// The update that is under way.
    var update: RequestID?
    /// Since when no update was answered; nil where none is under way.
    var updateSince: Instant?
    /// When an update may be sent again after one failed.
    var updateAfter: Instant?
    /// The commit index that was sent last.
    var sentCommit: LogIndex = 0
    var load: Token?
    /// What it is to do to get level, as the next heartbeat's answer says.
    var guidance = HeartbeatReply.Guidance.none
    /// The end of its committed log that has turned out not to be in this log; the guidance stays
    /// as long as it is that.
    var isolatedAt: LogPosition?

    init(name: ServerName) { self.name = name }

    mutating func forgetReplication() {
        match = nil
        next = nil
        update = nil
        updateSince = nil
        updateAfter = nil
        sentCommit = 0
        load = nil
        guidance = .none
        isolatedAt = nil
    }
}

/// A request that is under way, and what its answer is for.
enum Request: Sendable {
    case update(to: ServerName, view: ViewNumber, behind: LogPosition)
    case heartbeat(to: ServerName, view: ViewNumber, sent: Instant)
    case invalidation(at: ServerName, round: UInt64)
    case register(attempt: UInt64, to: ServerName)
    case registerCheck(to: ServerName)

    /// Who is to answer.
    var receiver: ServerName {
        switch self {
        case .update(let name, _, _), .heartbeat(let name, _, _), .invalidation(let name, _),
            .register(_, let name), .registerCheck(let name):
            name
        }
    }
}

/// Entries on their way from the disk to a peer that lags.
struct Load: Sendable {
    var peer: ServerName
    var view: ViewNumber
}

/// A write of the log that is not reported durable yet.
struct AppendUnderWay: Sendable {
    var token: Token
    /// Up to where the log will be durable by it.
    var through: LogIndex
    /// From where it cuts the disk's log first.
    var cut: LogIndex?
    /// When the host was asked for it.
    var since: Instant
}

/// A front end, and the cache lease that it may hold.
struct Lessee: Sendable {
    let name: ServerName
    /// Until when the primary commits nothing without its answer.
    var until: Instant?
    /// The invalidation that is under way, and since when none was answered.
    var invalidation: RequestID?
    var unansweredSince: Instant?
    /// The last round that it has answered.
    var answeredRound: UInt64 = 0

    init(name: ServerName) { self.name = name }
}

/// An invalidation of a batch at every front end that may cache what it changes.
struct InvalidationRound: Sendable {
    var number: UInt64
    var through: LogIndex
    var keys: [UInt64]
}

/// A server outside the view that commits wait for, so that it gets level.
struct Admission: Sendable {
    var name: ServerName
    /// Until when they do.
    var deadline: Instant
}

/// What only a primary has.
struct PrimaryState: Sendable {
    var queue: [Proposal] = []
    /// Who waits for which entry; looked up, never walked.
    var tickets: [LogIndex: Ticket] = [:]
    /// The end of its log when it took over: it serves nothing before that is applied.
    var openingIndex: LogIndex = 0
    /// Until when leases that an earlier primary granted may run.
    var quietUntil = Instant(nanoseconds: .min)
    /// The servers that have not said yet that they hold no lease of an earlier view.
    var unreleased: [ServerName] = []
    var lessees: [Lessee] = []
    var admission: Admission?
    var admissionAfter = Instant(nanoseconds: .min)
    var round: InvalidationRound?
    var lastRound: UInt64 = 0
    /// What was last invalidated.
    var lastKeys: [UInt64] = []
    var isServingNoted = false
}

/// What only a backup, or a server that joins, has.
struct BackupState: Sendable {
    /// An update that is answered once it is durable here up to an index.
    struct Waiting: Sendable {
        var exchange: ExchangeID
        var through: LogIndex
        var view: ViewNumber
    }

    /// Updates that are remembered to be answered.
    static let waitingLimit = 16

    /// Updates that are not answered yet.
    var waiting: [Waiting] = []
    /// The highest index that was answered as durable to this primary, or might have been.
    var acknowledged: LogIndex = 0
}
