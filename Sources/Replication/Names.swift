/// The name of a server in `config.json`, such as `catalogServer1`.
public struct ServerName: Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    /// The name as `config.json` has it.
    public let text: String

    /// Makes a name of its text.
    public init(_ text: String) { self.text = text }

    /// Makes a name of a literal.
    public init(stringLiteral text: String) { self.text = text }

    /// The name's text.
    public var description: String { text }

    /// Orders names by their text.
    public static func < (left: ServerName, right: ServerName) -> Bool { left.text < right.text }
}

/// The identity of a data directory: a random number that is written when the directory is made.
///
/// A server that lost its disk has another one, and so is not the member, or the acceptor, it was.
public struct StoreIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The random number.
    public let bits: UInt64

    /// Makes an identity of its bits.
    public init(_ bits: UInt64) { self.bits = bits }

    /// The bits in hexadecimal.
    public var description: String { String(bits, radix: 16) }
}

/// One start of a server's process: drawn at random when it starts, never used again.
public struct Incarnation: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The random number.
    public let bits: UInt64

    /// Makes an incarnation of its bits.
    public init(_ bits: UInt64) { self.bits = bits }

    /// The bits in hexadecimal.
    public var description: String { String(bits, radix: 16) }

    /// An order without meaning; it breaks ties between ballots.
    public static func < (left: Incarnation, right: Incarnation) -> Bool { left.bits < right.bits }
}

/// The number of a view; views are numbered from 1, and 0 means none.
public typealias ViewNumber = UInt64

/// The index of an entry in the log; entries are numbered from 1, and 0 means none.
public typealias LogIndex = UInt64

/// A place in the log: an index, and the view whose primary gave it.
///
/// Two logs that hold the same position agree in everything up to it.
public struct LogPosition: Hashable, Sendable, CustomStringConvertible {
    /// The index.
    public var index: LogIndex
    /// The view of the entry at the index.
    public var view: ViewNumber

    /// Makes a position.
    public init(index: LogIndex, view: ViewNumber) {
        self.index = index
        self.view = view
    }

    /// The place before the first entry.
    public static let origin = LogPosition(index: 0, view: 0)

    /// The position as `index@view`.
    public var description: String { "\(index)@\(view)" }
}

/// The host's name for a proposal, or for an administrator's command: comes back with the outcome.
public struct Ticket: Hashable, Sendable {
    /// The host's number.
    public let number: UInt64

    /// Makes a ticket.
    public init(_ number: UInt64) { self.number = number }
}

/// The engine's name for a disk operation that it asked for: comes back with its completion.
public struct Token: Hashable, Sendable {
    /// A number that is used once in a start.
    public let number: UInt64

    /// Makes a token; the engine does, and tests of hosts.
    public init(_ number: UInt64) { self.number = number }
}

/// The engine's name for a request that it sends: comes back with the response, or the failure.
public struct RequestID: Hashable, Sendable {
    /// A number that is used once in a start.
    public let number: UInt64

    /// Makes an id; the engine does, and tests of hosts.
    public init(_ number: UInt64) { self.number = number }
}

/// The host's name for a request that another server sent: goes back with the reply.
public struct ExchangeID: Hashable, Sendable {
    /// The host's number.
    public let number: UInt64

    /// Makes an id.
    public init(_ number: UInt64) { self.number = number }
}
