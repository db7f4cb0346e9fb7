/// The rules outside the engine that the simulator can leave out: those of caches and of hosts.
package enum HostMutation: String, CaseIterable, Sendable {
    /// An answer that was on its way during an invalidation is stored.
    case fillStoredAfterInvalidation
    /// An answer that was asked for under one lease is stored under the next.
    case fillStoredAcrossLeases
    /// A cache is kept when its lease has lapsed.
    case cacheKeptOverLapsedLease
    /// A cache is kept when the view changes.
    case cacheKeptAcrossViews
    /// A cache lease is counted from its answer.
    case cacheLeaseCountedFromAnswer
    /// An answer that was read beside an uncommitted entry is stored.
    case uncommittedAnswerStored
    /// An acceptor answers before its promise is durable.
    case promiseNotDurable
    /// The primary remembers keys for itself, and not in the replicated state.
    case keysNotReplicated

    static let ofCaches: [HostMutation] = [
        .fillStoredAfterInvalidation, .fillStoredAcrossLeases, .cacheKeptOverLapsedLease,
        .cacheKeptAcrossViews, .cacheLeaseCountedFromAnswer, .uncommittedAnswerStored,
    ]
}
