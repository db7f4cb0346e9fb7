import MonotonicTime
import Replication

/// What can befall a server.
enum Fault: String, CaseIterable {
    case kill, powerOff, powerOffAll, pause, suspend, cutPair, cutOneWay, isolate, deafen, slowDisk
    case fullDisk, fullState, unreached, wipe, drift, voters
    /// What a server is answered comes late, and then it is cut off from the other servers, though
    /// not from clients.
    case lateAnswers
    /// The catalog's primary dies, and what front ends ask its backups is answered when one of them
    /// has taken over.
    case lateFills
    /// The updates that a server sends come seconds late, and it dies.
    case lateUpdates
    /// The servers are in two halves, of which neither hears the other; a front end goes over from
    /// one to the other, and loses its disk on the way.
    case halves
    /// A backup of the catalog is cut off until it is out of the view.
    case dropBackup
}

/// Makes faults, and undoes each after a while.
final class Faults {
    let world: World
    let cluster: Cluster
    private(set) var isOver = false
    /// Until when something is amiss, as far as is known.
    var busyUntil: Int64 = 0
    /// When no change of voters is under way any more.
    private var votersSettledAt: Int64 = 0
    /// How many of the nodes are servers.
    let servers: Int

    init(world: World, cluster: Cluster) {
        self.world = world
        self.cluster = cluster
        servers = world.nodes.count
        if world.profile.aim == .snapshots {
            world.fetching = { [weak self] node in self?.disturbFetch(of: node) }
        }
        if world.profile.aim == .single {
            world.after(seconds: 2) { [self] in single() }
        } else {
            schedule()
        }
    }

    /// Strikes one server, or two of different tiers, and again when they have long recovered.
    private func single() {
        guard !isOver, world.seconds < world.profile.faultTime - 6 else { return }
        let first = world.nodes[pick()]
        let time = world.random.element([0.05, 0.6, 1.2, 2.5, 6]) * world.random.real(0.5, 1.2)
        strike(first, draw(), seconds: time)
        if world.random.chance(0.3) {
            let second = world.nodes[pick()]
            if tier(of: first) != tier(of: second) {
                world.after(seconds: world.random.real(0, 1)) { [self] in
                    guard !isOver else { return }
                    world.judge.faults["secondServer", default: 0] += 1
                    strike(second, world.random.element([.kill, .pause, .isolate]), seconds: time)
                }
            }
        }
        world.after(seconds: time + 8) { [self] in single() }
    }

    private func tier(of node: Node) -> Int {
        [cluster.catalogNames, cluster.orderNames, cluster.frontEndNames]
            .firstIndex { $0.contains(node.name) } ?? 0
    }

    private func schedule() {
        let interval = world.profile.faultInterval
        world.after(seconds: world.random.real(0.2, 1.8) * interval) { [self] in
            guard !isOver else { return }
            make(draw())
            schedule()
        }
    }

    private func draw() -> Fault {
        let weights = Fault.allCases.map { ($0, world.profile.weights[$0] ?? 0) }
        var rest = world.random.real(0, weights.reduce(0) { $0 + $1.1 })
        for (fault, weight) in weights {
            rest -= weight
            if rest < 0 { return fault }
        }
        return .pause
    }

    /// Ends all faults: every server runs, and everything reaches everyone.
    func end() {
        isOver = true
        world.hasFaults = false
        world.trace("all faults end")
        for from in world.cuts.indices {
            for to in world.cuts[from].indices { world.cuts[from][to] = 0 }
        }
        world.lateness = World.Lateness()
        for node in world.nodes {
            node.isDiskFull = false
            node.isStateFull = false
            node.isUnreached = false
            node.slowness = [1, 1, 1]
            node.resume()
            node.boot()
        }
    }

    private func make(_ fault: Fault) {
        var node = world.nodes[pick()]
        if fault == .wipe, world.random.chance(0.5), let name = cluster.frontEndNames.first {
            node = cluster.node(name) ?? node
        }
        let time = world.random.element([0.05, 0.3, 0.9, 1.5, 3]) * world.random.real(0.5, 1.5)
        strike(node, fault, seconds: time)
    }

