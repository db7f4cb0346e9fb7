import MonotonicTime
import Replication

/// Clients that look books up and buy them, through whichever front end nginx picks.
final class Clients {
    private let world: World
    private let cluster: Cluster
    private let node: Node
    private var isOpen = true
    private var lastKey = 0
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
        let item = Int64(world.random.integer(1...world.profile.books))
        var operation = Judge.Operation(
            kind: world.random.element([.lookup, .lookup, .lookup, .buy, .buy, .restock]),
            item: item, invoked: world.time)
        if operation.kind == .restock, world.random.chance(0.7) { operation.kind = .lookup }
        if operation.kind == .buy {
            lastKey += 1
            operation.key = "key \(lastKey)"
        }
        let number = world.judge.operations.count
        world.judge.operations.append(operation)
        underWay += 1
        send(number, operation, attempt: world.random.integer(0...1))
    }

    private func send(_ number: Int, _ operation: Judge.Operation, attempt: Int) {
        let names = cluster.frontEndNames
        guard let target = cluster.node(names[attempt % names.count]) else { return }
        world.call(from: node, to: target, timeout: .seconds(4)) {
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
                    if $0 { reply(.done) }
                }
            }
        } completion: { [self] result in
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
                world.trace(
                    "client: \(operation.kind) \(operation.item) \(operation.key): \(result)")
            } else {
                world.trace(
                    "client: \(operation.kind) \(operation.item) \(operation.key): no answer")
            }
            underWay -= 1
            pause()
        }
    }
}
