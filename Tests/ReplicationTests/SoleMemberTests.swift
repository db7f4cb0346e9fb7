import MonotonicTime
import Replication
import Testing

/// A replica with a disk that is done when it is told to be, and a clock that stands still.
struct Bench {
    var replica: Replica
    var now = Instant(nanoseconds: 1_000_000_000)
    var appends: [Token] = []
    var persists: [Token] = []
    var durable: [UInt8]?
    var log: [Entry] = []
    var applied: [CommittedEntry] = []
    var invalidations: [(id: RequestID, at: ServerName, keys: [UInt64])] = []
    var rejected: [Ticket: Rejection] = [:]
    var replies: [Message] = []

    init(
        configuration: Configuration, restored: Restored = Restored(identity: StoreIdentity(1)),
        seed: UInt64 = 1
    ) throws {
        replica = try Replica(
            configuration: configuration, restoring: restored, at: now, seed: seed)
    }

    mutating func handle(_ event: Event) {
        for effect in replica.handle(event, at: now) {
            switch effect {
            case .append(let token, let entries, _):
                appends.append(token)
                log.append(contentsOf: entries)
            case .persist(let token, let bytes):
                persists.append(token)
                durable = bytes
            case .apply(let entries): applied.append(contentsOf: entries)
            case .invalidate(let id, let name, let keys, _):
                invalidations.append((id, name, keys))
            case .reject(let ticket, let reason): rejected[ticket] = reason
            case .reply(_, let message): replies.append(message)
            default: break
            }
        }
    }

    mutating func finishDisk() {
        while !appends.isEmpty || !persists.isEmpty {
            if !persists.isEmpty { handle(.persisted(persists.removeFirst())) }
            if !appends.isEmpty { handle(.appended(appends.removeFirst())) }
        }
    }

    mutating func applyAll() {
        if let last = applied.last { handle(.applied(through: last.entry.index)) }
    }

    mutating func advance(_ span: Instant.Span) {
        now = now + span
        handle(.tick)
    }

    mutating func heartbeat(view: ViewNumber, from name: ServerName = "frontEndServer1")
        -> FrontEndReply?
    {
        let message = FrontEndHeartbeat(
            sender: name, incarnation: Incarnation(9), view: view, asksForLease: true)
        handle(.request(ExchangeID(1), from: name, .frontEndHeartbeat(message)))
        guard case .frontEndReply(let reply)? = replies.last else { return nil }
        return reply
    }

    static func sole(lessees: [ServerName] = []) -> Configuration {
        Configuration(
            group: "catalog", name: "catalogServer1", replicas: ["catalogServer1"],
            lessees: lessees)
    }

    static func proposal(_ number: UInt64, key: UInt64 = 1) -> Proposal {
        Proposal(ticket: Ticket(number), keys: [key], payload: [UInt8(truncatingIfNeeded: number)])
    }
}

