import MonotonicTime

@testable import Replication

/// A group of replicas and a front end on which a transcript is played: every message is delivered
/// at once and in order, every disk is done at once, unless the transcript says otherwise. Time
/// passes only by `advance`.
struct Stage {
    /// What a server's disk holds.
    struct Disk {
        var identity: StoreIdentity
        var state: [UInt8]?
        var log: [Entry] = []
        var applied = LogPosition.origin
        var first: LogIndex = 1
        var acceptor = AcceptorState()
    }

    /// A message that is to be delivered, or the news that it was lost.
    struct Delivery {
        var to: ServerName
        var start: UInt64
        var event: Event
    }

    /// A request that waits for its answer.
    struct Exchange {
        var asker: ServerName
        var start: UInt64
        var id: RequestID
        var sent: Int64
    }

    var names: [ServerName] = []
    var acceptors: [ServerName] = []
    var front: Front?
    var retained: UInt64 = 100_000
    var time: Int64 = 1_000_000_000
    var replicas: [ServerName: Replica] = [:]
    var disks: [ServerName: Disk] = [:]
    var starts: [ServerName: UInt64] = [:]
    var lastSeed: UInt64 = 0
    var cuts: Set<[ServerName]> = []
    /// Servers to which no request gets, though what they ask is answered.
    var unreached: Set<ServerName> = []
    var frozen: Set<ServerName> = []
    var heldDisks: Set<ServerName> = []
    var heldWrites: [ServerName: [Effect]] = [:]
    var fullDisks: Set<ServerName> = []
    /// Those whose state cannot be written, and what they have not applied because of that.
    var fullStates: Set<ServerName> = []
    var unapplied: [ServerName: [CommittedEntry]] = [:]
    /// Those whose state hangs: what they are to apply is neither applied nor refused.
    var heldStates: Set<ServerName> = []
    var running: Set<ServerName> = []
    var holdsVotes = false
    var heldVotes: [Delivery] = []
    var deliveries: [Delivery] = []
    var waitingForThaw: [ServerName: [Delivery]] = [:]
    var exchanges: [UInt64: Exchange] = [:]
    var lastExchange: UInt64 = 0
    var snapshots: [ServerName: [UInt64: LogPosition]] = [:]
    var tickets: [UInt64: String] = [:]
    var showsMessages = false
    var lines: [String] = []

    var now: Instant { Instant(nanoseconds: time) }

    mutating func say(_ line: String) { lines.append(line) }

    // MARK: Servers

    mutating func start(_ name: ServerName) throws {
        lastSeed += 1
        starts[name, default: 0] += 1
        let disk = disks[name] ?? freshDisk()
        disks[name] = disk
        running.insert(name)
        guard names.contains(name) else { return }
        var configuration = Configuration(
            group: "catalog", name: name, replicas: names, acceptors: acceptors,
            lessees: front.map { [$0.name] } ?? [])
        configuration.tailEntries = 2
        configuration.restoredView = 1000
        configuration.retainedEntries = retained
        replicas[name] = try Replica(
            configuration: configuration,
            restoring: Restored(
                identity: disk.identity, state: disk.state, firstIndex: disk.first,
                applied: disk.applied, tail: disk.log.filter { $0.index > disk.applied.index }),
            at: now, seed: lastSeed)
        handle(.tick, at: name)
    }

    mutating func freshDisk() -> Disk {
        lastSeed += 1
        return Disk(identity: StoreIdentity(lastSeed))
    }

    mutating func kill(_ name: ServerName) {
        replicas[name] = nil
        running.remove(name)
        starts[name, default: 0] += 1
        heldWrites[name] = nil
        unapplied[name] = nil
        heldDisks.remove(name)
        heldStates.remove(name)
        waitingForThaw[name] = nil
        frozen.remove(name)
    }

    /// Tells a replica what happened, and carries out what it wants done.
    mutating func handle(_ event: Event, at name: ServerName) {
        guard var replica = replicas[name] else { return }
        let effects = replica.handle(event, at: now)
        replicas[name] = replica
        for effect in effects { carryOut(effect, of: name) }
    }

