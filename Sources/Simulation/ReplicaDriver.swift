import Bookstore
import MonotonicTime
import Replication

/// Runs a replica's engine on the simulated disk, network and clock: what `ReplicaHost` is to the
/// real ones, and the services of a catalog or order server on top.
final class ReplicaDriver {
    unowned let node: Node
    let group: Int
    let disk: ReplicaDisk
    let cluster: Cluster
    /// An order server's way to the catalog.
    let catalog: GroupClient
    private(set) var replica: Replica
    private var isAlive = true
    private var lastID: UInt64 = 0
    private var exchanges: [UInt64: (Message) -> Void] = [:]
    private var tickets: [UInt64: (Committed) -> Void] = [:]
    private var applying: [[CommittedEntry]] = []
    private var snapshot: (attempt: UInt64, state: Machine, position: LogPosition)?
    /// A mutation: outcomes of keys, known to this start alone.
    var unreplicatedKeys: [String: CatalogOutcome] = [:]

    /// What became of a proposal.
    enum Committed {
        case outcome(Machine.Outcome)
        case rejected(Rejection)
        case abandoned
    }

    init(node: Node, group: Int, cluster: Cluster, disk: ReplicaDisk) {
        self.node = node
        self.group = group
        self.cluster = cluster
        self.disk = disk
        catalog = GroupClient(node: node, cluster: cluster)
        let restored = disk.restored
        do {
            replica = try Replica(
                configuration: cluster.configuration(of: group, for: node.name),
                restoring: restored, at: node.now, seed: node.world.random.next())
        } catch {
            preconditionFailure("the disk holds what the engine wrote: \(error)")
        }
        node.world.judge.restored(group, disk.applied, at: node.name)
        node.later(.milliseconds(1)) { [self] in tick() }
        node.later(.milliseconds(300)) { [self] in checkpoint() }
    }

    func die() { isAlive = false }

    private func tick() {
        send(.tick)
        node.later(replica.configuration.tickInterval) { [self] in tick() }
    }

    private func checkpoint() {
        disk.checkpoint()
        send(.stateDurable(through: disk.applied.index))
        node.later(.milliseconds(500)) { [self] in checkpoint() }
    }

    func send(_ event: Event) {
        guard isAlive else { return }
        for effect in replica.handle(event, at: node.now) { carryOut(effect) }
    }

    // MARK: Effects

    private func carryOut(_ effect: Effect) {
        switch effect {
        case .append(let token, let entries, let cut): append(token, entries, cut)
        case .persist(let token, let bytes):
            disk.beginPersist(bytes)
            node.write(.state) { [self] in
                if node.isDiskFull {
                    disk.failPersist(isCarriedOut: node.world.random.chance(0.3))
                    send(.persistFailed(token))
                } else {
                    disk.finishPersist()
                    send(.persisted(token))
                }
            }
        case .apply(let entries):
            let known = node.world.judge.logs[group].count
            node.world.judge.committed(entries.map(\.entry), in: group, at: node.name)
            if node.world.judge.logs[group].count > known { cluster.checkDurable(in: group) }
            applying.append(entries)
            node.later(.milliseconds(Int64(node.world.random.integer(0...2)))) { [self] in
                applyNext()
            }
        case .load(let token, let range):
            node.later(.milliseconds(2)) { [self] in
                let limit = node.world.random.integer(2...20)
                let entries = disk.entries(range, limit: limit)
                send(entries.isEmpty ? .loadFailed(token) : .loaded(token, entries))
            }
        case .trimLog(let index): disk.trim(through: index)
        case .reject(let ticket, let reason):
            tickets.removeValue(forKey: ticket.number)?(.rejected(reason))
        case .abandon(let ticket): tickets.removeValue(forKey: ticket.number)?(.abandoned)
        case .request(let id, let name, let message, let timeout):
            request(id, to: name, message, timeout: timeout)
        case .reply(let exchange, let message):
            exchanges.removeValue(forKey: exchange.number)?(message)
        case .invalidate(let id, let name, let keys, let timeout):
            invalidate(id, at: name, keys: keys, timeout: timeout)
        case .fetchSnapshot(let attempt, let name): fetch(attempt, from: name)
        case .installSnapshot(let attempt, let position): install(attempt, position)
        case .discardSnapshot(let attempt):
            if snapshot?.attempt == attempt { snapshot = nil }
        case .administered: break
        case .note(let notice):
            node.world.trace("\(node.name): \(notice)")
            node.world.judge.noticed(notice, in: group, at: node.name)
            if case .entered = notice { cluster.checkDurable(in: group) }
        }
    }

    private func append(_ token: Token, _ entries: [Entry], _ cut: LogIndex?) {
        disk.beginAppend(entries, cut: cut)
        node.write(.log) { [self] in
            if node.isDiskFull {
                node.lost(disk.failAppend(isCarriedOut: node.world.random.chance(0.3)))
                send(.appendFailed(token))
            } else {
                node.lost(disk.finishAppend())
                send(.appended(token))
            }
        }
    }

