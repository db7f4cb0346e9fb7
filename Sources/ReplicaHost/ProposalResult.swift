public import Replication

/// What became of a proposal.
public enum ProposalResult<Outcome: Sendable>: Sendable {
    /// It is committed and applied, and came to this.
    case applied(Outcome)
    /// It was not logged, and has not happened.
    case rejected(Rejection)
    /// It was logged, and its time was over before its outcome was known: it may happen.
    case unknown
}
