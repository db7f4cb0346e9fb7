import MonotonicTime
import Testing

@testable import Replication

/// A replica that joins, and the effects of what it is told.
private struct Joiner {
    static let one = Member(name: "one", identity: StoreIdentity(1))
    static let view = View(number: 5, members: [one], incarnation: Incarnation(1))

    var replica: Replica
    var now = Instant(nanoseconds: 1_000_000_000)
    /// The write of the log that is under way.
    var append: Token?

    init() throws {
        replica = try Replica(
            configuration: Configuration(
                group: "catalog", name: "two", replicas: ["one", "two"], acceptors: ["one", "two"]),
            restoring: Restored(identity: StoreIdentity(2)), at: now, seed: 1)
    }

    /// Handles an event after a while, with the small state durable at once.
    mutating func handle(_ event: Event, after span: Instant.Span = .zero) -> [Effect] {
        now = now + span
        var effects = replica.handle(event, at: now)
        for case .persist(let token, _) in effects {
            effects += replica.handle(.persisted(token), at: now)
        }
        for case .append(let token, _, _) in effects { append = token }
        return effects
    }

    /// The disk is full.
    mutating func failAppend() {
        if let append { _ = handle(.appendFailed(append)) }
    }

    /// The primary sends three entries.
    mutating func update(in view: View = Self.view) {
        let entries = (1...3).map { Entry(index: $0, view: 5, keys: [7], payload: [1]) }
        let update = Update(view: view, previous: .origin, entries: entries, commitIndex: 0)
        _ = handle(.request(ExchangeID(1), from: "one", .update(update)))
    }

    /// What was written to the log is durable.
    mutating func finishAppend() {
        if let append { _ = handle(.appended(append)) }
    }

    /// The primary asks for its lease.
    /// - Returns: whether it is granted.
    mutating func grants(_ exchange: UInt64) -> Bool {
        let heartbeat = Heartbeat(
            sender: Self.one, incarnation: Self.view.incarnation, view: Self.view,
            asksForLease: true, committed: .origin, lastIndex: 3)
        return handle(.request(ExchangeID(exchange), from: "one", .heartbeat(heartbeat))).contains {
            if case .reply(_, .heartbeatReply(let reply)) = $0 { reply.lease != nil } else { false }
        }
    }

    /// Tells of a fetched snapshot.
    /// - Returns: whether it is installed.
    mutating func installs(_ attempt: UInt64, at index: LogIndex) -> Bool {
        let place = LogPosition(index: index, view: 5)
        return handle(.snapshotFetched(attempt: attempt, place)).contains {
            if case .installSnapshot(attempt, place) = $0 { true } else { false }
        }
    }

    /// The primary has it fetch a snapshot.
    mutating func fetch() -> [Effect] {
        let reply = HeartbeatReply(
            sender: Self.one, view: Self.view, lease: nil, guidance: .fetchSnapshot)
        let effects = handle(.tick, after: .milliseconds(300))
        for case .request(let id, _, .heartbeat, _) in effects {
            return handle(.response(id, .heartbeatReply(reply)))
        }
        return []
    }
}

@Suite struct SnapshotTests {
    @Test("While a snapshot is installed nothing is written to the log that it replaces")
    func installsAlone() throws {
        var joiner = try Joiner()
        joiner.update()
        joiner.failAppend()
        let attempts = joiner.fetch().compactMap { effect -> UInt64? in
            if case .fetchSnapshot(let attempt, "one") = effect { attempt } else { nil }
        }
        let attempt = try #require(attempts.first)
        // The write that failed was repeated, and fails again; then the snapshot is there.
        joiner.failAppend()
        let place = LogPosition(index: 9, view: 5)
        let installs = joiner.handle(.snapshotFetched(attempt: attempt, place)).contains {
            if case .installSnapshot(attempt, place) = $0 { true } else { false }
        }
        #expect(installs)
        for _ in 0..<10 {
            for case .append in joiner.handle(.tick, after: .milliseconds(300)) {
                Issue.record("wrote to the log")
            }
        }
        _ = joiner.handle(.snapshotInstalled(attempt: attempt, place))
        let status = joiner.replica.status(at: joiner.now)
        #expect(status.lastIndex == 9)
        #expect(status.durableIndex == 9)
        #expect(status.waitsFor == "one, the primary, to bring it level", "and not its disk")
    }
}

