internal import HeapModule

/// What is to happen when: first by time, then by the order of arrival.
struct EventQueue {
    /// What the heap moves about: no references, so that it costs little.
    private struct Item: Comparable {
        let time: Int64
        let order: UInt64
        /// Where the body is kept.
        let place: Int

        static func < (left: Item, right: Item) -> Bool {
            (left.time, left.order) < (right.time, right.order)
        }
    }

    private var items = Heap<Item>()
    private var bodies: [(() -> Void)?] = []
    private var freePlaces: [Int] = []
    private var lastOrder: UInt64 = 0

    /// When the next event is due; nil where there is none.
    var nextTime: Int64? { items.min?.time }

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
        items.insert(Item(time: time, order: lastOrder, place: place))
    }

    mutating func removeFirst() -> (time: Int64, body: () -> Void)? {
        guard let first = items.popMin(), let body = bodies[first.place] else { return nil }
        bodies[first.place] = nil
        freePlaces.append(first.place)
        return (first.time, body)
    }

    mutating func removeAll() {
        items = []
        bodies = []
        freePlaces = []
    }
}
