/// What an acceptor remembers.
public struct AcceptorState: Hashable, Sendable {
    /// The highest ballot it has promised.
    public var promised: Ballot?
    /// The last value it has accepted.
    public var accepted: AcceptedValue?

    /// Makes a state; an empty one for an acceptor with an empty disk.
    public init(promised: Ballot? = nil, accepted: AcceptedValue? = nil) {
        self.promised = promised
        self.accepted = accepted
    }
}

/// A voter of the view register: the acceptor of CASPaxos (Rystsov 2018, section 2.1).
///
/// The driver's contract: where `handle` says so, make the state durable before the reply is sent,
/// even if it looks unchanged: an earlier write of it may still be under way. An acceptor that
/// forgets a promise lets two proposers write in turn without seeing each other, which makes two
/// primaries.
public struct Acceptor: Sendable {
    /// The acceptor's server and data directory.
    public let member: Member
    /// What it remembers: durable before any reply that it led to.
    public private(set) var state: AcceptorState

    /// Makes an acceptor of what was durable.
    public init(member: Member, state: AcceptorState) {
        self.member = member
        self.state = state
    }

    /// Answers a request.
    /// - Returns: the reply, and whether the state must be durable before it goes.
    public mutating func handle(_ request: RegisterRequest) -> (
        reply: RegisterReply, mustPersist: Bool
    ) {
        let outcome = step(request)
        let binds =
            switch outcome {
            case .promised, .accepted: true
            case .rejected, .inspected: false
            }
        return (RegisterReply(acceptor: member, outcome: outcome), binds)
    }

    private mutating func step(_ request: RegisterRequest) -> RegisterReply.Outcome {
        switch request {
        case .prepare(let ballot):
            if let promised = state.promised, promised > ballot {
                return .rejected(promised: promised)
            }
            state.promised = ballot
            return .promised(ballot, accepted: state.accepted)
        case .accept(let proposal):
            if let promised = state.promised, promised > proposal.ballot {
                return .rejected(promised: promised)
            }
            state.promised = proposal.ballot
            state.accepted = proposal
            return .accepted(proposal.ballot)
        case .inspect:
            return .inspected(state.accepted)
        }
    }
}
