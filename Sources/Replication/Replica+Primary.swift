import MonotonicTime

// What a primary does with operations: batches, updates to the backups.
extension Replica {
    /// Takes in clients' operations, or turns them down.
    mutating func enqueue(_ proposals: [Proposal]) {
        for proposal in proposals {
            if let rejection = rejection() {
                effects.append(.reject(proposal.ticket, rejection))
            } else {
                primary.queue.append(proposal)
            }
        }
    }

    /// Why an operation cannot be logged now; nil where it can.
    private func rejection() -> Rejection? {
        guard role == .primary else { return .notPrimary(primary: knownPrimary) }
        guard isOpen else { return .notReady }
        guard holdsLease else { return .noLease }
        guard canWrite else { return .diskFailure }
        guard primary.queue.count < configuration.maximumQueue else { return .overloaded }
        return nil
    }

    /// The server that operations should be sent to, where one is known.
    var knownPrimary: ServerName? {
        if let view { return view.primary.name }
        return configuration.acceptors.isEmpty ? configuration.replicas[0] : nil
    }

    /// Makes what waits the next batch, where no write is under way: one write to the disk, one
    /// update, one invalidation, whatever its size. It overlaps with the invalidation and the
    /// applying of the batch before.
    mutating func formBatch() {
        guard append == nil, !primary.queue.isEmpty, let view, isViewDurable else { return }
        if let rejection = rejection(), rejection != .overloaded {
            for proposal in primary.queue { effects.append(.reject(proposal.ticket, rejection)) }
            primary.queue = []
            return
        }
        var count = 0
        var bytes = 0
        while count < primary.queue.count, count < configuration.maximumBatchEntries {
            let proposal = primary.queue[count]
            bytes += proposal.payload.count
            if bytes > configuration.maximumBatchBytes, count > 0 { break }
            let entry = Entry(
                index: log.lastIndex + 1, view: view.number, keys: proposal.keys,
                payload: proposal.payload)
            log.append(entry)
            primary.tickets[entry.index] = proposal.ticket
            count += 1
        }
        primary.queue.removeFirst(count)
    }

    /// Sends every peer that records what this primary logs what it lacks.
    mutating func replicate() {
        guard let view, isViewDurable else { return }
        for index in peers.indices where peers[index].next != nil {
            sendUpdate(to: index, view: view)
        }
    }

    private mutating func sendUpdate(to index: Int, view: View) {
        let peer = peers[index]
        guard let next = peer.next, peer.update == nil, peer.load == nil else { return }
        if let after = peer.updateAfter, now < after { return }
        let hasEntries = next <= log.lastIndex
        // That something is committed waits for the next tick, as there may be entries to go with
        // it.
        let hasNews = peer.sentCommit < log.appliedIndex && isTicking
        guard hasEntries || hasNews || peer.match == nil else { return }
        guard next - 1 >= log.base.index, let previousView = log.view(at: next - 1) else {
            return load(for: index, from: next, view: view)
        }
        let entries = log.slice(
            after: next - 1, through: log.lastIndex,
            maximumEntries: configuration.maximumUpdateEntries,
            maximumBytes: configuration.maximumBatchBytes)
        send(
            entries, behind: LogPosition(index: next - 1, view: previousView), to: index, view: view
        )
    }

    mutating func send(
        _ entries: [Entry], behind previous: LogPosition, to index: Int, view: View
    ) {
        let id = RequestID(fresh())
        peers[index].update = id
        peers[index].updateSince = peers[index].updateSince ?? now
        peers[index].sentCommit = log.appliedIndex
        outstanding[id] = .update(to: peers[index].name, view: view.number, behind: previous)
        // What is committed but not applied here is not told: a backup that applied it sooner would
        // show what this primary does not show yet.
        let update = Update(
            view: view, previous: previous, entries: entries, commitIndex: log.appliedIndex)
        effects.append(
            .request(
                id, to: peers[index].name, .update(update), timeout: configuration.messageTimeout))
    }

    /// Asks the disk for entries that a peer lacks and memory no longer has, and for the one
    /// before them; where the disk has no longer either, the peer needs a snapshot.
    private mutating func load(for index: Int, from next: LogIndex, view: View) {
        guard next > 1 ? log.holds(next - 1) : log.diskFirst == 1 else {
            peers[index].forgetReplication()
            peers[index].guidance = .fetchSnapshot
            return
        }
        let token = Token(fresh())
        peers[index].load = token
        loads[token] = Load(peer: peers[index].name, view: view.number)
        let first = max(1, next - 1)
        let last = min(
            durableIndex, first + UInt64(configuration.maximumUpdateEntries))
        guard first <= last else { return }
        effects.append(.load(token, first...last))
    }

    mutating func finishLoad(_ token: Token, _ entries: [Entry]) {
        guard let load = loads.removeValue(forKey: token), let index = peerIndex(load.peer),
            peers[index].load == token
        else { return }
        peers[index].load = nil
        guard role == .primary, let view, view.number == load.view, let next = peers[index].next,
            let first = entries.first
        else { return }
        // Entries above what is durable may have been cut since; those below never change while
        // this replica is the primary.
        if next == 1, first.index == 1 {
            send(entries, behind: .origin, to: index, view: view)
        } else if first.index == next - 1, entries.count > 1 {
            send(Array(entries.dropFirst()), behind: first.position, to: index, view: view)
        }
    }

    /// Entries that a peer lacks could not be read; it is tried again, though not at once.
    mutating func failLoad(_ token: Token) {
        guard let load = loads.removeValue(forKey: token), let index = peerIndex(load.peer),
            peers[index].load == token
        else { return }
        peers[index].load = nil
        peers[index].updateAfter = now + configuration.tickInterval
    }

    /// A peer has answered an update.
    mutating func receive(
        _ reply: UpdateReply, from index: Int, id: RequestID, view number: ViewNumber,
        behind previous: LogPosition
    ) {
        if peers[index].update == id {
            peers[index].update = nil
            peers[index].updateSince = nil
            peers[index].updateAfter = nil
        }
        guard role == .primary, let view, view.number == number,
            reply.sender.name == peers[index].name, peers[index].next != nil
        else { return }
        switch reply.outcome {
        case .durable(let end) where reply.view?.number == number:
            guard end <= log.lastIndex else { return }
            peers[index].match = max(peers[index].match ?? 0, end)
            peers[index].next = max(peers[index].next ?? 0, end + 1)
        case .mismatch(let committed) where reply.view?.number == number:
            // What it answered before may be cut off: a snapshot that it was sent is older.
            peers[index].match = nil
            // All that is committed agrees, so that is where to begin.
            if committed.index + 1 == peers[index].next {
                isolate(index, at: committed, behind: previous)
            } else {
                peers[index].next = committed.index + 1
            }
        case .durable, .mismatch, .busy, .refused:
            peers[index].updateAfter = now + configuration.tickInterval
        }
    }

    /// A peer's committed log does not end in this log. That of a member always does; where it
    /// does not, the view was forced, or this primary's log begins later.
    /// - Parameter previous: the place behind which the update began that it refused; it came from
    ///   the disk where memory no longer has it.
    private mutating func isolate(
        _ index: Int, at committed: LogPosition, behind previous: LogPosition
    ) {
        peers[index].forgetReplication()
        let known =
            previous.index == committed.index ? previous.view : log.view(at: committed.index)
        let isMissing = committed.index > log.lastIndex
        peers[index].guidance =
            isMissing || (known != nil && known != committed.view) ? .diverged : .fetchSnapshot
        peers[index].isolatedAt = committed
    }
}
