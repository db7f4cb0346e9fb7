internal import Bookstore
internal import MonotonicTime
internal import Replication
internal import Synchronization

/// The proposals whose outcomes somebody waits for.
///
/// Those that were made together are answered together. What is done for each of them is compiled
/// for both groups' outcomes: this is on the path of every buy, and code that finds out what an
/// outcome is while it runs takes several times as long.
final class PendingProposals<Outcome: Sendable>: Sendable {
    /// Called once with a result for each, in their order, on a thread that it must not hold up.
    typealias Completion = @Sendable ([ProposalResult<Outcome>]) -> Void

    /// Proposals that were made together.
    private struct Group {
        let deadline: Instant
        let completion: Completion
        var results: [ProposalResult<Outcome>?]
        var missing: Int

        /// Sets a result unless there is one.
        mutating func set(_ place: Int, to result: ProposalResult<Outcome>) {
            guard results.indices.contains(place), results[place] == nil else { return }
            results[place] = result
            missing -= 1
        }

        /// All results; those that are not known yet are said to be unknown.
        var all: [ProposalResult<Outcome>] {
            var all: [ProposalResult<Outcome>] = []
            all.reserveCapacity(results.count)
            for result in results { all.append(result ?? .unknown) }
            return all
        }
    }

    private struct State {
        var groups: [UInt64: Group] = [:]
        var lastGroup: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A ticket's number is that of its group, and in so many of its lowest bits its place there.
    private static var placeBits: UInt64 { 24 }

    /// Waits for the outcomes of so many proposals, one at least.
    /// - Returns: their tickets.
    func add(
        count: Int, deadline: Instant, completion: @escaping Completion
    ) -> Range<UInt64> {
        precondition(count < 1 << Self.placeBits, "so many proposals are not made together")
        let number = state.withLock { state in
            state.lastGroup += 1
            state.groups[state.lastGroup] = Group(
                deadline: deadline, completion: completion,
                results: Array(repeating: nil, count: count), missing: count)
            return state.lastGroup
        }
        let first = number << Self.placeBits
        return first..<first + UInt64(count)
    }

    /// Takes the result of one proposal.
    @_specialize(where Outcome == CatalogOutcome)
    @_specialize(where Outcome == OrderOutcome)
    func complete(_ ticket: Ticket, _ result: ProposalResult<Outcome>) {
        finish { state in
            let number = ticket.number >> Self.placeBits
            state.groups[number]?.set(Self.place(of: ticket), to: result)
            return [number]
        }
    }

    /// Takes the outcomes of the first of some entries, which were applied; those that nobody here
    /// proposed have no ticket.
    @_specialize(where Outcome == CatalogOutcome)
    @_specialize(where Outcome == OrderOutcome)
    func complete(_ entries: ArraySlice<CommittedEntry>, _ outcomes: [Outcome]) {
        finish { state in
            var touched: [UInt64] = []
            for index in outcomes.indices {
                guard let ticket = entries[entries.startIndex + index].ticket else { continue }
                let number = ticket.number >> Self.placeBits
                state.groups[number]?.set(
                    Self.place(of: ticket), to: .applied(outcomes[index]))
                if touched.last != number { touched.append(number) }
            }
            return touched
        }
    }

    /// Ends the proposals whose time is over.
    func expire(at now: Instant) {
        let late = state.withLock { state -> [Group] in
            let numbers = state.groups.filter { $0.value.deadline <= now }.keys
            return numbers.compactMap { state.groups.removeValue(forKey: $0) }
        }
        for group in late { group.completion(group.all) }
    }

    /// Has some groups' results set, and answers those that have all.
    @inline(__always)
    private func finish(_ change: (inout State) -> [UInt64]) {
        let finished = state.withLock { state -> [Group] in
            var finished: [Group] = []
            for number in change(&state) where state.groups[number]?.missing == 0 {
                if let group = state.groups.removeValue(forKey: number) { finished.append(group) }
            }
            return finished
        }
        for group in finished { group.completion(group.all) }
    }

    @inline(__always)
    private static func place(of ticket: Ticket) -> Int {
        Int(ticket.number & (1 << placeBits - 1))
    }
}
