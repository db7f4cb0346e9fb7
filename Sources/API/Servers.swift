/// The three kinds of server.
public enum ServerKind: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Answers clients, and keeps the cache.
    case frontEnd = "frontEndServer"
    /// Holds the books and the record of sales.
    case catalog = "catalogServer"
    /// Holds the orders.
    case order = "orderServer"

    /// Kinds in the order in which the configuration lists them.
    public static func < (one: ServerKind, other: ServerKind) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .frontEnd: 0
        case .catalog: 1
        case .order: 2
        }
    }
}

/// A server's name: its kind and its number, `catalogServer1`.
public struct ServerID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// What the server does.
    public let kind: ServerKind
    /// Tells servers of one kind apart; 1 to `maximumNumber`, gaps are allowed.
    public let number: Int

    /// The highest number that a server can have.
    public static let maximumNumber = 999

    /// A server of a kind, with a number that is known to be in range.
    public init(_ kind: ServerKind, _ number: Int) {
        self.kind = kind
        self.number = number
    }

    /// Reads a name whatever its case; a missing number means 1. Nil where it is no server's name.
    public init?(parsing name: String) {
        let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
        let letters = name.dropLast(digits).lowercased()
        guard let kind = ServerKind.allCases.first(where: { $0.rawValue.lowercased() == letters })
        else { return nil }
        guard digits > 0 else {
            self.init(kind, 1)
            return
        }
        guard let number = Int(name.suffix(digits)), (1...ServerID.maximumNumber) ~= number,
            name.suffix(digits).first != "0"
        else { return nil }
        self.init(kind, number)
    }

    /// The name as it is written everywhere: `frontEndServer1`.
    public var name: String { "\(kind.rawValue)\(number)" }

    /// The name.
    public var description: String { name }

    /// By kind, then by number.
    public static func < (one: ServerID, other: ServerID) -> Bool {
        (one.kind, one.number) < (other.kind, other.number)
    }
}
