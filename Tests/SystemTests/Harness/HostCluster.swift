internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Synchronization

/// A store with every server on a host of its own, each behind its own nginx, on a network that can
/// be cut (``HostNetwork``). Clients find it at both front ends' hosts.
final class HostCluster: Stage {
    let serverNames: [String]
    let network: HostNetwork
    let clusterSecret = "cluster-secret-of-the-tests-0123456789"
    let adminToken = "admin-token-of-the-tests-0123456789"

    private static let publicPort = 9000
    private static let serverPort = 9001

    private let root: String
    private let launched = LaunchedServers()
    private let ups = Mutex<[String: ChildProcess]>([:])

    /// The bytes of `config.json` with all servers in it.
    private let configuration: Data

    /// Makes the network and a folder for every host in `root`; starts nothing.
    /// - Parameter newcomer: a server that the others' configurations do not have yet.
    init(_ plan: ClusterPlan, root: String, newcomer: String? = nil) throws {
        self.root = root
        serverNames = plan.serverNames
        network = try HostNetwork(hosts: serverNames.count, serverPort: Self.serverPort)
        var configuration: [String: Any] = [:]
        for (index, name) in serverNames.enumerated() {
            configuration[name] = "\(HostNetwork.address(of: index + 1)):\(Self.serverPort)"
        }
        var settings: [String: Any] = [
            "listen": "0.0.0.0:\(Self.publicPort)", "dataDirectory": "data",
            "catalog": "catalog.csv",
        ]
        for (key, value) in plan.settings { settings[key] = value.json }
        configuration["settings"] = settings
        self.configuration = try JSONSerialization.data(
            withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
        if let newcomer { configuration[newcomer] = nil }
        let others = try JSONSerialization.data(
            withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
        for name in serverNames {
            let json = name == newcomer ? self.configuration : others
            try FileManager.default.createDirectory(
                atPath: folder(of: name), withIntermediateDirectories: true)
            try json.write(to: URL(fileURLWithPath: folder(of: name) + "/config.json"))
            try Data(plan.catalog.utf8).write(
                to: URL(fileURLWithPath: folder(of: name) + "/catalog.csv"))
        }
    }

    /// Starts `pygmy up` on every host and waits until the store is whole.
    func start() throws {
        for name in serverNames { try startHost(of: name) }
        try waitUntilWhole(within: .seconds(60))
    }

    /// Starts `pygmy up` on a server's host, and waits for nothing.
    func startHost(of name: String) throws {
        let words =
            host(of: name).entering + [
                Programs.path("pygmy"), "up", "--config", "config.json", "--no-restart",
            ]
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()), environment: environment,
            directory: folder(of: name), outputStem: "\(root)/up-\(name)")
        ups.withLock { $0[name] = process }
    }

    /// Restarts everything on a server's host, with a configuration that has all servers.
    func renewHost(of name: String) throws {
        guard let process = ups.withLock({ $0[name] }) else {
            throw HarnessError("nothing runs on the host of \(name)")
        }
        process.send(SIGTERM)
        _ = try process.waitForExit()
        try configuration.write(to: URL(fileURLWithPath: folder(of: name) + "/config.json"))
        try startHost(of: name)
    }

    /// Ends every process of every host, and removes the network. The folders stay.
    func end() {
        let running = ups.withLock { $0 }
        for process in running.values { process.send(SIGKILL) }
        for _ in 0..<500 {
            let left = ProcessTable.running().filter { $0.folder.hasPrefix(root + "/") }
            for entry in left { kill(entry.pid, SIGKILL) }
            for process in running.values { _ = process.exitStatus }
            for name in serverNames { _ = launched.process(of: name)?.exitStatus }
            if left.isEmpty { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        network.remove()
    }

    // MARK: Stage

    var publicDoors: [Endpoint] {
        frontEnds.map { name in
            Endpoint(
                name: "\(name)'s host", address: address(of: name), port: Self.publicPort,
                network: network.router)
        }
    }

    func endpoint(of server: String) -> Endpoint {
        Endpoint(
            name: server, address: address(of: server), port: Self.serverPort,
            network: network.router, headers: ["Authorization": "Bearer \(clusterSecret)"])
    }

    func pid(of server: String) -> pid_t? {
        if let pid = launched.pid(of: server) { return pid }
        let text = contents(of: "\(folder(of: server))/run/\(server).pid")
        guard let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)),
            ProcessTable.entry(of: pid) != nil
        else { return nil }
        return pid
    }

    func launchServer(_ server: String) throws {
        try launched.launch(
            server, in: folder(of: server), environment: environment,
            entering: host(of: server).entering)
    }

    func dataFolder(of server: String) -> String { "\(folder(of: server))/data/\(server)" }

    func pygmy(_ arguments: [String]) throws -> CommandResult {
        try pygmy(arguments, onHostOf: serverNames[0])
    }

    func pygmy(_ arguments: [String], onHostOf server: String) throws -> CommandResult {
        let words =
            network.router.entering + [Programs.path("pygmy")] + arguments
            + ["--config", "config.json"]
        return try Command.run(
            words[0], Array(words.dropFirst()), environment: environment,
            directory: folder(of: server))
    }

    var logFolders: [String] { serverNames.map { folder(of: $0) + "/log" } }

    // MARK: Hosts

    /// The number of a server's host, from 1.
    func hostNumber(of server: String) -> Int {
        guard let index = serverNames.firstIndex(of: server) else {
            preconditionFailure("no server \(server)")
        }
        return index + 1
    }

    private func host(of server: String) -> NetworkNamespace {
        network.hosts[hostNumber(of: server) - 1]
    }

    private func address(of server: String) -> String {
        HostNetwork.address(of: hostNumber(of: server))
    }

    private func folder(of server: String) -> String { "\(root)/\(server)" }

    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["PYGMY_CLUSTER_SECRET"] = clusterSecret
        environment["PYGMY_ADMIN_TOKEN"] = adminToken
        return environment
    }
}