    private func strike(_ node: Node, _ fault: Fault, seconds time: Double) {
        guard fault != .wipe || mayWipe(node) else { return }
        world.judge.faults[fault.rawValue, default: 0] += 1
        busyUntil = max(busyUntil, world.time + Int64((time + 2.5) * 1e9))
        switch fault {
        case .kill, .powerOff:
            node.kill(losingPower: fault == .powerOff)
            boot(node, after: time)
        case .powerOffAll:
            for node in world.nodes.prefix(servers) {
                node.kill(losingPower: true)
                boot(node, after: world.random.real(0, 2))
            }
        case .wipe:
            node.kill(losingPower: true)
            node.wipe()
            boot(node, after: time)
            if node.replicaDisk != nil { busyUntil = world.time + 8_000_000_000 }
        case .pause: node.pause(seconds: time)
        case .suspend: node.suspend(seconds: time)
        case .cutPair:
            let other = world.nodes[pick()]
            cut([(node, other), (other, node)], seconds: time)
        case .cutOneWay: cut([(node, world.nodes[pick()])], seconds: time)
        case .isolate:
            cut(world.nodes.flatMap { [(node, $0), ($0, node)] }, seconds: time)
        case .deafen:
            let toIt = world.random.chance(0.5)
            cut(world.nodes.map { toIt ? ($0, node) : (node, $0) }, seconds: time)
        case .slowDisk:
            let slowness = world.random.element([10.0, 50, 200])
            // All of it, or the writing of one file.
            let file = world.random.integer(-2...2)
            for other in Node.File.allCases where file < 0 || file == other.rawValue {
                node.slowness[other.rawValue] = slowness
            }
            after(time) { node.slowness = [1, 1, 1] }
        case .fullDisk:
            node.isDiskFull = true
            after(time) { node.isDiskFull = false }
        case .unreached:
            node.isUnreached = true
            after(time) { node.isUnreached = false }
        case .fullState:
            node.isStateFull = true
            after(time) { node.isStateFull = false }
        case .drift:
            let drift = world.profile.drift
            node.setClockRate(1 + world.profile.error(of: world.random.real(-drift, drift)))
        case .voters: changeVoters(seconds: time)
        case .lateAnswers: answerLate()
        case .lateFills: fillLate()
        case .lateUpdates: updateLate()
        case .halves: halve()
        case .dropBackup: dropBackup()
        }
    }

    /// An administrator takes an acceptor out of the register, and puts it back.
    private func changeVoters(seconds time: Double) {
        let group = world.random.integer(0...1)
        let name = world.random.element(cluster.acceptorNames)
        // An administrator's command is given up after 4.8 s.
        votersSettledAt = world.time + Int64((time + 6) * 1e9)
        administer(.removeAcceptor(name), in: group)
        world.after(seconds: time) { [self] in administer(.addAcceptor(name), in: group) }
    }

    private func administer(_ command: Command, in group: Int) {
        guard let primary = world.judge.newestView(of: group)?.primary.name else { return }
        world.trace("administrator: \(command) at \(primary)")
        cluster.node(primary)?.replica?.send(.administer(Ticket(0), command))
    }

    /// A server; the primary of the catalog oftener than others.
    private func pick() -> Int {
        if world.random.chance(0.35), let view = world.judge.newestView(of: Cluster.catalog),
            let node = cluster.node(view.primary.name)
        {
            return node.index
        }
        return world.random.integer(0...servers - 1)
    }

    func boot(_ node: Node, after seconds: Double) {
        after(seconds) { node.boot() }
    }

    func after(_ seconds: Double, _ body: @escaping () -> Void) {
        world.after(seconds: seconds) { [self] in
            if !isOver { body() }
        }
    }

    /// Cuts what does not reach what; nothing that comes after the time is up.
    func cut(_ pairs: [(Node, Node)], seconds: Double) {
        let pairs = pairs.filter { $0.0 !== $0.1 }
        world.trace("cut: \(pairs.map { "\($0.0.name) to \($0.1.name)" }.joined(separator: ", "))")
        for (from, to) in pairs { world.cuts[from.index][to.index] += 1 }
        after(seconds) { [self] in
            for (from, to) in pairs { world.cuts[from.index][to.index] -= 1 }
        }
    }

    /// Whether a server may lose its disk: where nothing else is amiss, the others have all that it
    /// has, and the register knows the present data directory of every voter.
    func mayWipe(_ node: Node) -> Bool {
        guard world.time > votersSettledAt else { return false }
        if node.replicaDisk == nil, cluster.acceptorNames.count >= 5 {
            // An acceptor and nothing else, of many: at any time, one after the other.
            return [Cluster.catalog, Cluster.orders].allSatisfy { knowsVoters(of: $0, but: node) }
        }
        guard world.time > busyUntil, world.time > 3_000_000_000,
            world.nodes.allSatisfy(\.isUp)
        else { return false }
        for group in [Cluster.catalog, Cluster.orders] {
            if cluster.names(of: group).contains(node.name) {
                guard isElsewhere(node, in: group) else { return false }
            }
            guard knowsVoters(of: group, but: node) else { return false }
        }
        return true
    }

    /// Whether the register has the present data directory of every voter, and a majority of them
    /// is left without this one.
    private func knowsVoters(of group: Int, but node: Node) -> Bool {
        let newest = world.nodes.compactMap { node in
            node.acceptorDisks.isEmpty ? nil : node.acceptorDisks[group].state.accepted
        }
        .max { $0.ballot < $1.ballot }
        guard let newest else { return false }
        let voters = newest.value.acceptors
        guard voters.count > 2 || !voters.contains(where: { $0.name == node.name }) else {
            return false
        }
        return voters.allSatisfy { voter in
            cluster.node(voter.name)?.acceptorIdentity == voter.identity
        }
    }

    /// Whether a replica's log is all on another one that will be asked for it.
    private func isElsewhere(_ node: Node, in group: Int) -> Bool {
        // A view that is proposed may be decided without anybody's knowing, and have no other
        // member.
        guard let view = world.judge.newestView(of: group),
            view.number >= world.judge.newestProposals[group]
        else { return false }
        return view.primary.name != node.name
            || view.members.contains { cluster.node($0.name)?.replica?.replica.role == .backup }
    }
}
