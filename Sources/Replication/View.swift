/// A replica as a member of a view: a server and the data directory that it had.
public struct Member: Hashable, Sendable, CustomStringConvertible {
    /// The server.
    public var name: ServerName
    /// The data directory's identity.
    public var identity: StoreIdentity

    /// Makes a member.
    public init(name: ServerName, identity: StoreIdentity) {
        self.name = name
        self.identity = identity
    }

    /// The server's name.
    public var description: String { name.text }
}

/// Who holds the group's log: a number, the members with the primary first, and the start of the
/// primary for which it was decided.
///
/// Invariant: every view is proposed by the start of the server that is its primary, so that an
/// index is never given twice in one view: a primary that restarts has another incarnation, and
/// cannot act in a view of the one before.
public struct View: Hashable, Sendable, CustomStringConvertible {
    /// The view's number.
    public var number: ViewNumber
    /// The members, primary first; never empty.
    public var members: [Member]
    /// The start of the primary that proposed the view.
    public var incarnation: Incarnation

    /// Makes a view; `members` must not be empty.
    public init(number: ViewNumber, members: [Member], incarnation: Incarnation) {
        precondition(!members.isEmpty, "a view has at least one member")
        self.number = number
        self.members = members
        self.incarnation = incarnation
    }

    /// The member that gives indexes and commits.
    public var primary: Member { members[0] }

    /// Whether a server with that data directory is a member.
    public func contains(_ member: Member) -> Bool { members.contains(member) }

    /// The view as `view 3 [catalogServer1, catalogServer2]`.
    public var description: String {
        "view \(number) [\(members.map(\.name.text).joined(separator: ", "))]"
    }
}
