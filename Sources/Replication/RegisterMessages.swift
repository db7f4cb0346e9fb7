/// The number of an attempt to write the view register: never used twice, for a start of a server
/// uses a round once, and every start has an incarnation of its own.
public struct Ballot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The round; the higher one wins.
    public var round: UInt64
    /// The start of the proposer.
    public var proposer: Incarnation

    /// Makes a ballot.
    public init(round: UInt64, proposer: Incarnation) {
        self.round = round
        self.proposer = proposer
    }

    /// The ballot as `round.proposer`.
    public var description: String { "\(round).\(proposer)" }

    /// Orders by round, then by proposer.
    public static func < (left: Ballot, right: Ballot) -> Bool {
        (left.round, left.proposer.bits) < (right.round, right.proposer.bits)
    }
}

/// What the register holds: the view, and who may vote.
public struct RegisterValue: Hashable, Sendable {
    /// The view.
    public var view: View
    /// The acceptors that vote on the next value, with their data directories' identities.
    public var acceptors: [Member]

    /// Makes a value.
    public init(view: View, acceptors: [Member]) {
        self.view = view
        self.acceptors = acceptors
    }
}

/// A value and the ballot under which an acceptor accepted it.
public struct AcceptedValue: Hashable, Sendable {
    /// The ballot.
    public var ballot: Ballot
    /// The value.
    public var value: RegisterValue

    /// Makes an accepted value.
    public init(ballot: Ballot, value: RegisterValue) {
        self.ballot = ballot
        self.value = value
    }
}

/// What a proposer asks of an acceptor.
public enum RegisterRequest: Hashable, Sendable {
    /// Promise to accept nothing below the ballot, and say what you have accepted.
    case prepare(Ballot)
    /// Accept the value.
    case accept(AcceptedValue)
    /// Say what you have accepted, and promise nothing.
    case inspect
}

/// An acceptor's answer.
public struct RegisterReply: Hashable, Sendable {
    /// What the acceptor did.
    public enum Outcome: Hashable, Sendable {
        /// It has promised the ballot; this is what it had accepted.
        case promised(Ballot, accepted: AcceptedValue?)
        /// It has accepted the value of the ballot.
        case accepted(Ballot)
        /// It has promised a higher ballot, this one.
        case rejected(promised: Ballot)
        /// It has accepted this.
        case inspected(AcceptedValue?)
    }

    /// The acceptor, with the identity of its data directory.
    public var acceptor: Member
    /// What it did.
    public var outcome: Outcome

    /// Makes a reply.
    public init(acceptor: Member, outcome: Outcome) {
        self.acceptor = acceptor
        self.outcome = outcome
    }
}
