internal import ChildProcess
internal import Foundation
internal import Testing

/// The voters of the view registers change one at a time, and the configuration after them.
@Suite(.serialized)
struct MembersTests {
    /// Writes the store's configuration with a second order server into a file.
    private func writeGrown(
        _ store: Cluster, _ port: Int, to name: String, settings changed: [String: String] = [:]
    ) throws {
        let old = try Data(contentsOf: URL(fileURLWithPath: "\(store.directory)/config.json"))
        var json = try #require(try JSONSerialization.jsonObject(with: old) as? [String: Any])
        json["orderServer2"] = "127.0.0.1:\(port)"
        var settings = try #require(json["settings"] as? [String: Any])
        settings.merge(changed) { $1 }
        json["settings"] = settings
        try JSONSerialization.data(withJSONObject: json)
            .write(to: URL(fileURLWithPath: "\(store.directory)/\(name)"))
    }

    @Test(.cluster(.twoFrontEnds))
    func `A configuration with other voters than there are is refused`() throws {
        let store = Cluster.current
        #expect(try store.buy(1, key: "before").status == 201)
        #expect(try store.stop() == .exited(0))
        try writeGrown(store, Ports.take(), to: "config.json")
        for (program, name) in [
            ("frontEndServer", "frontEndServer1"), ("catalogServer", "catalogServer1"),
            ("orderServer", "orderServer1"),
        ] {
            let run = try Command.run(
                Programs.path(program), [name, "--config", "config.json"],
                environment: store.environment, directory: store.directory)
            #expect(run.status == .exited(78))
            #expect(run.errors.contains("orderServer2"), "\(run.errors)")
            #expect(run.errors.contains("pygmy members"), "\(run.errors)")
        }
    }

    @Test(.cluster(.twoFrontEnds))
    func `A store that is stopped with an even number of voters starts again`() throws {
        let store = Cluster.current
        #expect(try store.buy(1, key: "before").status == 201)
        let change = try store.pygmy("members", "add", "frontEndServer2")
        #expect(change.status == .exited(0), "\(change.errors)")
        #expect(try store.stop() == .exited(0))
        try store.start()
        #expect(try store.buy(1, key: "before").status == 200)
        #expect(try store.buy(1, key: "after").status == 201)
        let back = try store.pygmy("members", "remove", "frontEndServer2")
        #expect(back.status == .exited(0), "\(back.errors)")
    }

    @Test(.cluster(.pair.with { $0.restarts = false }))
    func `A majority goes on whose voters the configuration does not all name`() throws {
        let store = Cluster.current
        try store.waitUntilWhole()
        let change = try store.pygmy("members", "add", "frontEndServer2")
        #expect(change.status == .exited(0), "\(change.errors)")
        #expect(try store.buy(1, key: "before").status == 201)
        // Four of six voters are left, and just three of the five that the configuration names.
        for server in try [store.primary("catalogServer"), store.primary("orderServer")] {
            try store.killServer(server)
        }
        #expect(try store.buy(1, key: "before").status == 200)
        #expect(try store.buy(1, key: "after").status == 201)
        #expect(try store.stock(of: 1) == 44)
    }

    @Test(
        .folder(.single),
        .enabled(if: HostNetwork.isPossible, "networks of hosts cannot be made here"))
    func `A server that is added votes first, and is a replica with the new configuration`()
        throws
    {
        let plan = ClusterPlan(frontEnds: 2, catalogs: 1, orders: 2)
        let newcomer = "orderServer2"
        let store = try HostCluster(
            plan, root: Cluster.current.directory + "/hosts", newcomer: newcomer)
        defer { store.end() }
        func buy(_ key: String) throws -> Int {
            try store.ask(
                store.publicDoors[0], "POST", "/buy/1", headers: ["Idempotency-Key": key]
            ).status
        }
        for name in store.serverNames { try store.startHost(of: name) }
        try eventually("a store without it", within: .seconds(60)) { try buy("before") < 300 }

        // With the fifth server, the front end that was left out to keep the number odd votes too.
        for name in [newcomer, "frontEndServer2"] {
            try eventually("the vote of \(name)", within: .seconds(60)) {
                let change = try store.pygmy(["members", "add", name], onHostOf: newcomer)
                guard change.status == .exited(0) else { throw HarnessError(change.errors) }
                return true
            }
        }
        #expect(try buy("meanwhile") == 201)

        for name in store.serverNames where name != newcomer {
            try store.renewHost(of: name)
            try eventually("\(name) to serve again", within: .seconds(60)) {
                try store.ask(store.endpoint(of: name), "GET", "/health").status == 200
            }
        }
        try store.waitUntilWhole(within: .seconds(60))
        // The new one is a whole server: it goes on without the other.
        try store.killServer("orderServer1")
        #expect(try buy("before") == 200)
        #expect(try buy("without the first") == 201)
    }
}
