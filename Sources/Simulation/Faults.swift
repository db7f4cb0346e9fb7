import MonotonicTime
import Replication

/// What can befall a server.
enum Fault: String, CaseIterable {
    case kill, powerOff, powerOffAll, pause, cutPair, cutOneWay, isolate, deafen, slowDisk
    case fullDisk, wipe, drift
}

/// Makes faults, and undoes each after a while.
final class Faults {
    private let world: World
    private let cluster: Cluster
    private var isOver = false
    private var busyUntil: Int64 = 0
    private let servers: Int

    init(world: World, cluster: Cluster) {
        self.world = world
        self.cluster = cluster
        servers = world.nodes.count
        schedule()
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
        let weights = world.profile.weights
        var rest = world.random.real(0, weights.reduce(0, +))
        for (fault, weight) in zip(Fault.allCases, weights) {
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
        for node in world.nodes {
            node.isDiskFull = false
            node.diskSlowness = 1
            node.resume()
            node.boot()
        }
    }

    private func make(_ fault: Fault) {
        let node = world.nodes[pick()]
        let time = world.random.element([0.05, 0.3, 0.9, 1.5, 3]) * world.random.real(0.5, 1.5)
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
            busyUntil = world.time + 8_000_000_000
        case .pause: node.pause(seconds: time)
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
            node.diskSlowness = world.random.element([10, 50, 200])
            after(time) { node.diskSlowness = 1 }
        case .fullDisk:
            node.isDiskFull = true
            after(time) { node.isDiskFull = false }
        case .drift:
            let drift = world.profile.drift
            node.setClockRate(1 + world.random.real(-drift, drift))
        }
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

    private func boot(_ node: Node, after seconds: Double) {
        after(seconds) { node.boot() }
    }

    private func after(_ seconds: Double, _ body: @escaping () -> Void) {
        world.after(seconds: seconds) { [self] in
            if !isOver { body() }
        }
    }

    private func cut(_ pairs: [(Node, Node)], seconds: Double) {
        let pairs = pairs.filter { $0.0 !== $0.1 }
        world.trace("cut: \(pairs.map { "\($0.0.name) to \($0.1.name)" }.joined(separator: ", "))")
        for (from, to) in pairs { world.cuts[from.index][to.index] += 1 }
        after(seconds) { [self] in
            for (from, to) in pairs { world.cuts[from.index][to.index] -= 1 }
        }
    }

    /// Whether a server may lose its disk: where nothing else is amiss, the others have all that it
    /// has, and the register knows the present data directory of every voter.
    private func mayWipe(_ node: Node) -> Bool {
        guard world.time > busyUntil, world.time > 3_000_000_000,
            world.nodes.allSatisfy(\.isUp)
        else { return false }
        for group in [Cluster.catalog, Cluster.orders] {
            if let view = world.judge.newestView(of: group),
                view.primary.name == node.name
                    || cluster.names(of: group).count == 1
                        && cluster.names(of: group)[0] == node.name
            {
                return false
            }
            let newest = world.nodes.compactMap {
                $0.acceptors.dropFirst(group).first?.state.accepted
            }
            .max { $0.ballot < $1.ballot }
            guard let newest else { return false }
            let known = newest.value.acceptors.allSatisfy { voter in
                cluster.node(voter.name)?.acceptorIdentity == voter.identity
            }
            guard known else { return false }
        }
        return true
    }
}
