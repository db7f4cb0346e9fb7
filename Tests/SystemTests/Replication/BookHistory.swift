/// What clients did to one book and saw of it, and whether one book can have been all of that.
///
/// A history is linearizable (Herlihy and Wing, 1990) where every operation can be given a moment
/// between its start and its end so that, one after another in that order, all of them are what a
/// single book in a single place would have answered.
struct BookHistory: Sendable {
    /// What an operation did to the book, or saw of it.
    enum Effect: Equatable, Sendable {
        /// A lookup gave this stock.
        case saw(Int)
        /// A buy took one copy.
        case sold
        /// A buy was told that there is no copy.
        case refused
        /// A restock filled up to `level`, with so many copies as it said.
        case restocked(level: Int, added: Int)
        /// A restock of unknown outcome: where it happened, it filled up to this level.
        case mayHaveRestocked(level: Int)
        /// A buy of unknown outcome.
        case mayHaveSold
    }

    /// One operation. Times are nanoseconds of one clock.
    struct Operation: Sendable {
        var effect: Effect
        var start: Int64
        /// When the outcome was known. `Int64.max` for what was never answered: it may happen, or
        /// have happened, at any time after its start.
        var end: Int64
        /// Who did it and how, for people.
        var label: String

        init(_ effect: Effect, from start: Int64, to end: Int64, _ label: String = "") {
            self.effect = effect
            self.start = start
            self.end = end
            self.label = label
        }

        /// Whether it may also never have happened.
        var isOptional: Bool {
            switch effect {
            case .mayHaveSold, .mayHaveRestocked: true
            case .saw, .sold, .refused, .restocked: false
            }
        }
        var isSale: Bool { effect == .sold || effect == .mayHaveSold }
    }

    var openingStock: Int
    var operations: [Operation]

    /// Why no order of the operations explains what they saw; nil where one does.
    var fault: String? {
        var judge = BookJudge(self)
        return judge.verdict()
    }
}

/// Searches for an order, in the manner of Wing and Gong, and of Lowe's just-in-time linearization:
/// it goes through the starts and ends in the order of time and keeps every state that the book may
/// be in, together with the operations under way that have had their moment. A moment is given as
/// late as possible, just before the end of an operation that needs it.
///
/// Three rules keep the number of states small, and none of them loses an answer:
/// - Of the sales under way the one that ends first goes first. Sales do the same, so two of them
///   in the other order can change places.
/// - What changes nothing (a lookup, a refusal) has its moment as soon as the stock fits: it is
///   then out of the way, and nothing is different without it.
/// - States that are equal are one.
private struct BookJudge {
    /// A state that the book may be in.
    private struct State: Hashable {
        var stock: Int
        /// The operations under way that have had their moment, by slot.
        var done: UInt64 = 0
        /// How many of the sales that were never answered have had theirs.
        var lateSales = 0
        /// How many of those that may never happen.
        var optionalSales = 0
        /// How many of the restocks that were never answered.
        var optionalRestocks = 0
    }

    private let history: BookHistory
    private var states: Set<State>
    /// What is under way: the operation in each slot.
    private var slots: [Int?] = []
    /// Sales without an end that have begun: certain ones, and those that may never happen. They
    /// are all alike, so a number is enough.
    private var lateSales = 0
    private var optionalSales = 0
    /// Restocks of unknown outcome that have begun; all fill up to the same level.
    private var optionalRestocks = 0
    private var optionalLevel: Int?

    init(_ history: BookHistory) {
        self.history = history
        states = [State(stock: history.openingStock)]
    }

    mutating func verdict() -> String? {
        for event in events() {
            let operation = history.operations[event.operation]
            if event.isEnd {
                if let fault = end(event.operation) { return fault }
            } else {
                begin(event.operation, operation)
            }
        }
        // What certainly happened and was never answered has had its moment by now, or never.
        let complete = reachable { $0.lateSales == lateSales }
        return complete.isEmpty
            ? "\(lateSales) unanswered buys that are in the books fit nowhere" : nil
    }

    private struct Event {
        var time: Int64
        var isEnd: Bool
        var operation: Int
    }

    /// Starts and ends in the order of time; of the same moment starts first, for what touches
    /// overlaps.
    private func events() -> [Event] {
        var events: [Event] = []
        for (index, operation) in history.operations.enumerated() {
            events.append(Event(time: operation.start, isEnd: false, operation: index))
            if operation.end < .max {
                events.append(Event(time: operation.end, isEnd: true, operation: index))
            }
        }
        return events.sorted { ($0.time, $0.isEnd ? 1 : 0) < ($1.time, $1.isEnd ? 1 : 0) }
    }

