import MonotonicTime

// The clock's beat, and what servers tell each other with it.
extension Replica {
    /// The time to look at what has run out.
    mutating func tick() {
        isTicking = true
        if mustPersistAgain { persistView() }
        watchDisk()
        pursueViews()
        pursueJoining()
        repeatInvalidations()
        if now >= nextHeartbeat {
            nextHeartbeat = now + configuration.heartbeatInterval
            sendHeartbeats()
        }
    }

    /// Sends every other replica a heartbeat.
    mutating func sendHeartbeats() {
        for peer in peers {
            let id = RequestID(fresh())
            outstanding[id] = .heartbeat(to: peer.name, view: view?.number ?? 0, sent: now)
            effects.append(
                .request(
                    id, to: peer.name, .heartbeat(heartbeat(for: peer)),
                    timeout: configuration.messageTimeout))
        }
    }

    private func heartbeat(for peer: Peer) -> Heartbeat {
        let asks: Bool
        switch role {
        case .primary: asks = wantsLease
        case .backup: asks = isViewDurable && view?.primary.name == peer.name
        case .joining: asks = false
        }
        return Heartbeat(
            sender: member, incarnation: incarnation, view: view, asksForLease: asks,
            committed: committedPosition, lastIndex: log.lastIndex)
    }

    /// Whether this primary should have its lease, rather than another one its place.
    private var wantsLease: Bool {
        // One that hears no answer, but is heard, would be granted its lease for ever in vain.
        guard isViewDurable, !isDeaf, !isUnreached, !isStopping else { return false }
        // Whom a sole member takes in, so that it can go on in its place, must grant one first.
        return canWrite || (!isDiskFailing && view?.members.count == 1)
    }

    /// Whether nothing that this replica asks is answered, by anyone.
    private var isDeaf: Bool {
        now - max(lastAnswered, viewSince) > configuration.silenceTimeout
    }

    /// Whether other replicas answer this one, and yet nobody asks it anything: then requests do
    /// not get here, as where this server's nginx or socket is gone. Clients cannot reach it
    /// either. Not at once: a server that is busy with long requests takes a while to come to the
    /// others.
    var isUnreached: Bool {
        guard let lastAnsweredByPeer, !breaks(.leaseKeptUnreached) else { return false }
        let limit = configuration.silenceTimeout
        return now - lastAnsweredByPeer <= limit && now - max(lastAsked, viewSince) > limit * 2
    }

    /// The place up to which this log is known to be committed, here and now.
    var committedPosition: LogPosition {
        // Not beyond what is applied: the view of an entry below is always in memory.
        let index = log.appliedIndex
        guard let view = log.view(at: index) else { return log.base }
        return LogPosition(index: index, view: view)
    }

    /// Another server's request.
    mutating func receive(_ message: Message, from sender: ServerName, exchange: ExchangeID) {
        lastAsked = now
        switch message {
        case .heartbeat(let heartbeat):
            guard heartbeat.sender.name == sender, let index = peerIndex(sender) else { return }
            effects.append(.reply(exchange, .heartbeatReply(answer(heartbeat, from: index))))
        case .frontEndHeartbeat(let heartbeat):
            guard heartbeat.sender == sender else { return }
            effects.append(.reply(exchange, .frontEndReply(answer(heartbeat))))
        case .update(let update):
            guard peerIndex(sender) != nil else { return }
            receive(update, from: sender, exchange: exchange)
        case .updated, .heartbeatReply, .frontEndReply, .register, .registerReply:
            break  // None of them is a request to a replica; acceptors have their own.
        }
    }

    private mutating func answer(_ heartbeat: Heartbeat, from index: Int) -> HeartbeatReply {
        if let theirs = heartbeat.view { learn(theirs) }
        guard hear(from: index, as: heartbeat.sender) else {
            return HeartbeatReply(sender: member, view: view, lease: nil, guidance: .none)
        }
        peers[index].committed = heartbeat.committed
        if let theirs = heartbeat.view { note(index, knows: theirs.number) }
        var lease: Instant.Span?
        if heartbeat.asksForLease, let view, heartbeat.view?.number == view.number {
            if role == .primary {
                lease = grantReadLease(to: index)
            } else {
                lease = grantPrimaryLease(to: heartbeat.sender, heartbeat.incarnation)
            }
        }
        if role == .primary, heartbeat.view?.number == view?.number { admit(index) }
        return HeartbeatReply(
            sender: member, view: view, lease: lease, guidance: peers[index].guidance)
    }

