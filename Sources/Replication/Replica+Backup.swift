import MonotonicTime

// What a backup does with updates; a server that joins does the same, and only counts less.
extension Replica {
    /// The primary's entries.
    mutating func receive(_ update: Update, from sender: ServerName, exchange: ExchangeID) {
        learn(update.view)
        guard let view, role != .primary,
            (sender == view.primary.name && update.view.number == view.number)
                || (breaks(.oldViewAccepted) && update.view.contains(member))
        else { return reply(to: exchange, .refused) }
        guard !joining.isInstalling, !isDiverged else { return reply(to: exchange, .busy) }
        let previous = update.previous
        // What is committed here agrees with every later primary's log, so it need not be compared;
        // above it, the same place means the same log up to there.
        guard previous.index <= log.lastIndex, agrees(with: previous) else {
            return reply(to: exchange, .mismatch(committed: committedPosition))
        }
        guard record(update.entries) else { return reply(to: exchange, .busy) }
        let matched = previous.index + UInt64(update.entries.count)
        let named = breaks(.commitBeyondMatch) ? log.lastIndex : matched
        commitIndex = max(commitIndex, min(update.commitIndex, named))
        backup.waiting.append(
            BackupState.Waiting(exchange: exchange, through: matched, view: view.number))
        backup.acknowledged = max(backup.acknowledged, matched)
        // A primary waits for one answer at a time: the older ones are of updates that it sent
        // again.
        if backup.waiting.count > BackupState.waitingLimit { backup.waiting.removeFirst() }
    }

    private func agrees(with place: LogPosition) -> Bool {
        if let view = log.view(at: place.index) { return view == place.view }
        // Below what memory has everything is applied, and so committed.
        return place.index <= log.appliedIndex
    }

    /// Adds the entries that the log lacks, and cuts it where it differs. A late copy of an update
    /// has nothing that differs, so it cuts nothing off.
    /// - Returns: false where what is committed differs, which only a forced view can bring about.
    private mutating func record(_ entries: [Entry]) -> Bool {
        for entry in entries {
            if entry.index <= log.lastIndex {
                guard let known = log.view(at: entry.index), known != entry.view else { continue }
                if breaks(.conflictKept) { continue }
                guard entry.index > commitIndex else {
                    diverge()
                    return false
                }
                cutLog(from: entry.index)
            }
            log.append(entry)
        }
        return true
    }

    /// Answers the updates that are durable now; none while what they commit cannot be applied, for
    /// the log would grow without end.
    mutating func acknowledge() {
        guard !backup.waiting.isEmpty else { return }
        var waiting: [BackupState.Waiting] = []
        for update in backup.waiting {
            if update.view != view?.number {
                reply(to: update.exchange, .refused)
            } else if isViewDurable, !isStateFailing,
                update.through <= durableIndex || breaks(.acknowledgeBeforeDurable)
            {
                reply(to: update.exchange, .durable(through: update.through))
            } else {
                waiting.append(update)
            }
        }
        backup.waiting = waiting
    }

    private mutating func reply(to exchange: ExchangeID, _ outcome: UpdateReply.Outcome) {
        effects.append(
            .reply(
                exchange, .updated(UpdateReply(sender: member, view: view, outcome: outcome))))
    }
}
