internal import ChildProcess
internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

/// Servers that were away come back while others buy, and are members again by themselves.
@Suite(.serialized)
struct RecoveryTests {
    /// How a server comes back.
    enum Return: String, CaseIterable, Sendable {
        /// With what it had, however little of it the others' logs go on from.
        case asItWas
        /// Without what it had on its disk.
        case emptyHanded
    }

    static let plan = ClusterPlan.pair.with {
        $0.catalog = ClusterPlan.catalog(stock: 100_000)
        $0.restarts = false
    }

    /// Logs that forget early.
    static let forgetfulPlan = plan.with { $0.settings["logRetention"] = .number(100) }

    /// Waits until both registers count those with new disks, without whose votes there would be no
    /// majority next.
    private func waitForVotes(in store: Cluster, _ load: BuyLoad) throws {
        for kind in ["catalogServer", "orderServer"] {
            let primary = try store.primary(kind)
            for other in ["catalogServer", "orderServer"] {
                let name = try store.backup(other)
                try eventually("a vote of \(name)") {
                    store.log(of: primary).contains("\(name) has an empty acceptor")
                }
            }
        }
        try load.waitForMore(100)
    }

    /// What a server has logged since the test started it.
    private func said(by server: String, of store: Cluster) throws -> String {
        let folder = "\(store.directory)/log"
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix("\(server)-") }
            .map { contents(of: "\(folder)/\($0)") }.joined()
    }

    /// Kills the backup of a group, and starts it again when the others are ready for it.
    private func takeAway(
        _ kind: String, of store: Cluster, _ load: BuyLoad,
        until isReady: (_ last: Int) throws -> Void
    ) throws -> String {
        let server = try store.backup(kind)
        try store.killServer(server)
        // What it has at most.
        let last = try store.status(of: store.primary(kind)).lastIndex
        try eventually("a view without \(server)") {
            try store.status(of: store.primary(kind)).members.count == 1
        }
        try load.waitForMore(10)
        try isReady(last)
        try store.launchServer(server)
        try store.waitUntilWhole(within: .seconds(60))
        return server
    }

    /// What the others got is all there is: they go on without those that gave it to them.
    private func check(_ store: Cluster, _ load: BuyLoad) throws {
        for kind in ["catalogServer", "orderServer"] {
            try store.killServer(try store.primary(kind))
        }
        try load.waitForMore(50)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        let numbers = Set(purchases.compactMap(\.orderNumber))
        #expect(numbers.count == purchases.count)
    }

    @Test(.cluster(plan), arguments: Return.allCases)
    func `A server that was away is a member again, under load and by itself`(
        _ way: Return
    ) throws {
        let store = Cluster.current
        try store.waitUntilWhole(within: .seconds(60))
        let load = BuyLoad(on: store, clients: 4)
        try load.waitForMore(50)
        for kind in ["catalogServer", "orderServer"] {
            let server = try store.backup(kind)
            let returned = try takeAway(kind, of: store, load) { _ in
                if way == .emptyHanded {
                    try FileManager.default.removeItem(atPath: store.dataFolder(of: server))
                }
            }
            #expect(returned == server)
            if way == .asItWas {
                let copied = try said(by: server, of: store).contains("fetched a copy of the state")
                #expect(!copied, "the tail of the log was not enough")
            }
        }
        if way == .emptyHanded { try waitForVotes(in: store, load) }
        try check(store, load)
    }

    @Test(.cluster(forgetfulPlan))
    func `A server that was away for longer than the logs reach back gets a copy`() throws {
        let store = Cluster.current
        try store.waitUntilWhole(within: .seconds(60))
        let load = BuyLoad(on: store, clients: 4)
        try load.waitForMore(50)
        for kind in ["catalogServer", "orderServer"] {
            let server = try takeAway(kind, of: store, load) { last in
                try eventually("the log forgets what the server lacks", within: .seconds(120)) {
                    try store.status(of: store.primary(kind)).firstIndex > last + 1
                }
            }
            let copied = try said(by: server, of: store).contains("fetched a copy of the state")
            #expect(copied, "the log was still long enough")
        }
        try check(store, load)
    }

    @Test(.cluster(plan), arguments: ["catalogServer", "orderServer"])
    func `A primary that takes long to end has left its place before`(_ kind: String) throws {
        let store = Cluster.current
        try store.waitUntilWhole()
        let primary = try store.primary(kind)
        let held = try HeldConnection(to: "\(store.directory)/run/\(primary).sock")
        let process = try store.signal(SIGTERM, to: primary)
        try eventually("another primary") { try store.primary(kind) != primary }
        #expect(store.pid(of: primary) == process, "it has ended already")
        held.end()
        try eventually("its end") { store.pid(of: primary) == nil }
        #expect(try store.buy(1, key: "afterwards").status == 201)
    }

    @Test(.cluster(plan), arguments: ["catalogServer", "orderServer"])
    func `A primary that nobody reaches any more leaves its place, though it reaches the others`(
        _ kind: String
    ) throws {
        let store = Cluster.current
        try store.waitUntilWhole()
        let primary = try store.primary(kind)
        let process = store.pid(of: primary)
        unlink("\(store.directory)/run/\(primary).sock")
        try eventually("another primary") { try store.primary(kind) != primary }
        let answer = try store.buy(1, key: "meanwhile")
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try store.get("/lookup/2").status == 200)
        #expect(store.pid(of: primary) == process)
        try store.killServer(primary)
        try store.launchServer(primary)
        try store.waitUntilWhole()
    }
}

/// A connection to a server's FastCGI socket on which nothing is said: the server waits for its end
/// before it ends itself.
private struct HeldConnection {
    private let descriptor: Int32

    init(to path: String) throws { descriptor = try connectedSocket(to: path) }

    func end() { close(descriptor) }
}
