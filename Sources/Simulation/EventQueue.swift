/// What is to happen when: a binary heap, first by time, then by the order of arrival.
struct EventQueue {
    /// What the heap moves about: no references, so that it costs little.
    private struct Item {
        var time: Int64
        var order: UInt64
        /// Where the body is kept.
        var place: Int
    }

    private var items: [Item] = []
    private var bodies: [(() -> Void)?] = []
    private var freePlaces: [Int] = []
    private var lastOrder: UInt64 = 0

    /// When the next event is due; nil where there is none.
    var nextTime: Int64? { items.first?.time }

    mutating func add(at time: Int64, _ body: @escaping () -> Void) {
        lastOrder += 1
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            bodies[place] = body
        } else {
            place = bodies.count
            bodies.append(body)
        }
        let item = Item(time: time, order: lastOrder, place: place)
        var child = items.count
        items.append(item)
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(item, items[parent]) else { break }
            items[child] = items[parent]
            child = parent
        }
        items[child] = item
    }

    mutating func removeFirst() -> (time: Int64, body: () -> Void)? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        if !items.isEmpty { sink(last) }
        guard let body = bodies[first.place] else { return nil }
        bodies[first.place] = nil
        freePlaces.append(first.place)
        return (first.time, body)
    }

    mutating func removeAll() {
        items = []
        bodies = []
        freePlaces = []
    }

    /// Puts an item in at the top.
    private mutating func sink(_ item: Item) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < items.count else { break }
            if child + 1 < items.count, isBefore(items[child + 1], items[child]) { child += 1 }
            guard isBefore(items[child], item) else { break }
            items[parent] = items[child]
            parent = child
        }
        items[parent] = item
    }

    private func isBefore(_ left: Item, _ right: Item) -> Bool {
        (left.time, left.order) < (right.time, right.order)
    }
}
