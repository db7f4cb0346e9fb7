/// What is to happen when: a binary heap, first by time, then by the order of arrival.
struct EventQueue {
    private struct Item {
        var time: Int64
        var order: UInt64
        var body: () -> Void
    }

    private var items: [Item] = []
    private var lastOrder: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }

    mutating func add(at time: Int64, _ body: @escaping () -> Void) {
        lastOrder += 1
        items.append(Item(time: time, order: lastOrder, body: body))
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(items[child], items[parent]) else { break }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> (time: Int64, body: () -> Void)? {
        guard let first = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            sink()
        }
        return (first.time, first.body)
    }

    mutating func removeAll() { items = [] }

    private mutating func sink() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && isBefore(items[child], items[smallest]) {
                smallest = child
            }
            guard smallest != parent else { return }
            items.swapAt(parent, smallest)
            parent = smallest
        }
    }

    private func isBefore(_ left: Item, _ right: Item) -> Bool {
        (left.time, left.order) < (right.time, right.order)
    }
}
