/// What happened, as the host tells the engine.
public enum Event: Sendable {
    /// `Configuration.tickInterval` has passed since the last one. Before the first event of a
    /// start, and after any pause, an early tick does no harm.
    case tick
    /// Clients want these operations done, in this order.
    case propose([Proposal])

    /// The entries of an `append` are durable, and what it cut off is gone.
    case appended(Token)
    /// The append was not carried out, and nothing of it is known to be on the disk or not.
    case appendFailed(Token)
    /// The state of a `persist` is durable.
    case persisted(Token)
    /// The state of a `persist` may not be durable.
    case persistFailed(Token)
    /// The state machine has applied every entry up to the index.
    case applied(through: LogIndex)
    /// The state machine cannot apply what it was given, for now: the host goes on trying.
    case applyFailed
    /// The applied state is itself durable up to the index: the log up to there may go.
    case stateDurable(through: LogIndex)
    /// The entries that a `load` asked for: a run from its first index, at least one entry.
    case loaded(Token, [Entry])
    /// The entries could not be read.
    case loadFailed(Token)

    /// Another server's request; the answer is a `reply` with the same id, now or later, or never
    /// where it cannot be answered in time.
    case request(ExchangeID, from: ServerName, Message)
    /// The answer to a `request`.
    case response(RequestID, Message)
    /// A `request` got no answer in its time, or one that was none.
    case failed(RequestID)
    /// The front end has dropped the keys of an `invalidate`.
    case invalidated(RequestID)
    /// The front end did not answer in time.
    case invalidationFailed(RequestID)

    /// A snapshot is complete in a place of its own, and not yet the state.
    case snapshotFetched(attempt: UInt64, LogPosition)
    /// The snapshot could not be had.
    case snapshotFailed(attempt: UInt64)
    /// The snapshot has become the state, durably, and the log on disk is empty and begins behind
    /// its position: both in one transaction.
    case snapshotInstalled(attempt: UInt64, LogPosition)

    /// The server has been told to stop, and will soon not be reached: it asks for no lease any
    /// more and proposes nothing, so that another one takes its place while it ends.
    case stopping

    /// An administrator's command; the outcome is an `administered` with the same ticket.
    case administer(Ticket, Command)
}

/// What an administrator may ask of a replica.
public enum Command: Hashable, Sendable {
    /// Make this replica the sole member, whoever was one: where the members are gone for good.
    /// What only they had is lost.
    case forceView
    /// Add a server to the acceptors of the register, or remove one.
    case addAcceptor(ServerName)
    /// Remove a server from the acceptors of the register.
    case removeAcceptor(ServerName)
}

/// What became of a command.
public enum CommandOutcome: Hashable, Sendable {
    /// It was done.
    case done
    /// It was not, for the reason given; it may be tried again.
    case refused(String)
}