    private mutating func carryOut(_ effect: Effect, of name: ServerName) {
        switch effect {
        case .append, .persist:
            if heldDisks.contains(name) {
                heldWrites[name, default: []].append(effect)
            } else {
                write(effect, of: name)
            }
        case .apply(let entries): apply(entries, at: name)
        case .load(let token, let range):
            let entries = disks[name]?.log.filter { range.contains($0.index) } ?? []
            queue(entries.isEmpty ? .loadFailed(token) : .loaded(token, entries), to: name)
        case .trimLog(let index):
            disks[name]?.log.removeAll { $0.index <= index }
            disks[name]?.first = index + 1
        case .reject(let ticket, let reason):
            say("\(name) rejects \(tickets[ticket.number] ?? "?"): \(reason)")
        case .abandon(let ticket):
            say("\(name) will not learn what became of \(tickets[ticket.number] ?? "?")")
        case .request(let id, let target, let message, _):
            request(id, from: name, to: target, message)
        case .reply(let exchange, let message): reply(message, to: exchange, from: name)
        case .invalidate(let id, let target, let keys, _):
            invalidate(id, from: name, at: target, keys)
        case .fetchSnapshot(let attempt, let source):
            say("\(name) fetches a snapshot from \(source), attempt \(attempt)")
            snapshots[name, default: [:]][attempt] = disks[source]?.applied
        case .installSnapshot(let attempt, let position):
            say("\(name) installs the snapshot of attempt \(attempt), at \(position)")
            disks[name]?.log = []
            disks[name]?.first = position.index + 1
            disks[name]?.applied = position
            queue(.snapshotInstalled(attempt: attempt, position), to: name)
        case .discardSnapshot(let attempt):
            say("\(name) throws the snapshot of attempt \(attempt) away")
        case .administered(_, .done): say("\(name): the administrator's command is done")
        case .administered(_, .refused(let why)): say("\(name) refuses the command: \(why)")
        case .note(let notice): say("\(name): \(notice)")
        }
    }

    mutating func write(_ effect: Effect, of name: ServerName) {
        let isFull = fullDisks.contains(name)
        switch effect {
        case .append(let token, let entries, let cut):
            guard !isFull else { return queue(.appendFailed(token), to: name) }
            if let cut { disks[name]?.log.removeAll { $0.index >= cut } }
            disks[name]?.log += entries
            queue(.appended(token), to: name)
        case .persist(let token, let bytes):
            guard !isFull else { return queue(.persistFailed(token), to: name) }
            disks[name]?.state = bytes
            queue(.persisted(token), to: name)
        default: break
        }
    }

    mutating func apply(_ entries: [CommittedEntry], at name: ServerName) {
        if heldStates.contains(name) {
            unapplied[name, default: []] += entries
            return
        }
        guard !fullStates.contains(name) else {
            unapplied[name, default: []] += entries
            return queue(.applyFailed, to: name)
        }
        for committed in entries { disks[name]?.applied = committed.entry.position }
        if entries.count > 8, let first = entries.first, let last = entries.last {
            say("\(name) applies \(first.entry.position) to \(last.entry.position)")
        } else {
            for committed in entries {
                let buy = committed.ticket.flatMap { tickets[$0.number] }
                let answer = buy.map { ", and answers \($0)" } ?? ""
                say("\(name) applies \(committed.entry.position)\(answer)")
            }
        }
        if let last = entries.last { queue(.applied(through: last.entry.index), to: name) }
    }

    // MARK: Messages

    mutating func queue(_ event: Event, to name: ServerName) {
        deliveries.append(Delivery(to: name, start: starts[name] ?? 0, event: event))
    }

    private func reaches(_ from: ServerName, _ to: ServerName) -> Bool {
        from == to || !cuts.contains([from, to])
    }

    /// Whether a request of one server gets to another.
    private func asks(_ from: ServerName, _ to: ServerName) -> Bool {
        reaches(from, to) && (from == to || !unreached.contains(to))
    }

    private mutating func request(
        _ id: RequestID, from: ServerName, to: ServerName, _ message: Message
    ) {
        if showsMessages, let text = Wording.request(message) { say("\(from) -> \(to): \(text)") }
        guard asks(from, to), running.contains(to) else { return queue(.failed(id), to: from) }
        lastExchange += 1
        exchanges[lastExchange] = Exchange(
            asker: from, start: starts[from] ?? 0, id: id, sent: time)
        if case .register(let request) = message {
            vote(request, at: to, exchange: lastExchange)
        } else {
            queue(.request(ExchangeID(lastExchange), from: from, message), to: to)
        }
    }

    /// An acceptor votes while its server runs, frozen or not held up by it.
    private mutating func vote(_ request: RegisterRequest, at name: ServerName, exchange: UInt64) {
        guard !frozen.contains(name), let disk = disks[name] else { return }
        var acceptor = Acceptor(
            member: Member(name: name, identity: disk.identity), state: disk.acceptor)
        let answer = acceptor.handle(request)
        disks[name]?.acceptor = acceptor.state
        reply(.registerReply(answer.reply), to: ExchangeID(exchange), from: name)
    }

    mutating func reply(_ message: Message, to id: ExchangeID, from: ServerName) {
        guard let exchange = exchanges.removeValue(forKey: id.number) else { return }
        if exchange.asker == front?.name {
            let now = now
            if case .frontEndReply(let reply) = message, reaches(from, exchange.asker) {
                front?.take(reply, at: now)
            }
            return
        }
        if showsMessages, let text = Wording.answer(message) {
            say("\(from) -> \(exchange.asker): \(text)")
        }
        let isLost = !reaches(from, exchange.asker)
        let delivery = Delivery(
            to: exchange.asker, start: exchange.start,
            event: isLost ? .failed(exchange.id) : .response(exchange.id, message))
        if holdsVotes, case .registerReply = message {
            heldVotes.append(delivery)
        } else {
            deliveries.append(delivery)
        }
    }

