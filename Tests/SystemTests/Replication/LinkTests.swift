internal import ChildProcess
internal import Foundation
internal import Testing

/// A link that is cut, between hosts that everybody else reaches.
@Suite(.serialized)
struct LinkTests {
    private static let plan = ClusterPlan.pair.withLargeStock().with { $0.restarts = false }

    @Test(
        .folder(plan),
        .enabled(if: HostNetwork.isPossible, "networks of hosts cannot be made here"),
        arguments: [true, false])
    func `Buys go on where the two primaries do not reach each other`(_ isCutBothWays: Bool)
        throws
    {
        let store = try HostCluster(Self.plan, root: Cluster.current.directory + "/hosts")
        defer { store.end() }
        try store.start()
        var turn = 0
        func buy(_ key: String) throws -> Bool {
            // By both front ends in turn.
            turn += 1
            let door = store.publicDoors[turn % store.publicDoors.count]
            let answer = try store.ask(
                door, "POST", "/buy/1", headers: ["Idempotency-Key": key])
            return answer.status == 200 || answer.status == 201
        }
        try eventually("a buy before", within: .seconds(60)) { try buy("before") }
        let order = try store.hostNumber(of: store.primary("orderServer"))
        let catalog = try store.hostNumber(of: store.primary("catalogServer"))
        try store.network.cut(.packets, from: order, to: [catalog])
        if isCutBothWays { try store.network.cut(.packets, from: catalog, to: [order]) }
        // Nobody has lost sight of a member of its group: there is no other primary to wait for.
        for number in 1...20 {
            try eventually("buy \(number)", within: .seconds(60)) { try buy("cut \(number)") }
        }
        try store.network.heal()
        try eventually("a buy afterwards", within: .seconds(60)) { try buy("after") }
        try eventually("an order for each", within: .seconds(60)) {
            let audit = try store.pygmy(["status", "--audit"])
            return audit.status == .exited(0) && audit.output.contains("sold 22\n")
        }
    }

    @Test(
        .folder(plan),
        .enabled(if: HostNetwork.isPossible, "networks of hosts cannot be made here"))
    func `A front end buys by the backup where it does not reach the orders' primary`() throws {
        let store = try HostCluster(Self.plan, root: Cluster.current.directory + "/hosts")
        defer { store.end() }
        try store.start()
        let name = "frontEndServer1"
        // By its own nginx, which knows no other front end that would help it out.
        let door = try #require(store.publicDoors.first)
        func buy(_ key: String) throws -> Bool {
            let answer = try store.ask(
                door, "POST", "/buy/1", headers: ["Idempotency-Key": key])
            return answer.status == 200 || answer.status == 201
        }
        try eventually("a buy before", within: .seconds(60)) { try buy("before") }
        let primary = try store.primary("orderServer")
        try store.network.cut(
            .packets, from: store.hostNumber(of: primary), to: [store.hostNumber(of: name)])
        for number in 1...20 {
            try eventually("buy \(number)", within: .seconds(60)) { try buy("cut \(number)") }
        }
        #expect(try store.primary("orderServer") == primary, "nobody else has lost sight of it")
        try store.network.heal()
        try eventually("a buy afterwards", within: .seconds(60)) { try buy("after") }
        try eventually("an order for each", within: .seconds(60)) {
            let audit = try store.pygmy(["status", "--audit"])
            return audit.status == .exited(0) && audit.output.contains("sold 22\n")
        }
    }
}