    private func applyNext() {
        guard !applying.isEmpty else { return }
        guard !node.isStateFull else {
            send(.applyFailed)
            return node.later(.milliseconds(100)) { [self] in applyNext() }
        }
        let entries = applying.removeFirst()
        for committed in entries {
            let outcome = disk.apply(committed.entry)
            if let ticket = committed.ticket {
                tickets.removeValue(forKey: ticket.number)?(.outcome(outcome))
            }
        }
        send(.applied(through: disk.applied.index))
    }

    private func request(
        _ id: RequestID, to name: ServerName, _ message: Message, timeout: Instant.Span
    ) {
        guard let target = cluster.node(name) else { return send(.failed(id)) }
        // What travels is bytes, as between real servers.
        let bytes = message.encoded()
        let group = group
        let sender = node.name
        var isUpdate = false
        if case .update = message { isUpdate = true }
        node.world.call(from: node, to: target, timeout: timeout, isUpdate: isUpdate) {
            (node: Node, reply: @escaping ([UInt8]) -> Void) in
            guard let message = try? Message(decoding: bytes) else { return }
            if case .register(let request) = message {
                node.vote(request, in: group) { reply(Message.registerReply($0).encoded()) }
            } else {
                node.replica?.receive(message, from: sender) { reply($0.encoded()) }
            }
        } completion: { [self] answer in
            if let answer, let message = try? Message(decoding: answer) {
                send(.response(id, message))
            } else {
                send(.failed(id))
            }
        }
    }

    func receive(
        _ message: Message, from sender: ServerName, reply: @escaping (Message) -> Void
    ) {
        lastID += 1
        exchanges[lastID] = reply
        send(.request(ExchangeID(lastID), from: sender, message))
    }

    private func invalidate(
        _ id: RequestID, at name: ServerName, keys: [UInt64], timeout: Instant.Span
    ) {
        guard let target = cluster.node(name) else { return send(.invalidationFailed(id)) }
        node.world.call(from: node, to: target, timeout: timeout) {
            (node: Node, reply: @escaping (Bool) -> Void) in
            node.frontEnd?.invalidate(keys)
            reply(true)
        } completion: { [self] answer in
            send(answer == true ? .invalidated(id) : .invalidationFailed(id))
        }
    }

    // MARK: Snapshots

    private func fetch(_ attempt: UInt64, from name: ServerName) {
        guard let target = cluster.node(name) else {
            return send(.snapshotFailed(attempt: attempt))
        }
        node.world.fetching(node)
        // With no fault about a log is kept for longer than a snapshot takes.
        let isQuick = !node.world.hasFaults || node.world.profile.aim == .snapshots
        let slowness = isQuick ? 0.001 : node.world.random.element([0.001, 0.01, 0.2, 1.5])
        node.world.call(from: node, to: target, timeout: .seconds(4)) {
            (node: Node, reply: @escaping ((Machine, LogPosition)) -> Void) in
            guard let disk = node.replica?.disk else { return }
            let copy = (disk.state, disk.applied)
            node.later(.seconds(slowness)) { reply(copy) }
        } completion: { [self] copy in
            guard let copy else { return send(.snapshotFailed(attempt: attempt)) }
            snapshot = (attempt, copy.0, copy.1)
            send(.snapshotFetched(attempt: attempt, copy.1))
        }
    }

    private func install(_ attempt: UInt64, _ position: LogPosition) {
        guard let snapshot, snapshot.attempt == attempt else {
            return send(.snapshotFailed(attempt: attempt))
        }
        node.write(.log) { [self] in
            guard !node.isDiskFull else { return send(.snapshotFailed(attempt: attempt)) }
            disk.install(snapshot.state, at: snapshot.position)
            node.world.judge.restored(group, snapshot.position, at: node.name)
            self.snapshot = nil
            cluster.checkDurable(in: group)
            send(.snapshotInstalled(attempt: attempt, snapshot.position))
        }
    }

    // MARK: Operations

    /// Has an operation done, as the primary.
    func propose(
        keys: [UInt64], payload: [UInt8], completion: @escaping (Committed) -> Void
    ) {
        lastID += 1
        tickets[lastID] = completion
        send(.propose([Proposal(ticket: Ticket(lastID), keys: keys, payload: payload)]))
    }
}

extension Node {
    /// Votes on the register of a group, once what it says is durable.
    func vote(
        _ request: RegisterRequest, in group: Int, reply: @escaping (RegisterReply) -> Void
    ) {
        guard acceptors.indices.contains(group) else { return }
        let (answer, mustPersist) = acceptors[group].handle(request)
        let reply = { [self] (answer: RegisterReply) in
            if case .accepted = answer.outcome { learnCatalogPrimary() }
            reply(answer)
        }
        guard mustPersist, !world.judge.breaks(.promiseNotDurable) else { return reply(answer) }
        acceptorDisks[group].pending.append(acceptors[group].state)
        write(.acceptor) { [self] in
            let state = acceptorDisks[group].pending.removeFirst()
            // As if the request had been lost.
            guard !isDiskFull else { return }
            acceptorDisks[group].state = state
            reply(answer)
        }
    }

    /// An order server takes note of the catalog's view that it has voted for.
    func learnCatalogPrimary() {
        guard let accepted = acceptorDisks[Cluster.catalog].state.accepted else { return }
        replica?.catalog.learn(primary: accepted.value.view.primary.name)
    }
}
