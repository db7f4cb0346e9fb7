import MonotonicTime
import Replication

// Faults of several steps, each aimed at rules that faults at random seldom put to the test.
extension Faults {
    /// Has a primary wait long for its leases, or a front end for its own, and then cuts it off
    /// from the other servers. Clients still reach it: what it answers now rests on its leases
    /// alone.
    func answerLate() {
        var victim = cluster.node(world.random.element(cluster.frontEndNames))
        if world.random.chance(0.5), let view = world.judge.newestView(of: Cluster.catalog) {
            victim = cluster.node(view.primary.name)
        }
        guard let victim else { return }
        // A little less than a heartbeat waits for its answer.
        world.lateness.answers[victim.index] = 0.38
        let time = world.random.element([0.3, 0.8, 1.5])
        world.trace("answers to \(victim.name) come late for \(time) s")
        after(time) { [self] in
            world.lateness.answers[victim.index] = nil
            // Readers still reach it, by the front ends where it is not one.
            let readers = victim.replicaDisk == nil ? [] : cluster.frontEndNames
            sever(victim, seconds: world.random.real(0.8, 1.6), but: readers)
        }
    }

    /// Kills the catalog's primary, and has the front ends wait for what they ask its backups until
    /// one of them has taken over: a lookup is answered under another lease than it was asked
    /// under.
    func fillLate() {
        guard let view = world.judge.newestView(of: Cluster.catalog),
            let primary = cluster.node(view.primary.name)
        else { return }
        let frontEnds = cluster.frontEndNames.compactMap { cluster.node($0)?.index }
        primary.kill(losingPower: false)
        boot(primary, after: world.random.real(2, 4))
        after(world.random.real(0, 0.3)) { [self] in
            // A little less than a lookup waits for its answer.
            for index in frontEnds { world.lateness.answers[index] = 0.98 }
            after(0.5) { [self] in
                for index in frontEnds { world.lateness.answers[index] = nil }
            }
        }
    }

    /// Cuts a server off from all others but some, and not from clients.
    private func sever(_ node: Node, seconds: Double, but some: [ServerName] = []) {
        let others = world.nodes.prefix(servers).filter { !some.contains($0.name) }
        cut(bothWays([node], others), seconds: seconds)
    }

    /// Kills a primary, the last updates of which arrive when another has taken over.
    func updateLate() {
        let group = world.random.chance(0.8) ? Cluster.catalog : Cluster.orders
        guard let view = world.judge.newestView(of: group),
            let primary = cluster.node(view.primary.name)
        else { return }
        world.lateness.updates[primary.index] = world.random.real(1.2, 3)
        world.trace("updates of \(primary.name) come late")
        after(world.random.real(0.15, 0.6)) { [self] in
            world.lateness.updates[primary.index] = nil
            primary.kill(losingPower: false)
            boot(primary, after: world.random.real(2, 4))
        }
    }

    /// Cuts the servers into halves, the catalog's primary in one of them. A front end is the voter
    /// that makes the first half a majority; then it loses its disk, and is the other half's.
    func halve() {
        guard let view = world.judge.newestView(of: Cluster.catalog),
            let primary = cluster.node(view.primary.name),
            let between = cluster.frontEndNames.first.flatMap(cluster.node),
            cluster.acceptorNames.count >= 5, between.isUp
        else { return }
        var others = world.nodes.prefix(servers).filter { $0 !== primary && $0 !== between }
        others.shuffle(using: &world.random)
        let here = [primary] + others.prefix(others.count / 2)
        let there = Array(others.dropFirst(others.count / 2))
        let first = world.random.real(0.7, 1.4)
        let second = world.random.real(1, 2.5)
        cut(bothWays(here, there), seconds: first + second)
        cut(bothWays([between], there), seconds: first)
        busyUntil = max(busyUntil, world.time + Int64((first + second + 4) * 1e9))
        after(first) { [self] in
            cut(bothWays([between], here), seconds: second)
            guard mayWipe(between) else { return }
            between.kill(losingPower: true)
            between.wipe()
            boot(between, after: 0.02)
        }
    }

    private func bothWays(_ some: [Node], _ others: [Node]) -> [(Node, Node)] {
        some.flatMap { one in others.flatMap { [(one, $0), ($0, one)] } }
    }

    /// Cuts a backup off until it is out of the view, and lacks what was logged meanwhile.
    func dropBackup() {
        guard let view = world.judge.newestView(of: Cluster.catalog), view.members.count > 1,
            let backup = cluster.node(world.random.element(Array(view.members.dropFirst())).name)
        else { return }
        sever(backup, seconds: world.random.real(0.7, 1.6))
    }

    /// Disturbs a server that has begun to fetch a snapshot. The primary dies as soon as it has
    /// sent it, and it is so late that the next primary has sent the server the log instead; but
    /// that one waits for another backup, whose disk is slow, before it commits.
    func disturbFetch(of node: Node) {
        guard !isOver, let group = node.replica?.group, world.random.chance(0.7),
            let view = world.judge.newestView(of: group),
            let primary = cluster.node(view.primary.name)
        else { return }
        world.trace("the snapshot for \(node.name) comes late")
        let late = world.random.real(1.05, 1.45)
        world.lateness.answers[node.index] = late
        after(world.random.real(0.004, 0.012)) { [self] in
            world.lateness.answers[node.index] = nil
            primary.kill(losingPower: false)
            boot(primary, after: world.random.real(2, 4))
        }
        let state = Node.File.state.rawValue
        let log = Node.File.log.rawValue
        let waiting = view.members.dropFirst(2).compactMap { cluster.node($0.name) }
        for other in waiting { other.slowness[state] = 15 }
        after(late * 0.9) { node.slowness[log] = 25 }
        after(2.5) {
            for other in waiting { other.slowness[state] = 1 }
            node.slowness[log] = 1
        }
    }
}
