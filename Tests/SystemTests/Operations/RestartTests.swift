internal import ChildProcess
internal import Foundation
internal import Testing

/// What an operator does to a running store.
@Suite(.serialized)
struct RestartTests {
    @Test(.cluster(.pair.withLargeStock()))
    func `All servers are restarted one after another under load without a failed request`() throws
    {
        let store = Cluster.current
        for name in store.plan.serverNames { try store.waitForHealth(of: name) }
        let pids = store.plan.serverNames.map { store.pid(of: $0) }
        let lookups = LookupLoad(on: store, clients: 2)
        let buys = BuyLoad(on: store, clients: 4)
        try lookups.waitForMore(50)
        let result = try store.pygmy("restart")
        #expect(result.status == .exited(0), "\(result.errors)")
        try buys.waitForMore(20)
        let statuses = lookups.stop()
        let purchases = buys.stop()
        #expect(Set(statuses.keys) == [200], "\(statuses)")
        // 200 where nginx has repeated a buy whose first answer went with its front end.
        let kinds = Dictionary(grouping: purchases, by: \.statuses).mapValues(\.count)
        #expect(kinds.keys.allSatisfy { $0 == [201] || $0 == [200] }, "\(kinds)")
        for (name, old) in zip(store.plan.serverNames, pids) {
            #expect(store.pid(of: name) != old, "\(name)")
        }
        try store.audit(purchases, openingStock: 1_000_000)
    }

    @Test(.cluster(.pair))
    func `A server is left alone while the other of its kind is away`() throws {
        let store = Cluster.current
        try store.waitForHealth(of: "catalogServer2")
        let kept = try store.signal(SIGSTOP, to: "catalogServer1")
        defer { kill(kept, SIGCONT) }
        let other = store.pid(of: "catalogServer2")
        let result = try store.pygmy("restart", "--only", "catalogServer2")
        #expect(result.status == .exited(69))
        #expect(result.errors.contains("catalogServer1 does not serve"))
        #expect(store.pid(of: "catalogServer2") == other)
    }

    @Test(.cluster(.single))
    func `A server's log goes over to debug at SIGUSR1, and back, without a restart`() throws {
        let store = Cluster.current
        let pid = try store.signal(SIGUSR1, to: "catalogServer1")
        try eventually("the line about debug") {
            store.log(of: "catalogServer1").contains("the log's level is now debug")
        }
        try store.signal(SIGUSR1, to: "catalogServer1")
        try eventually("the line about info") {
            store.log(of: "catalogServer1").contains("the log's level is now info")
        }
        #expect(store.pid(of: "catalogServer1") == pid)
        #expect(try store.get("/lookup/1").status == 200)
        for name in store.plan.serverNames {
            #expect(!store.log(of: name).contains(store.clusterSecret))
            #expect(!store.log(of: name).contains(store.adminToken))
        }
    }
}