    private mutating func invalidate(
        _ id: RequestID, from: ServerName, at name: ServerName, _ keys: [UInt64]
    ) {
        let list = keys.map(String.init).joined(separator: ", ")
        guard asks(from, name), front?.isUp == true else {
            let line = "\(from) asks \(name) to drop \(list), in vain"
            if lines.last != line { say(line) }
            return queue(.invalidationFailed(id), to: from)
        }
        say("\(from) has \(name) drop \(list)")
        queue(.invalidated(id), to: from)
    }

    /// Delivers everything, and what comes of it.
    mutating func settle() {
        var turn = 0
        while !deliveries.isEmpty {
            turn += 1
            precondition(turn < 100_000, "the messages do not end")
            let delivery = deliveries.removeFirst()
            if frozen.contains(delivery.to) {
                waitingForThaw[delivery.to, default: []].append(delivery)
            } else if delivery.start == starts[delivery.to] ?? 0 {
                handle(delivery.event, at: delivery.to)
            }
        }
    }

    /// Lets time pass, in steps of a tick.
    mutating func advance(milliseconds: Int64) {
        for step in 1...max(1, milliseconds / 50) {
            time += 50_000_000
            giveUp()
            for name in names where !frozen.contains(name) { handle(.tick, at: name) }
            settle()
            if step % 4 == 0 { beatFront() }
        }
    }

    /// Ends the requests that are unanswered for as long as a host waits.
    private mutating func giveUp() {
        let late = exchanges.filter { $0.value.sent + 400_000_000 <= time }.keys.sorted()
        for number in late {
            guard let exchange = exchanges.removeValue(forKey: number) else { continue }
            deliveries.append(
                Delivery(
                    to: exchange.asker, start: exchange.start, event: .failed(exchange.id)))
        }
        settle()
    }

    mutating func beatFront() {
        guard let front, front.isUp else { return }
        for name in names where replicas[name] != nil && !frozen.contains(name) {
            guard asks(front.name, name) else { continue }
            lastExchange += 1
            exchanges[lastExchange] = Exchange(
                asker: front.name, start: 0, id: RequestID(lastExchange), sent: time)
            handle(
                .request(
                    ExchangeID(lastExchange), from: front.name,
                    .frontEndHeartbeat(front.heartbeat)), at: name)
        }
        settle()
    }
}

/// The front end of a transcript: what it knows, and until when it has a lease.
struct Front {
    var name: ServerName
    var isUp = true
    var view: ViewNumber = 0
    var leaseEnd = Instant(nanoseconds: .min)

    var heartbeat: FrontEndHeartbeat {
        FrontEndHeartbeat(
            sender: name, incarnation: Incarnation(1), view: view, asksForLease: true)
    }

    mutating func take(_ reply: FrontEndReply, at now: Instant) {
        if let number = reply.view?.number, number > view {
            view = number
            leaseEnd = Instant(nanoseconds: .min)
        }
        if let lease = reply.lease, reply.view?.number == view {
            leaseEnd = max(leaseEnd, now + lease)
        }
    }
}

/// Messages in words.
enum Wording {
    static func request(_ message: Message) -> String? {
        switch message {
        case .update(let update):
            let entries = update.entries.map { "\($0.position)" }.joined(separator: ", ")
            return "update behind \(update.previous): \(entries.isEmpty ? "nothing" : entries); "
                + "committed \(update.commitIndex)"
        case .register(.prepare(let ballot)): return "promise me ballot \(ballot.round)"
        case .register(.accept(let proposal)):
            return "accept \(proposal.value.view) under ballot \(proposal.ballot.round)"
        default: return nil
        }
    }

    static func answer(_ message: Message) -> String? {
        switch message {
        case .updated(let reply):
            switch reply.outcome {
            case .durable(let index): return "durable up to \(index)"
            case .mismatch(let position): return "mismatch, committed up to \(position)"
            case .busy: return "busy"
            case .refused: return "refused, \(reply.view.map { "\($0)" } ?? "no view")"
            }
        case .registerReply(let reply):
            switch reply.outcome {
            case .promised(let ballot, nil): return "promised \(ballot.round), empty"
            case .promised(let ballot, let accepted?):
                return "promised \(ballot.round), accepted \(accepted.value.view)"
            case .accepted(let ballot): return "accepted \(ballot.round)"
            case .rejected(let ballot): return "rejected, promised \(ballot.round)"
            case .inspected: return nil
            }
        default: return nil
        }
    }
}
