internal import Foundation
internal import Testing

/// Servers that were away come back while others buy, and are members again by themselves.
@Suite(.serialized)
struct RecoveryTests {
    /// How a server comes back.
    enum Return: String, CaseIterable, Sendable {
        /// Soon: what it lacks is in the others' logs.
        case soon
        /// So late that the logs do not reach back to where it was.
        case late
        /// Without what it had on its disk.
        case emptyHanded
    }

    /// Logs that forget early.
    static let plan = ClusterPlan.pair.with {
        $0.catalog = ClusterPlan.catalog(stock: 100_000)
        $0.restarts = false
        $0.settings["logRetention"] = .number(100)
    }

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
            try store.killServer(server)
            let away = try store.status(of: store.primary(kind)).appliedIndex
            try eventually("a view without \(server)") {
                try store.status(of: store.primary(kind)).members.count == 1
            }
            switch way {
            case .soon: try load.waitForMore(10)
            case .late:
                try eventually("more changes than are kept", within: .seconds(120)) {
                    try store.status(of: store.primary(kind)).appliedIndex > away + 600
                }
            case .emptyHanded:
                try FileManager.default.removeItem(atPath: store.dataFolder(of: server))
                try load.waitForMore(10)
            }
            try store.launchServer(server)
            try store.waitUntilWhole(within: .seconds(60))
            let copied = try said(by: server, of: store).contains("fetched a copy of the state")
            if way == .late { #expect(copied, "the log was still long enough") }
            if way == .soon { #expect(!copied, "the tail of the log was not enough") }
        }
        if way == .emptyHanded { try waitForVotes(in: store, load) }
        // What they got is all there is: they go on without those that gave it to them.
        for kind in ["catalogServer", "orderServer"] {
            try store.killServer(try store.primary(kind))
        }
        try load.waitForMore(50)
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        let numbers = Set(purchases.compactMap(\.orderNumber))
        #expect(numbers.count == purchases.count)
    }
}
