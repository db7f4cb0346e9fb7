import MonotonicTime
import Replication

/// Clients that look books up and buy them, through whichever front end nginx picks.
final class Clients {
    private let world: World
    private let cluster: Cluster
    private let node: Node
    private var isOpen = true
    private var lastKey = 0
    /// The book of every key.
    private var items: [Int64] = []
    /// The orders that clients were told of.
    private var orders: [Int64] = []
    private(set) var underWay = 0

    init(world: World, cluster: Cluster) {
        self.world = world
        self.cluster = cluster
        node = Node(name: "clients", world: world)
        world.add(node)
        node.boot()
        for _ in 0..<world.profile.clients { pause() }
    }

    func close() { isOpen = false }

    private func pause() {
        let longest = world.random.element([0.005, 0.05, 0.3])
        world.after(seconds: world.random.real(0, longest)) { [self] in
            if isOpen { begin() }
        }
    }

    private func begin() {
        let operation = draw()
        let number = world.judge.operations.count
        world.judge.operations.append(operation)
        underWay += 1
        let attempt = world.random.integer(0...1)
        if operation.kind == .lookup || operation.kind == .restock, world.random.chance(0.3) {
            sendStraight(number, operation, attempt: attempt)
        } else {
            send(number, operation, attempt: attempt)
        }
    }

    private func draw() -> Judge.Operation {
        let item = Int64(world.random.integer(1...world.profile.books))
        var operation = Judge.Operation(
            kind: world.random.element([.lookup, .lookup, .lookup, .buy, .buy, .restock]),
            item: item, invoked: world.time)
        switch operation.kind {
        case .buy:
            if lastKey > 0, world.random.chance(0.1) {
                // A key of earlier, whatever became of it, and now and then for another book.
                let number = max(1, lastKey - world.random.integer(0...20))
                operation.key = "key \(number)"
                if !world.random.chance(0.1) { operation.item = items[number - 1] }
            } else {
                lastKey += 1
                operation.key = "key \(lastKey)"
                items.append(item)
            }
        case .restock:
            guard world.random.chance(0.7) else { break }
            operation.kind = .lookup
            if let order = orders.last, world.random.chance(0.3) {
                operation.kind = .order
                operation.item = world.random.chance(0.5) ? order : world.random.element(orders)
            }
        case .lookup, .order: break
        }
        return operation
    }

    /// How long nginx waits for a front end: for its answer, or for the connection.
    private func patience(with target: Node) -> Instant.Span {
        let isCut =
            world.cuts[node.index][target.index] > 0 || world.cuts[target.index][node.index] > 0
        return isCut || target.isSuspended ? .seconds(1) : .seconds(4)
    }

    private func send(_ number: Int, _ operation: Judge.Operation, attempt: Int) {
        let names = cluster.frontEndNames
        guard let target = cluster.node(names[attempt % names.count]) else { return }
        world.call(from: node, to: target, timeout: patience(with: target)) {
            (node: Node, reply: @escaping (Judge.Operation.Result) -> Void) in
            guard let frontEnd = node.frontEnd else { return }
            switch operation.kind {
            case .lookup:
                frontEnd.lookUp(operation.item) {
                    if let (view, isHit) = $0 { reply(.view(view, isHit: isHit)) }
                }
            case .buy:
                frontEnd.buy(operation.item, key: operation.key) {
                    if let purchase = $0 { reply(.purchase(purchase)) }
                }
            case .restock:
                frontEnd.restock(operation.item) {
                    if let view = $0 { reply(.restocked(view)) }
                }
            case .order:
                frontEnd.findOrder(operation.item) {
                    if let sale = $0 { reply(.order(sale: sale)) }
                }
            }
        } completion: { [self] result in
            take(result, of: number, operation, attempt: attempt)
        }
    }

    /// Asks any catalog server, as a person may: whether it knows the view or not, what it says
    /// must be right.
    private func sendStraight(_ number: Int, _ operation: Judge.Operation, attempt: Int) {
        guard let target = cluster.node(world.random.element(cluster.catalogNames)) else { return }
        world.call(from: node, to: target, timeout: .milliseconds(300)) {
            (node: Node, reply: @escaping (Judge.Operation.Result?) -> Void) in
            if operation.kind == .restock {
                node.replica?.restock(operation.item) {
                    if case .value(let view) = $0 { reply(.restocked(view)) } else { reply(nil) }
                }
            } else {
                node.replica?.lookUp(operation.item) {
                    if case .value((let view, _)) = $0 {
                        reply(.view(view, isHit: false))
                    } else {
                        reply(nil)
                    }
                }
            }
        } completion: { [self] result in
            // The front ends' turn comes next, as if this had not been tried.
            take(result ?? nil, of: number, operation, attempt: attempt - 1)
        }
    }

    private func take(
        _ result: Judge.Operation.Result?, of number: Int, _ operation: Judge.Operation,
        attempt: Int
    ) {
        let age = Double(world.time - operation.invoked) / 1e9
        if result == nil, age < 10 {
            world.after(seconds: 0.05) { [self] in
                send(number, operation, attempt: attempt + 1)
            }
            return
        }
        if let result {
            world.judge.operations[number].answered = world.time
            world.judge.operations[number].result = result
            if case .purchase(.order(let order, _)) = result { orders.append(order) }
            world.trace("client: \(operation): \(result)")
        } else {
            world.trace("client: \(operation): no answer")
        }
        underWay -= 1
        pause()
    }
}
