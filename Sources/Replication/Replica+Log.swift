import MonotonicTime

// Writing the log, applying what is committed, and forgetting what is no longer needed.
extension Replica {
    /// Starts the next write of the log, where there is something to write and none is under way.
    mutating func writeLog() {
        // What was written beside a snapshot that is being installed would lie on top of it.
        guard append == nil, durableIndex < log.lastIndex, !joining.isInstalling else { return }
        guard !isDiskFailing || now >= retryDiskAt else { return }
        let entries = log.slice(
            after: durableIndex, through: log.lastIndex, maximumEntries: .max, maximumBytes: .max)
        let token = Token(fresh())
        append = AppendUnderWay(token: token, through: log.lastIndex, cut: cutFrom, since: now)
        effects.append(.append(token, entries, truncatingFrom: cutFrom))
        cutFrom = nil
    }

    mutating func finishAppend(_ token: Token) {
        guard let append, append.token == token else { return }
        self.append = nil
        durableIndex = max(durableIndex, append.through)
        noteDiskWritten()
    }

    /// The log has been written, so it can be.
    mutating func noteDiskWritten() {
        guard isDiskFailing else { return }
        isDiskFailing = false
        effects.append(.note(.diskRecovered))
    }

    mutating func failAppend(_ token: Token) {
        guard let append, append.token == token else { return }
        self.append = nil
        // The disk may hold any part of it, and what it should have cut: the next write cuts both.
        cutFrom = min(cutFrom ?? .max, append.cut ?? .max, durableIndex + 1)
        retryDiskAt = now + configuration.heartbeatInterval
        noteDiskFailing()
    }

    private mutating func noteDiskFailing() {
        guard !isDiskFailing else { return }
        isDiskFailing = true
        effects.append(.note(.diskFailed))
    }

    /// A disk that does not answer fails as one does that says no, until it has answered: otherwise
    /// a primary would keep its lease, and its place, for as long as its disk hangs. At a tick.
    mutating func watchDisk() {
        let limit = configuration.stallTimeout
        if let append, now - append.since > limit { noteDiskFailing() }
        // What a new primary applies before it serves comes in large parts, and so does what a
        // backup applies that was away: each of them may take longer.
        let patience = isOpen ? limit : limit * 10
        if let applyingSince, now - applyingSince > patience { failApplying() }
    }

    /// Cuts off the log from an index on: in memory now, on disk with the next write.
    mutating func cutLog(from index: LogIndex) {
        precondition(index > commitIndex, "a committed entry is never cut off")
        log.truncate(from: index)
        durableIndex = min(durableIndex, index - 1)
        if let through = append?.through { append?.through = min(through, index - 1) }
        cutFrom = min(cutFrom ?? .max, index)
    }

    /// Gives the host what is committed, and durable here, to apply.
    mutating func applyCommitted() {
        let end = min(commitIndex, durableIndex)
        guard appliedThrough < end else { return }
        let entries = log.slice(
            after: appliedThrough, through: end, maximumEntries: .max, maximumBytes: .max)
        appliedThrough = end
        applyingSince = applyingSince ?? now
        effects.append(
            .apply(
                entries.map {
                    CommittedEntry(
                        entry: $0, ticket: primary.tickets.removeValue(forKey: $0.index))
                }))
    }

    mutating func finishApplying(through index: LogIndex) {
        log.markApplied(through: min(index, appliedThrough))
        applyingSince = log.appliedIndex < appliedThrough ? now : nil
        guard isStateFailing else { return }
        isStateFailing = false
        effects.append(.note(.stateRecovered))
    }

    mutating func failApplying() {
        guard !isStateFailing else { return }
        isStateFailing = true
        effects.append(.note(.stateFailed))
    }

    /// Whether this replica can do what a primary is there for. One that cannot write its log or
    /// its state answers no operation, and leaves its place to another.
    var canWrite: Bool {
        !isDiskFailing && (!isStateFailing || breaks(.leaseKeptWithoutState))
    }

    /// Lets go of the log that neither a restart nor a peer that lags a little needs.
    mutating func trimLog(through index: LogIndex) {
        log.compact(
            through: index, keeping: configuration.tailEntries, bytes: configuration.tailBytes)
        // Seldom, and much at once.
        var end = log.surplusEnd(beyond: configuration.retainedBytes, through: index) ?? 0
        let retained = configuration.retainedEntries
        if index > retained, index - retained >= log.diskFirst + retained / 8 {
            end = max(end, index - retained)
        }
        guard log.trim(through: end) else { return }
        effects.append(.trimLog(through: end))
    }

    /// Makes the view durable, in which nothing may be done before it is.
    mutating func persistView() {
        let token = Token(fresh())
        persisting = token
        mustPersistAgain = false
        isViewDurable = breaks(.viewNotDurable)
        if isViewDurable { return }
        effects.append(.persist(token, DurableState(view: view).encoded()))
    }
}
