import MonotonicTime
import Replication
import Synchronization
import Testing

@testable import ReplicaHost

@Suite("Pending proposals")
struct PendingProposalsTests {
    /// What a completion was called with, each time that it was.
    private final class Answers: Sendable {
        let all = Mutex<[[String]]>([])

        func take(_ results: [ProposalResult<Int>]) {
            let texts = results.map { result in
                switch result {
                case .applied(let outcome): "\(outcome)"
                case .rejected: "rejected"
                case .unknown: "unknown"
                }
            }
            all.withLock { $0.append(texts) }
        }

        var value: [[String]] { all.withLock { $0 } }
    }

    private let proposals = PendingProposals<Int>()
    private let answers = Answers()

    private func add(_ count: Int, until deadline: Int64 = 100) -> [UInt64] {
        Array(
            proposals.add(count: count, deadline: Instant(nanoseconds: deadline)) { [answers] in
                answers.take($0)
            })
    }

    private func committed(_ tickets: [UInt64?]) -> ArraySlice<CommittedEntry> {
        // As a part of a longer array, whose places are not counted from 0.
        ([nil] + tickets).enumerated().map { place, ticket in
            CommittedEntry(
                entry: Entry(index: UInt64(place), view: 1, keys: [], payload: []),
                ticket: ticket.map { Ticket($0) })
        }.dropFirst()
    }

    @Test("Those that were made together are answered together, once, in their order")
    func together() {
        let tickets = add(3)
        proposals.complete(Ticket(tickets[2]), .applied(30))
        proposals.complete(committed([tickets[0]]), [10])
        #expect(answers.value.isEmpty)
        proposals.complete(Ticket(tickets[2]), .unknown)
        proposals.complete(Ticket(tickets[1]), .rejected(.noLease))
        #expect(answers.value == [["10", "rejected", "30"]])
        proposals.complete(Ticket(tickets[1]), .applied(99))
        #expect(answers.value.count == 1)
    }

    @Test("Entries of several groups, and of none, find whoever waits for them")
    func several() {
        let (first, second) = (add(2), add(1))
        proposals.complete(
            committed([nil, first[0], second[0], first[1], nil]), [1, 2, 3, 4, 5])
        #expect(answers.value.count == 2)
        #expect(Set(answers.value) == [["2", "4"], ["3"]])
    }

    @Test("Where only the first entries were applied the others go on waiting")
    func first() {
        let tickets = add(2)
        proposals.complete(committed([tickets[0], tickets[1]]), [1])
        #expect(answers.value.isEmpty)
        proposals.complete(committed([tickets[1]]), [2])
        #expect(answers.value == [["1", "2"]])
    }

    @Test("When the time is over what is known is told, and the rest is unknown")
    func expired() {
        let tickets = add(2, until: 100)
        _ = add(1, until: 200)
        proposals.complete(Ticket(tickets[0]), .applied(1))
        proposals.expire(at: Instant(nanoseconds: 99))
        #expect(answers.value.isEmpty)
        proposals.expire(at: Instant(nanoseconds: 100))
        #expect(answers.value == [["1", "unknown"]])
        proposals.complete(Ticket(tickets[1]), .applied(2))
        #expect(answers.value.count == 1)
    }
}