    private mutating func answer(_ heartbeat: FrontEndHeartbeat) -> FrontEndReply {
        release(heartbeat.sender, knowing: heartbeat.view)
        var lease: Instant.Span?
        if heartbeat.asksForLease, heartbeat.view == view?.number,
            let index = primary.lessees.firstIndex(where: { $0.name == heartbeat.sender })
        {
            lease = grantCacheLease(to: index)
        }
        return FrontEndReply(sender: member, view: view, lease: lease, serves: mayServe)
    }

    /// The answer to a request of this replica.
    mutating func receive(_ message: Message, answering id: RequestID) {
        guard let request = outstanding.removeValue(forKey: id) else { return }
        if request.receiver != member.name { lastAnswered = now }
        switch (request, message) {
        case (.heartbeat(let name, let number, let sent), .heartbeatReply(let reply)):
            guard let index = peerIndex(name), reply.sender.name == name else { return }
            lastAnsweredByPeer = now
            receive(reply, from: index, view: number, sent: sent)
        case (.update(let name, let number, let previous), .updated(let reply)):
            guard let index = peerIndex(name) else { return }
            if let theirs = reply.view { learn(theirs) }
            guard hear(from: index, as: reply.sender) else {
                outstanding[id] = request
                return fail(id)
            }
            if let theirs = reply.view { note(index, knows: theirs.number) }
            receive(reply, from: index, id: id, view: number, behind: previous)
        case (.register(let attempt, let name), .registerReply(let reply)):
            receive(reply, from: name, attempt: attempt)
        case (.registerCheck, .registerReply(let reply)):
            inspect(reply)
        default:
            outstanding[id] = request
            fail(id)
        }
    }

    private mutating func receive(
        _ reply: HeartbeatReply, from index: Int, view number: ViewNumber, sent: Instant
    ) {
        if let theirs = reply.view { learn(theirs) }
        guard hear(from: index, as: reply.sender) else { return }
        if let theirs = reply.view { note(index, knows: theirs.number) }
        guard let view, view.number == number, reply.view?.number == number else { return }
        if let lease = reply.lease {
            let start = breaks(.leaseCountedFromAnswer) ? now : sent
            if role == .primary {
                peers[index].leaseUntil = max(
                    peers[index].leaseUntil ?? start, start + lease)
                peers[index].lastGranted = now
            } else if role == .backup, view.primary.name == peers[index].name {
                readLeaseUntil = max(readLeaseUntil ?? start, start + lease)
            }
        }
        if role == .joining, view.primary.name == peers[index].name {
            follow(reply.guidance, of: peers[index].name)
        }
    }

    /// A request of this replica got no answer.
    mutating func fail(_ id: RequestID) {
        guard let request = outstanding.removeValue(forKey: id) else { return }
        switch request {
        case .update(let name, _, _):
            guard let index = peerIndex(name) else { return }
            if peers[index].update == id {
                // `updateSince` stays: the peer is silent until it answers an update.
                peers[index].update = nil
                peers[index].updateAfter = now + configuration.tickInterval
            }
        case .heartbeat:
            break  // It is the leases' running out that counts.
        case .invalidation:
            outstanding[id] = request
            finishInvalidation(id, succeeded: false)
        case .register, .registerCheck:
            break  // The attempt has its own time.
        }
    }

    /// Takes note of a sign of life.
    /// - Returns: whether what it says counts. Where the view has a member of that name, only that
    ///   member speaks for it: another data directory is a newer one, which must wait until the
    ///   member is out of the view, or an older one, of which a late message has come.
    private mutating func hear(from index: Int, as sender: Member) -> Bool {
        guard speaksForItself(sender) else { return false }
        peers[index].lastHeard = now
        guard peers[index].member != sender else { return true }
        // It has another data directory: nothing that it has answered holds any longer.
        if peers[index].member != nil {
            peers[index].leaseUntil = nil
            peers[index].forgetReplication()
        }
        peers[index].member = sender
        return true
    }

    private mutating func note(_ index: Int, knows number: ViewNumber) {
        peers[index].viewNumber = max(peers[index].viewNumber, number)
        release(peers[index].name, knowing: number)
    }
}