@Suite struct LateSnapshotTests {
    private func attempt(_ effects: [Effect]) throws -> UInt64 {
        try #require(
            effects.compactMap { effect -> UInt64? in
                if case .fetchSnapshot(let attempt, "one") = effect { attempt } else { nil }
            }.first)
    }

    @Test(
        "A snapshot cuts off nothing that the same primary was answered, in whichever of its views")
    func keepsWhatWasAnswered() throws {
        var joiner = try Joiner()
        // The first answer tells it of the view.
        _ = joiner.fetch()
        let attempt = try attempt(joiner.fetch())
        joiner.update()
        joiner.finishAppend()
        // The same primary goes on without a third server, and still counts on three entries.
        let next = View(
            number: 6, members: [Joiner.one], incarnation: Joiner.view.incarnation)
        let news = Update(
            view: next, previous: LogPosition(index: 3, view: 5), entries: [], commitIndex: 0)
        _ = joiner.handle(.request(ExchangeID(2), from: "one", .update(news)))
        let isInstalled = joiner.installs(attempt, at: 2)
        #expect(!isInstalled)
        #expect(joiner.replica.status(at: joiner.now).lastIndex == 3)
    }

    @Test("Another primary counts on nothing that was answered before")
    func followsAnotherPrimary() throws {
        var joiner = try Joiner()
        joiner.update()
        joiner.finishAppend()
        let attempt = try attempt(joiner.fetch())
        let next = View(number: 6, members: [Joiner.one], incarnation: Incarnation(2))
        let news = Update(
            view: next, previous: LogPosition(index: 9, view: 6), entries: [], commitIndex: 0)
        _ = joiner.handle(.request(ExchangeID(2), from: "one", .update(news)))
        let isInstalled = joiner.installs(attempt, at: 2)
        #expect(isInstalled)
    }

    @Test("While a snapshot is installed no lease is granted, so that nobody is made a member")
    func grantsNothingMeanwhile() throws {
        var joiner = try Joiner()
        // The first answer tells it of the view.
        _ = joiner.fetch()
        let attempt = try attempt(joiner.fetch())
        joiner.update()
        joiner.finishAppend()
        let before = joiner.grants(2)
        let isInstalled = joiner.installs(attempt, at: 9)
        let meanwhile = joiner.grants(3)
        #expect(before && isInstalled && !meanwhile)
        _ = joiner.handle(.snapshotInstalled(attempt: attempt, LogPosition(index: 9, view: 5)))
        let afterwards = joiner.grants(4)
        #expect(afterwards)
    }
}

@Suite struct VoterChangeTests {
    static let members = ["a", "b", "c"].map {
        Member(name: ServerName($0), identity: StoreIdentity(1))
    }
    static let ballot = Ballot(round: 2, proposer: Incarnation(1))

    /// What a removal of `c` is to do when `b` has lost its disk and the others promise.
    @Test("Voters of whom no majority answers are not proposed")
    func proposesNoDeadVoters() {
        let settled = Ballot(round: 1, proposer: Incarnation(1))
        let view = View(number: 3, members: [Self.members[0]], incarnation: Incarnation(1))
        let value = AcceptedValue(
            ballot: settled, value: RegisterValue(view: view, acceptors: Self.members))
        var proposer = Proposer(
            ballot: Self.ballot, change: .remove("c"), configured: Self.members.map(\.name),
            settled: settled)
        let empty = Member(name: "b", identity: StoreIdentity(2))
        for (acceptor, accepted) in [
            (Self.members[0], value), (empty, nil), (Self.members[2], value),
        ] {
            let reply = RegisterReply(
                acceptor: acceptor, outcome: .promised(Self.ballot, accepted: accepted))
            guard case .wait = proposer.receive(reply, from: acceptor.name) else {
                Issue.record("proposed voters of whom one is left")
                return
            }
        }
        // With its disk, b would be the other one of two.
        var sound = Proposer(
            ballot: Self.ballot, change: .remove("c"), configured: Self.members.map(\.name),
            settled: settled)
        var proposes = false
        for acceptor in Self.members {
            let reply = RegisterReply(
                acceptor: acceptor, outcome: .promised(Self.ballot, accepted: value))
            if case .accept = sound.receive(reply, from: acceptor.name) { proposes = true }
        }
        #expect(proposes)
    }

    @Test(
        "A server that is no voter any more does not take over; what it was the primary of it may change"
    )
    func removedServerTakesNothingOver() {
        let settled = Ballot(round: 1, proposer: Incarnation(1))
        for primary in ["a", "c"] {
            let view = View(
                number: 3, members: [Self.members[primary == "a" ? 0 : 2]],
                incarnation: Incarnation(1))
            let value = AcceptedValue(
                ballot: settled,
                value: RegisterValue(view: view, acceptors: Array(Self.members[..<2])))
            let next = View(
                number: 4, members: [Self.members[2]], incarnation: Incarnation(2))
            var proposer = Proposer(
                ballot: Self.ballot, change: .succeed(3, next),
                configured: Self.members.map(\.name))
            var proposed: View?
            for acceptor in Self.members[..<2] {
                let reply = RegisterReply(
                    acceptor: acceptor, outcome: .promised(Self.ballot, accepted: value))
                if case .accept(let proposal, _) = proposer.receive(reply, from: acceptor.name) {
                    proposed = proposal.value.view
                }
            }
            #expect(proposed == (primary == "a" ? view : next))
        }
    }
}
