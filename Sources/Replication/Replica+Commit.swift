import MonotonicTime

// How a primary commits: durable wherever it must be, then invalidated at every front end that may
// cache it, then applied.
extension Replica {
    /// Up to where every server that has a say has the log durably.
    private func quorumIndex() -> LogIndex {
        var index = durableIndex
        guard let view, !breaks(.commitWithoutBackups) else { return index }
        for peer in peers {
            let isMember = view.members.contains { $0.name == peer.name }
            let isNewcomer =
                !breaks(.newcomerLogLeftOut)
                && campaign?.view?.members.contains { $0.name == peer.name } == true
            let mayRead =
                !breaks(.invalidateBeforeReadLease)
                && (peer.readGrantUntil.map { now < $0 } ?? false)
            let isAdmitted = primary.admission?.name == peer.name
            if isMember || isNewcomer || isAdmitted || mayRead {
                index = min(index, peer.match ?? 0)
            }
        }
        return index
    }

    /// Takes the log as far towards its commit as it will go.
    mutating func advanceCommit() {
        guard isViewDurable else { return }
        // Nobody could see an earlier commit, for nothing is served before; but so a commit always
        // means that no cache holds what it changed.
        guard isQuiet else { return }
        while true {
            if let round = primary.round {
                guard isAnswered(round) else { return }
                primary.round = nil
                // Who has a say may have changed since the round began.
                commitIndex = max(commitIndex, min(round.through, quorumIndex()))
            }
            let end = quorumIndex()
            guard end > commitIndex else { return }
            beginRound(through: end)
        }
    }

    private mutating func beginRound(through end: LogIndex) {
        primary.lastRound += 1
        var keys: [UInt64] = []
        if !primary.lessees.isEmpty, !breaks(.invalidationLeftOut) {
            for index in commitIndex + 1...end { keys.append(contentsOf: log[index].keys) }
            keys.sort()
            keys = keys.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
        }
        let round = InvalidationRound(number: primary.lastRound, through: end, keys: keys)
        primary.round = round
        guard !keys.isEmpty else { return }
        primary.lastKeys = keys
        for index in primary.lessees.indices where mayCache(primary.lessees[index]) {
            invalidate(round, at: index)
        }
    }

    private mutating func invalidate(_ round: InvalidationRound, at index: Int) {
        let id = RequestID(fresh())
        primary.lessees[index].invalidation = id
        if primary.lessees[index].unansweredSince == nil {
            primary.lessees[index].unansweredSince = now
        }
        let name = primary.lessees[index].name
        outstanding[id] = .invalidation(at: name, round: round.number)
        effects.append(
            .invalidate(id, at: name, keys: round.keys, timeout: configuration.messageTimeout))
    }

    /// Whether the front end may cache something now.
    private func mayCache(_ lessee: Lessee) -> Bool { lessee.until.map { now < $0 } ?? false }

    /// Whether every front end has dropped the round's keys, or may no longer use its cache.
    private func isAnswered(_ round: InvalidationRound) -> Bool {
        if round.keys.isEmpty { return true }
        return primary.lessees.allSatisfy {
            $0.answeredRound >= round.number || !mayCache($0)
                || (breaks(.silentFrontEndNotAwaited) && $0.invalidation == nil)
        }
    }

    mutating func finishInvalidation(_ id: RequestID, succeeded: Bool) {
        guard case .invalidation(let name, let number)? = outstanding.removeValue(forKey: id),
            let index = primary.lessees.firstIndex(where: { $0.name == name })
        else { return }
        if succeeded {
            primary.lessees[index].answeredRound = max(primary.lessees[index].answeredRound, number)
        }
        guard primary.lessees[index].invalidation == id else { return }
        primary.lessees[index].invalidation = nil
        if succeeded { primary.lessees[index].unansweredSince = nil }
    }

    /// Repeats, at a tick, the invalidations that failed; and sends them to front ends that have
    /// been granted a lease since the round began, which is more than is needed.
    mutating func repeatInvalidations() {
        guard role == .primary, let round = primary.round, !round.keys.isEmpty else { return }
        for index in primary.lessees.indices {
            let lessee = primary.lessees[index]
            guard lessee.answeredRound < round.number, lessee.invalidation == nil else { continue }
            if mayCache(lessee) { invalidate(round, at: index) }
        }
    }

    /// Finds out whether a front end that asks for a lease answers invalidations again, by sending
    /// it one.
    mutating func probe(_ index: Int) {
        guard primary.lessees[index].invalidation == nil else { return }
        var round = InvalidationRound(
            number: primary.lastRound, through: commitIndex, keys: primary.lastKeys)
        if let current = primary.round, !current.keys.isEmpty { round = current }
        invalidate(round, at: index)
    }
}
