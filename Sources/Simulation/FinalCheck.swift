import MonotonicTime
import Replication

/// What must hold once the faults are over: all servers are level, everything is answered, and
/// everything adds up.
struct FinalCheck {
    let world: World
    let cluster: Cluster
    /// When the last fault ended.
    let healed: Int64

    /// How long after the last fault requests must be answered as if there had been none.
    private let recovery: Int64 = 4_000_000_000

    func run(isIdle: Bool) {
        guard world.judge.verdict == nil else { return }
        let ledger = world.judge.ledger(books: world.profile.books)
        for node in world.nodes { trace(node) }
        checkAnswers(isIdle: isIdle)
        for group in [Cluster.catalog, Cluster.orders] {
            for name in cluster.names(of: group) { check(name, in: group, ledger) }
        }
        if ledger.orders.count != ledger.sales {
            world.judge.condemn("\(ledger.sales) sales have \(ledger.orders.count) orders")
        }
        world.judge.conclude(ledger)
        world.trace("\(ledger.sales) sales, \(ledger.orders.count) orders")
    }

    private func checkAnswers(isIdle: Bool) {
        guard isIdle else { return world.judge.condemn("a client waits for ever") }
        for operation in world.judge.operations where operation.invoked > healed + recovery {
            guard let answered = operation.answered else {
                return world.judge.condemn("\(operation) was not answered, with no fault about")
            }
            guard answered - operation.invoked < 3_000_000_000 else {
                return world.judge.condemn("\(operation) took too long, with no fault about")
            }
        }
        guard let bound = world.profile.answerBound else { return }
        for operation in world.judge.operations {
            let end = operation.answered ?? .max
            if end > operation.invoked + Int64(bound * 1e9) {
                let took = Double(end - operation.invoked) / 1e9
                return world.judge.condemn(
                    operation.answered == nil
                        ? "\(operation) was never answered" : "\(operation) took \(took) s")
            }
        }
    }

    private func check(_ name: ServerName, in group: Int, _ ledger: Ledger) {
        guard let driver = cluster.node(name)?.replica else { return }
        let status = driver.replica.status(at: driver.node.now)
        let committed = UInt64(world.judge.logs[group].count)
        if status.role == .joining { return condemn(name, "is still not a member") }
        if !status.servesReads { return condemn(name, "still does not serve reads") }
        if status.appliedIndex != committed {
            return condemn(name, "has applied \(status.appliedIndex) of \(committed)")
        }
        if let view = world.judge.newestView(of: group), status.view != view {
            return condemn(name, "is still in \(status.view.map(String.init) ?? "no view")")
        }
        world.judge.compare(driver.disk.log, in: group, at: name)
        if let fault = ledger.fault(of: driver.disk.state) { condemn(name, fault) }
    }

    /// Says what a server looks like at the end: where somebody waits, this is where to look first.
    private func trace(_ node: Node) {
        guard world.print != nil, let replica = node.replica?.replica else { return }
        let status = replica.status(at: node.now)
        world.trace(
            "\(node.name) at the end: \(status.role.rawValue) of \(status.view?.number ?? 0), log "
                + "\(status.appliedIndex) <= \(status.commitIndex) <= \(status.durableIndex) <= "
                + "\(status.lastIndex), serves reads \(status.servesReads), "
                + "writes \(status.servesWrites), waits for \(status.waitsFor ?? "nothing")")
        for peer in status.peers { world.trace("  \(peer)") }
        for lessee in status.lessees { world.trace("  \(lessee)") }
    }

    private func condemn(_ name: ServerName, _ fault: String) {
        world.judge.condemn("\(name) \(fault)")
    }
}
