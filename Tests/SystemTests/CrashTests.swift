internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// kill -9 at any moment under load: every answered buy is there once, and the books add up.
///
/// `PYGMY_CRASH_SEED` says with which seed victims and moments are drawn: a seed gives the same ones
/// again, as far as the machine's threads let it.
@Suite(.serialized)
struct CrashTests {
    private static let seed =
        ProcessInfo.processInfo.environment["PYGMY_CRASH_SEED"].flatMap { UInt64($0) }
        ?? .random(in: 1...999_999)

    /// What a test draws from, the same whichever others run; says with which seed.
    private func lottery(_ test: String = #function) -> Lottery {
        print("crash: seed \(Self.seed), \(test)")
        return Lottery(seed: Self.seed)
    }

    @Test(.cluster(.pair.withLargeStock()))
    func `Servers killed one after another under load lose nothing that was answered`() throws {
        let store = Cluster.current
        var random = lottery()
        let load = BuyLoad(on: store, clients: 8)
        var victims = store.plan.serverNames.shuffled(using: &random)
        victims += ["catalogServer1", "orderServer1"]
        for victim in victims {
            try load.waitForMore(30)
            let old = try store.signal(SIGKILL, to: victim)
            try store.waitForRestart(of: victim, after: old)
        }
        try load.waitForMore(30)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        try store.audit(purchases, openingStock: 1_000_000)
    }

    @Test(.cluster(.single.withLargeStock()), arguments: ["catalogServer1", "orderServer1"])
    func `One server killed over and over under load loses nothing that was answered`(
        _ victim: String
    ) throws {
        let store = Cluster.current
        var random = lottery()
        let load = BuyLoad(on: store, clients: 8)
        for _ in 0..<5 {
            // Sooner or later in the stream of buys, never at the same place.
            try load.waitForMore(Int.random(in: 5...60, using: &random))
            let old = try store.signal(SIGKILL, to: victim)
            try store.waitForRestart(of: victim, after: old)
        }
        try load.waitForMore(30)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        try store.audit(purchases, openingStock: 1_000_000)
    }

    @Test(.cluster(.twoFrontEnds.withLargeStock()))
    func `All servers killed at once under load lose nothing that was answered`() throws {
        let store = Cluster.current
        var random = lottery()
        let load = BuyLoad(on: store, clients: 8)
        for _ in 0..<2 {
            try load.waitForMore(Int.random(in: 20...80, using: &random))
            let pids = try store.plan.serverNames.map { name in
                try eventually("a process of \(name)") { store.pid(of: name) }
            }
            for pid in pids { kill(pid, SIGKILL) }
            for (name, pid) in zip(store.plan.serverNames, pids) {
                try store.waitForRestart(of: name, after: pid)
            }
        }
        try load.waitForMore(30)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        try store.audit(purchases, openingStock: 1_000_000)
    }

    @Test(.cluster(.pair.withLargeStock()))
    func `Everything killed at once, nginx and pygmy too, starts again and is whole`() throws {
        let store = Cluster.current
        var random = lottery()
        let load = BuyLoad(on: store, clients: 8)
        for _ in 0..<3 {
            try load.waitForMore(Int.random(in: 20...80, using: &random))
            try store.killEverything()
            try store.start()
        }
        try load.waitForMore(30)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        try store.audit(purchases, openingStock: 1_000_000)
        #expect(try store.stop() == .exited(0))
    }

    @Test(.cluster(.single))
    func `Workers that outlive their nginx do not keep their ports from its next start`() throws {
        let store = Cluster.current
        let isWorker = { (entry: ProcessEntry) in entry.commandLine.hasPrefix("nginx: worker") }
        try store.killEverything(but: isWorker)
        let workers = store.processes.filter(isWorker)
        #expect(!workers.isEmpty)
        try store.start()
        #expect(try store.buy(1, key: "afterwards").status == 201)
        let left = store.processes.map(\.pid)
        #expect(workers.allSatisfy { !left.contains($0.pid) })
    }

    @Test(.cluster(.single))
    func `What was sold and administered is there after an orderly restart`() throws {
        let store = Cluster.current
        let purchases = BuyLoad(on: store, clients: 4, limit: 5).finish()
        let withdrawn = try store.administer("DELETE", "/items/7")
        #expect(withdrawn.status == 204, "\(withdrawn.text)")
        let catalog = try store.administer("GET", "/catalog.csv").text
        let orders = try store.administer("GET", "/orders.csv").text
        #expect(try store.stop() == .exited(0))
        // The CSV file is read into an empty data directory, and never again.
        try store.write(ClusterPlan.catalog(stock: 3), to: "catalog.csv")
        try store.start()
        #expect(try store.administer("GET", "/catalog.csv").text == catalog)
        #expect(try store.administer("GET", "/orders.csv").text == orders)
        for purchase in purchases where purchase.orderNumber != nil {
            let replay = try store.buy(purchase.item, key: purchase.key)
            #expect(replay.status == 200)
            #expect(replay.text == purchase.answer?.text)
        }
    }
}