    private mutating func begin(_ index: Int, _ operation: BookHistory.Operation) {
        if operation.isSale, operation.end == .max {
            if operation.isOptional { optionalSales += 1 } else { lateSales += 1 }
            return
        }
        if case .mayHaveRestocked(let level) = operation.effect {
            precondition(optionalLevel ?? level == level, "restocks to different levels")
            optionalLevel = level
            optionalRestocks += 1
            return
        }
        if let free = slots.firstIndex(of: nil) {
            slots[free] = index
        } else {
            precondition(slots.count < UInt64.bitWidth, "too many operations on a book at once")
            slots.append(index)
        }
        states = Set(states.map(settled))
    }

    private mutating func end(_ index: Int) -> String? {
        guard let slot = slots.firstIndex(of: index) else { preconditionFailure("ended twice") }
        let bit: UInt64 = 1 << slot
        let before = states
        states = []
        for state in reachable(from: before, until: { $0.done & bit != 0 }) {
            var state = state
            state.done &= ~bit
            states.insert(state)
        }
        slots[slot] = nil
        guard states.isEmpty else { return nil }
        return explanation(of: index, before: before)
    }

    /// The states in which a condition holds that can be reached by what is under way.
    private func reachable(until isGoal: (State) -> Bool) -> Set<State> {
        reachable(from: states, until: isGoal)
    }

    private func reachable(from start: Set<State>, until isGoal: (State) -> Bool) -> Set<State> {
        var goals: Set<State> = []
        var seen = start
        var open = Array(start)
        while let state = open.popLast() {
            if isGoal(state) {
                goals.insert(state)
                continue
            }
            for next in steps(from: state) where seen.insert(next).inserted { open.append(next) }
        }
        return goals
    }

    /// The states that one more sale or restock leads to.
    private func steps(from state: State) -> [State] {
        var steps: [State] = []
        if state.stock > 0, let next = sale(in: state) { steps.append(settled(next)) }
        if let level = optionalLevel, state.optionalRestocks < optionalRestocks,
            state.stock < level
        {
            var next = state
            next.stock = level
            next.optionalRestocks += 1
            steps.append(settled(next))
        }
        for (slot, index) in slots.enumerated() {
            guard let index, state.done & (1 << slot) == 0 else { continue }
            var next = state
            next.done |= 1 << slot
            switch history.operations[index].effect {
            case .restocked(let level, let added) where added > 0 && state.stock == level - added:
                next.stock = level
            default: continue
            }
            steps.append(settled(next))
        }
        return steps
    }

    /// The state after one more sale: of those under way the one that ends first.
    private func sale(in state: State) -> State? {
        var next = state
        next.stock -= 1
        var earliest: (slot: Int, end: Int64)?
        for (slot, index) in slots.enumerated() {
            guard let index, state.done & (1 << slot) == 0 else { continue }
            let operation = history.operations[index]
            guard operation.isSale else { continue }
            if operation.end < earliest?.end ?? .max { earliest = (slot, operation.end) }
        }
        if let earliest {
            next.done |= 1 << earliest.slot
        } else if state.lateSales < lateSales {
            next.lateSales += 1
        } else if state.optionalSales < optionalSales {
            next.optionalSales += 1
        } else {
            return nil
        }
        return next
    }

    /// The same state, in which what changes nothing and fits has had its moment.
    private func settled(_ state: State) -> State {
        var state = state
        for (slot, index) in slots.enumerated() {
            guard let index else { continue }
            let fits =
                switch history.operations[index].effect {
                case .saw(let stock): state.stock == stock
                case .refused: state.stock == 0
                case .restocked(let level, added: 0): state.stock >= level
                case .sold, .restocked, .mayHaveSold, .mayHaveRestocked: false
                }
            if fits { state.done |= 1 << slot }
        }
        return state
    }

    private func explanation(of index: Int, before: Set<State>) -> String {
        let culprit = history.operations[index]
        let possible = reachableStocks(from: before).sorted()
        let around = history.operations.filter {
            $0.start <= culprit.end && $0.end >= culprit.start - 1_000_000_000
        }.sorted { $0.start < $1.start }.suffix(25)
        let origin = culprit.start
        let lines = around.map { operation in
            let start = Self.milliseconds(operation.start - origin)
            let end = operation.end == .max ? "…" : Self.milliseconds(operation.end - origin)
            return "    \(start) to \(end) ms: \(operation.effect) \(operation.label)"
        }
        return """
            \(culprit.effect) \(culprit.label) fits nowhere; by then the stock can have been \
            \(possible.map(String.init).joined(separator: ", ")). What went before it:
            \(lines.joined(separator: "\n"))
            """
    }

    private func reachableStocks(from start: Set<State>) -> Set<Int> {
        var stocks: Set<Int> = []
        _ = reachable(from: start) { state in
            stocks.insert(state.stock)
            return false
        }
        return stocks
    }

    private static func milliseconds(_ nanoseconds: Int64) -> String {
        let tenths = (Double(nanoseconds) / 100_000).rounded() / 10
        return "\(tenths)"
    }
}
