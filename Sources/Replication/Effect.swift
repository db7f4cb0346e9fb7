public import MonotonicTime

/// What the host does for the engine: in the order given, without waiting for one before the next.
public enum Effect: Sendable {
    /// Write the entries to the log, in one transaction that is durable when it is reported with
    /// `appended`; where `truncatingFrom` is given, first delete every entry from that index on.
    /// Appends are carried out in their order.
    case append(Token, [Entry], truncatingFrom: LogIndex?)
    /// Make these bytes durable in place of the last ones, then report `persisted`.
    case persist(Token, [UInt8])
    /// Apply the entries to the state in order, complete their tickets with the outcomes, then
    /// report `applied`. Several may be under way; they are done in order.
    case apply([CommittedEntry])
    /// Read entries of the log, from the first index up to at most the last, as many as are handy.
    case load(Token, ClosedRange<LogIndex>)
    /// Delete the log up to the index, at leisure.
    case trimLog(through: LogIndex)

    /// The operation was not logged, and has not happened.
    case reject(Ticket, Rejection)
    /// The operation was logged, and this replica will not learn of its outcome: it may happen.
    case abandon(Ticket)

    /// Send a message to a server (this one too, where it is an acceptor) and report its
    /// `response`, or `failed` once the time is up.
    case request(RequestID, to: ServerName, Message, timeout: Instant.Span)
    /// Answer a request.
    case reply(ExchangeID, Message)
    /// Have a front end drop keys: `DELETE /invalidate/{key},{key}…`; report `invalidated` or
    /// `invalidationFailed`. The keys ascend, and none is there twice.
    case invalidate(RequestID, at: ServerName, keys: [UInt64], timeout: Instant.Span)

    /// Fetch a snapshot from a server into a place of its own, in chunks, and give up any earlier
    /// attempt; then report `snapshotFetched` or `snapshotFailed`.
    case fetchSnapshot(attempt: UInt64, from: ServerName)
    /// Make the fetched snapshot the state, and empty the log: then report `snapshotInstalled`, or
    /// `snapshotFailed` where nothing was changed.
    case installSnapshot(attempt: UInt64, LogPosition)
    /// Throw the fetched snapshot away.
    case discardSnapshot(attempt: UInt64)

    /// A command is done or refused.
    case administered(Ticket, CommandOutcome)
    /// Log this, once: something has changed.
    case note(Notice)
}

/// Why an operation was not logged.
public enum Rejection: Hashable, Sendable, CustomStringConvertible {
    /// This replica is not the primary; `primary` is, where one is known.
    case notPrimary(primary: ServerName?)
    /// The primary has just taken over, or restarted, and is not ready.
    case notReady
    /// The primary has not heard from its backups for a lease's length.
    case noLease
    /// More proposals wait than may.
    case overloaded
    /// The log, or the state that it makes, cannot be written.
    case diskFailure

    /// The reason, for a log line or a problem document.
    public var description: String {
        switch self {
        case .notPrimary(let primary):
            primary.map { "the primary is \($0)" } ?? "the group has no primary"
        case .notReady: "the primary is taking over"
        case .noLease: "the primary does not hold its lease"
        case .overloaded: "too many operations wait"
        case .diskFailure: "the disk cannot be written"
        }
    }
}

/// A change that is worth a line in the log.
public enum Notice: Hashable, Sendable, CustomStringConvertible {
    /// This replica has learnt of a view.
    case entered(View, Role)
    /// The primary answers reads and writes from now on.
    case serving(ViewNumber)
    /// The primary has lost its lease, and answers nothing.
    case lostLease(ViewNumber)
    /// A peer does not answer.
    case silent(ServerName)
    /// This replica proposes a view.
    case proposing(View)
    /// A server outside the view is to be brought level.
    case joining(ServerName)
    /// The log cannot be written.
    case diskFailed
    /// The log can be written again.
    case diskRecovered
    /// What is committed cannot be applied.
    case stateFailed
    /// What is committed can be applied again.
    case stateRecovered
    /// This replica's committed log is not a part of the primary's: a view was forced. Its data
    /// directory must be removed before it can join.
    case diverged
    /// The register names other acceptors than the configuration.
    case foreignAcceptors([ServerName])
    /// The register is empty though this replica has been a member.
    case registerLost
    /// An acceptor has come back with an empty disk, and is to be written into the register.
    case acceptorReplaced(ServerName)

    /// The change in a sentence.
    public var description: String {
        switch self {
        case .entered(let view, let role): "entered \(view) as \(role.rawValue)"
        case .serving(let number): "serving as the primary of view \(number)"
        case .lostLease(let number): "lost the lease of view \(number)"
        case .silent(let name): "\(name) does not answer"
        case .proposing(let view): "proposing \(view)"
        case .joining(let name): "bringing \(name) level"
        case .diskFailed: "the log cannot be written"
        case .diskRecovered: "the log can be written again"
        case .stateFailed: "the state cannot be written"
        case .stateRecovered: "the state can be written again"
        case .diverged:
            "the committed log is not a part of the primary's: remove the data directory to rejoin"
        case .foreignAcceptors(let names):
            "the register's acceptors are \(names.map(\.text).joined(separator: ", "))"
        case .registerLost: "the view register is empty, but this replica has been a member"
        case .acceptorReplaced(let name): "\(name) has an empty acceptor: writing its new identity"
        }
    }
}

/// What a replica is in the view that it knows.
public enum Role: String, Hashable, Sendable {
    /// It gives indexes and commits.
    case primary
    /// It records what the primary sends.
    case backup
    /// It is not a member, and is being brought level, or waits to be.
    case joining
}
