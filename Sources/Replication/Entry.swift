/// One operation in the log.
public struct Entry: Hashable, Sendable {
    /// Its place in the log.
    public var index: LogIndex
    /// The view whose primary gave it the index.
    public var view: ViewNumber
    /// What it touches, as reads and invalidations name it: item numbers, as a rule.
    public var keys: [UInt64]
    /// The operation; the engine does not look into it.
    public var payload: [UInt8]

    /// Makes an entry.
    public init(index: LogIndex, view: ViewNumber, keys: [UInt64], payload: [UInt8]) {
        self.index = index
        self.view = view
        self.keys = keys
        self.payload = payload
    }

    /// About the bytes that it takes, in memory and on disk, beyond a few that every entry takes.
    var byteCount: Int { payload.count + keys.count * 8 }

    /// The entry's place.
    public var position: LogPosition { LogPosition(index: index, view: view) }
}

/// An operation that a host wants in the log.
public struct Proposal: Hashable, Sendable {
    /// Comes back with the outcome.
    public var ticket: Ticket
    /// What the operation touches.
    public var keys: [UInt64]
    /// The operation.
    public var payload: [UInt8]

    /// Makes a proposal.
    public init(ticket: Ticket, keys: [UInt64], payload: [UInt8]) {
        self.ticket = ticket
        self.keys = keys
        self.payload = payload
    }
}

/// An entry that is committed, with the ticket of whoever waits for its outcome at this replica.
public struct CommittedEntry: Hashable, Sendable {
    /// The entry.
    public var entry: Entry
    /// The ticket under which this replica's host proposed it, in this start.
    public var ticket: Ticket?

    /// Makes a committed entry.
    public init(entry: Entry, ticket: Ticket?) {
        self.entry = entry
        self.ticket = ticket
    }
}