@Suite struct SoleMemberTests {
    @Test("A sole member commits what it has logged, in order, with its tickets")
    func commits() throws {
        var bench = try Bench(configuration: Bench.sole())
        bench.handle(.tick)
        #expect(
            bench.replica.readPermission(touching: [1], at: bench.now) == .unavailable(.notReady))
        bench.finishDisk()
        #expect(bench.replica.role == .primary)
        bench.handle(.propose([Bench.proposal(1), Bench.proposal(2)]))
        #expect(bench.applied.isEmpty)
        bench.finishDisk()
        #expect(bench.applied.map(\.ticket) == [Ticket(1), Ticket(2)])
        #expect(bench.applied.map(\.entry.index) == [1, 2])
        #expect(
            bench.replica.readPermission(touching: [1], at: bench.now)
                == .serve(cacheable: false))
        #expect(
            bench.replica.readPermission(touching: [2], at: bench.now) == .serve(cacheable: true))
        bench.applyAll()
        #expect(
            bench.replica.readPermission(touching: [1], at: bench.now) == .serve(cacheable: true))
    }

    @Test("Operations that arrive during a write form one batch")
    func groups() throws {
        var bench = try Bench(configuration: Bench.sole())
        bench.handle(.tick)
        bench.finishDisk()
        bench.handle(.propose([Bench.proposal(1)]))
        for number in 2...9 { bench.handle(.propose([Bench.proposal(UInt64(number))])) }
        #expect(bench.log.count == 1)
        #expect(bench.appends.count == 1)
        bench.handle(.appended(bench.appends.removeFirst()))
        #expect(bench.appends.count == 1)
        #expect(bench.log.count == 9)
        bench.finishDisk()
        #expect(bench.applied.count == 9)
    }

    @Test("Nothing is applied before every front end with a lease has dropped it")
    func invalidatesFirst() throws {
        var bench = try Bench(
            configuration: Bench.sole(lessees: ["frontEndServer1", "frontEndServer2"]))
        bench.handle(.tick)
        bench.finishDisk()
        #expect(bench.heartbeat(view: 1)?.lease == .milliseconds(800))
        bench.handle(.propose([Bench.proposal(1, key: 7)]))
        #expect(bench.invalidations.isEmpty)
        bench.finishDisk()
        #expect(bench.invalidations.map(\.keys) == [[7]])
        #expect(bench.applied.isEmpty)
        bench.handle(.invalidated(bench.invalidations[0].id))
        #expect(bench.applied.count == 1)
    }

    @Test("A front end that does not answer holds a commit up no longer than its lease")
    func waitsForLease() throws {
        var bench = try Bench(configuration: Bench.sole(lessees: ["frontEndServer1"]))
        bench.handle(.tick)
        bench.finishDisk()
        _ = bench.heartbeat(view: 1)
        bench.handle(.propose([Bench.proposal(1)]))
        bench.finishDisk()
        bench.advance(.milliseconds(500))
        // It is alive in half: no lease is renewed to it while the invalidation is unanswered.
        #expect(bench.heartbeat(view: 1)?.lease == nil)
        #expect(bench.applied.isEmpty)
        bench.advance(.milliseconds(381))
        #expect(bench.applied.count == 1)
    }

    @Test("A sole member that restarts serves nothing until its earlier leases are over")
    func waitsAfterRestart() throws {
        let configuration = Bench.sole(lessees: ["frontEndServer1"])
        var first = try Bench(configuration: configuration)
        first.handle(.tick)
        first.finishDisk()
        _ = first.heartbeat(view: 1)
        first.handle(.propose([Bench.proposal(1)]))
        first.finishDisk()

        let restored = Restored(
            identity: StoreIdentity(1), state: first.durable, tail: first.log)
        var second = try Bench(configuration: configuration, restored: restored, seed: 2)
        second.handle(.tick)
        second.finishDisk()
        #expect(second.replica.view?.number == 2)
        #expect(second.applied.isEmpty)
        second.handle(.propose([Bench.proposal(2)]))
        #expect(second.rejected[Ticket(2)] == .notReady)
        second.advance(.milliseconds(881))
        #expect(second.applied.map(\.entry.index) == [1])
        second.applyAll()
        second.handle(.propose([Bench.proposal(3)]))
        second.finishDisk()
        #expect(second.applied.map(\.entry.view) == [1, 2])
    }

    @Test("The wait after a restart ends when every front end knows the new view")
    func endsWaitEarly() throws {
        let configuration = Bench.sole(lessees: ["frontEndServer1"])
        var first = try Bench(configuration: configuration)
        first.handle(.tick)
        first.finishDisk()
        let restored = Restored(identity: StoreIdentity(1), state: first.durable)
        var second = try Bench(configuration: configuration, restored: restored, seed: 2)
        second.handle(.tick)
        second.finishDisk()
        #expect(second.heartbeat(view: 1)?.lease == nil)
        #expect(second.heartbeat(view: 2)?.lease == .milliseconds(800))
        #expect(
            second.replica.readPermission(touching: [1], at: second.now)
                == .serve(cacheable: true))
    }

    @Test("A log that cannot be written commits nothing, rejects what comes, and goes on later")
    func survivesFullDisk() throws {
        var bench = try Bench(configuration: Bench.sole())
        bench.handle(.tick)
        bench.finishDisk()
        bench.handle(.propose([Bench.proposal(1)]))
        bench.handle(.appendFailed(bench.appends.removeFirst()))
        bench.handle(.propose([Bench.proposal(2)]))
        #expect(bench.rejected[Ticket(2)] == .diskFailure)
        bench.advance(.milliseconds(250))
        bench.finishDisk()
        #expect(bench.applied.map(\.ticket) == [Ticket(1)])
    }

    @Test("Other replicas of a group without a register forward to the first")
    func forwards() throws {
        let configuration = Configuration(
            group: "catalog", name: "catalogServer2",
            replicas: ["catalogServer1", "catalogServer2"])
        var bench = try Bench(configuration: configuration)
        bench.handle(.tick)
        #expect(
            bench.replica.readPermission(touching: [1], at: bench.now)
                == .forward(to: "catalogServer1"))
        bench.handle(.propose([Bench.proposal(1)]))
        #expect(bench.rejected[Ticket(1)] == .notPrimary(primary: "catalogServer1"))
    }
}
