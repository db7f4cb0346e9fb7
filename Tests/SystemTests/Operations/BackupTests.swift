internal import ChildProcess
internal import Foundation
internal import Testing

/// A backup taken while the store sells, and a store made of it again.
@Suite(.serialized)
struct BackupTests {
    /// Stops the store and moves what it has on its disk out of the way, as after its loss.
    private func loseEverything(_ store: Cluster) throws {
        #expect(try store.stop() == .exited(0))
        try FileManager.default.moveItem(
            atPath: "\(store.directory)/data", toPath: "\(store.directory)/lost")
    }

    @Test(.cluster(.pair.withLargeStock()))
    func `A store that is lost as a whole is restored from a backup that was taken under load`()
        throws
    {
        let store = Cluster.current
        let before = BuyLoad(on: store, clients: 4, limit: 10).finish()
        let load = BuyLoad(on: store, clients: 4)
        try load.waitForMore(20)
        let backup = try store.pygmy("backup", "kept")
        #expect(backup.status == .exited(0), "\(backup.errors)")
        try load.waitForMore(20)
        let during = load.stop()
        #expect(during.allSatisfy { $0.orderNumber != nil })

        try loseEverything(store)
        let restored = try store.pygmy("restore", "kept")
        #expect(restored.status == .exited(0), "\(restored.errors)")
        try store.start()
        for name in store.plan.serverNames { try store.waitForHealth(of: name) }

        // Whatever was sold before the backup began is there, under the number that it had, and
        // nobody can buy it twice.
        let audit = try eventually("an order for each sale") {
            try store.auditByProgram()
            return try Audit(of: store)
        }
        #expect(audit.orders.count >= before.count)
        for purchase in before {
            let number = try #require(purchase.orderNumber)
            #expect(audit.orders.contains { $0.key == purchase.key && $0.number == number })
            let replay = try store.buy(purchase.item, key: purchase.key)
            #expect(replay.status == 200)
            #expect(replay.text == purchase.answer?.text)
        }
        let sold = Dictionary(grouping: audit.orders, by: \.item).mapValues(\.count)
        for item in 1...7 {
            #expect(audit.stock[item] == 1_000_000 - sold[item, default: 0])
        }
        // It goes on from there, with all of its servers.
        let after = BuyLoad(on: store, clients: 4, limit: 5).finish()
        #expect(after.allSatisfy { $0.orderNumber != nil })
        let victim = try store.signal(SIGKILL, to: "catalogServer1")
        #expect(try store.buy(1, key: "while one is dead").status == 201)
        try store.waitForRestart(of: "catalogServer1", after: victim)
        try store.auditByProgram()
    }

    @Test(.cluster(.pair))
    func `A server that comes to a restored store with an empty disk gets everything from it`()
        throws
    {
        let store = Cluster.current
        #expect(try store.buy(1, key: "before").status == 201)
        #expect(try store.pygmy("backup", "kept").status == .exited(0))
        try loseEverything(store)
        let restored = try store.pygmy(
            "restore", "kept", "--only", "catalogServer1", "orderServer1")
        #expect(restored.status == .exited(0), "\(restored.errors)")
        try store.start()
        for name in store.plan.serverNames { try store.waitForHealth(of: name) }
        #expect(try store.stock(of: 1) == 45)
        try store.auditByProgram()
        // The one that was restored goes: what the other has must be all there is.
        for name in ["catalogServer1", "orderServer1"] { try store.signal(SIGKILL, to: name) }
        #expect(try store.buy(1, key: "before").status == 200)
    }

    @Test(.cluster(.pair))
    func `A restored server cannot take a living store back to the time of the backup`() throws {
        let store = Cluster.current
        #expect(try store.pygmy("backup", "kept").status == .exited(0))
        #expect(try store.buy(1, key: "later").status == 201)
        let data = "\(store.directory)/data"
        // By a mistake, one server gets a disk from the backup while the others go on.
        #expect(try store.stop() == .exited(0))
        try FileManager.default.moveItem(
            atPath: "\(data)/catalogServer1", toPath: "\(store.directory)/lost")
        let restored = try store.pygmy("restore", "kept", "--only", "catalogServer1")
        #expect(restored.status == .exited(0), "\(restored.errors)")
        try store.start()
        try eventually("the store to answer") { try store.stock(of: 1) == 45 }
        let replay = try store.buy(1, key: "later")
        #expect(replay.status == 200)
        let fresh = try store.buy(1, key: "now")
        #expect(fresh.status == 201)
        #expect(try store.stock(of: 1) == 44)
    }

    @Test(.cluster(.single))
    func `A backup goes into no folder with something in it, and is restored over nothing`() throws
    {
        let store = Cluster.current
        #expect(try store.pygmy("backup", "kept").status == .exited(0))
        let again = try store.pygmy("backup", "kept")
        #expect(again.status == .exited(64))
        #expect(again.errorLines.count == 1)
        #expect(again.errors.contains("kept is not empty"))
        let over = try store.pygmy("restore", "kept")
        #expect(over.status == .exited(64))
        #expect(over.errorLines.count == 1)
        #expect(over.errors.contains("is not empty: stop"))
        #expect(try store.stock(of: 1) == 46)
    }

    @Test(.cluster(.single))
    func `A backup that a disk has changed is not restored`() throws {
        let store = Cluster.current
        #expect(try store.pygmy("backup", "kept").status == .exited(0))
        try loseEverything(store)
        let path = "\(store.directory)/kept/catalog.db"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let result = try store.pygmy("restore", "kept")
        #expect(result.status == .exited(65))
        #expect(result.errors.contains("catalog.db is damaged"))
        #expect(!FileManager.default.fileExists(atPath: "\(store.directory)/data/catalogServer1"))
    }

    @Test(.cluster(.single))
    func `Without a store there is no backup, and no half of one`() throws {
        let store = Cluster.current
        try store.stop()
        let result = try store.pygmy("backup", "kept")
        #expect(result.status == .exited(69))
        #expect(result.errorLines.count == 1)
        let left = try FileManager.default.contentsOfDirectory(atPath: store.directory)
        #expect(!left.contains { $0.hasPrefix("kept") })
    }
}
