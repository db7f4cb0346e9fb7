public import MonotonicTime

/// What replicas, front ends and acceptors say to each other: the body of a request or its answer.
///
/// Every message is harmless when repeated, late or out of order.
public enum Message: Hashable, Sendable {
    /// Primary to backup: entries, and how far the log is committed. `PUT /update`.
    case update(Update)
    /// The answer to `update`.
    case updated(UpdateReply)
    /// Replica to replica. `PUT /heartbeat`.
    case heartbeat(Heartbeat)
    /// The answer to `heartbeat`.
    case heartbeatReply(HeartbeatReply)
    /// Front end to replica. `PUT /heartbeat`.
    case frontEndHeartbeat(FrontEndHeartbeat)
    /// The answer to `frontEndHeartbeat`.
    case frontEndReply(FrontEndReply)
    /// Replica to acceptor. `PUT /register/{group}`.
    case register(RegisterRequest)
    /// The answer to `register`.
    case registerReply(RegisterReply)

    /// The route of the request that carries the message, below the server's address.
    public func path(group: String) -> String {
        switch self {
        case .update, .updated: "/update"
        case .heartbeat, .heartbeatReply, .frontEndHeartbeat, .frontEndReply: "/heartbeat"
        case .register, .registerReply: "/register/\(group)"
        }
    }
}

/// Entries of the primary's log for a backup, or a server that joins.
public struct Update: Hashable, Sendable {
    /// The view in which the sender is the primary.
    public var view: View
    /// The place before the first entry.
    public var previous: LogPosition
    /// The entries, without a gap; none where only the commit index is news.
    public var entries: [Entry]
    /// How far the log is committed.
    public var commitIndex: LogIndex

    /// Makes an update.
    public init(
        view: View, previous: LogPosition, entries: [Entry], commitIndex: LogIndex
    ) {
        self.view = view
        self.previous = previous
        self.entries = entries
        self.commitIndex = commitIndex
    }
}

/// The answer to an `Update`.
public struct UpdateReply: Hashable, Sendable {
    /// What the receiver did.
    public enum Outcome: Hashable, Sendable {
        /// Its log agrees with the sender's up to the index, and is durable up to there.
        case durable(through: LogIndex)
        /// Its log does not hold the place before the first entry; it is committed up to here.
        case mismatch(committed: LogPosition)
        /// It can record nothing at present: a snapshot is being installed, or its log has turned
        /// out not to be a part of the sender's.
        case busy
        /// The sender's view is not the current one.
        case refused
    }

    /// The receiver, with the identity of its data directory.
    public var sender: Member
    /// The newest view it knows.
    public var view: View?
    /// What it did.
    public var outcome: Outcome

    /// Makes a reply.
    public init(sender: Member, view: View?, outcome: Outcome) {
        self.sender = sender
        self.view = view
        self.outcome = outcome
    }
}

/// What a replica says to every other, every `heartbeatInterval`.
public struct Heartbeat: Hashable, Sendable {
    /// The sender, with the identity of its data directory.
    public var sender: Member
    /// Its start.
    public var incarnation: Incarnation
    /// The newest view that it knows.
    public var view: View?
    /// Whether it asks for a lease: the primary for its own, a backup for a read lease.
    public var asksForLease: Bool
    /// How far its log is committed.
    public var committed: LogPosition
    /// The end of its log.
    public var lastIndex: LogIndex

    /// Makes a heartbeat.
    public init(
        sender: Member, incarnation: Incarnation, view: View?, asksForLease: Bool,
        committed: LogPosition, lastIndex: LogIndex
    ) {
        self.sender = sender
        self.incarnation = incarnation
        self.view = view
        self.asksForLease = asksForLease
        self.committed = committed
        self.lastIndex = lastIndex
    }
}

/// The answer to a `Heartbeat`.
public struct HeartbeatReply: Hashable, Sendable {
    /// What a server outside the view is to do to get level.
    public enum Guidance: UInt8, Hashable, Sendable {
        /// Nothing: updates will come.
        case none
        /// The log it lacks is gone: fetch a snapshot from the sender.
        case fetchSnapshot
        /// Its committed log is not a part of the sender's.
        case diverged
    }

    /// The answering replica.
    public var sender: Member
    /// The newest view that it knows.
    public var view: View?
    /// The lease that it grants in that view, counted by the holder from the sending of the
    /// request.
    public var lease: Instant.Span?
    /// What to do to get level.
    public var guidance: Guidance

    /// Makes a reply.
    public init(
        sender: Member, view: View?, lease: Instant.Span?, guidance: Guidance
    ) {
        self.sender = sender
        self.view = view
        self.lease = lease
        self.guidance = guidance
    }
}

/// What a front end says to every replica, every `heartbeatInterval`.
public struct FrontEndHeartbeat: Hashable, Sendable {
    /// The front end.
    public var sender: ServerName
    /// Its start.
    public var incarnation: Incarnation
    /// The newest view of this group that it knows, 0 where it knows none. It says with it: I have
    /// dropped what I cached before this view, and will never again use a lease of an older one.
    public var view: ViewNumber
    /// Whether it wants a cache lease.
    public var asksForLease: Bool

    /// Makes a heartbeat.
    public init(
        sender: ServerName, incarnation: Incarnation, view: ViewNumber, asksForLease: Bool
    ) {
        self.sender = sender
        self.incarnation = incarnation
        self.view = view
        self.asksForLease = asksForLease
    }
}

/// The answer to a `FrontEndHeartbeat`.
public struct FrontEndReply: Hashable, Sendable {
    /// The answering replica.
    public var sender: Member
    /// The newest view that it knows.
    public var view: View?
    /// The cache lease of that view, counted by the front end from the sending of its heartbeat;
    /// from the serving primary alone. To be used only where the view is the newest that the front
    /// end knows; where its last lease had ended, or was of another view, it begins empty.
    public var lease: Instant.Span?
    /// Whether reads may be sent to this replica at present.
    public var serves: Bool

    /// Makes a reply.
    public init(sender: Member, view: View?, lease: Instant.Span?, serves: Bool) {
        self.sender = sender
        self.view = view
        self.lease = lease
        self.serves = serves
    }
}
