internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Synchronization

/// All servers on one machine, behind one nginx.
extension Cluster: Stage {
    var serverNames: [String] { plan.serverNames }
    var publicDoors: [Endpoint] { [Endpoint(name: "listen", port: port)] }

    func endpoint(of server: String) -> Endpoint {
        Endpoint(
            name: server, port: port(of: server),
            headers: ["Authorization": "Bearer \(clusterSecret)"])
    }

    func dataFolder(of server: String) -> String { "\(directory)/data/\(server)" }

    var logFolders: [String] { ["\(directory)/log"] }

    func pygmy(_ arguments: [String]) throws -> CommandResult {
        try Command.run(
            Programs.path("pygmy"), arguments + ["--config", "config.json"],
            environment: environment, directory: directory)
    }

    /// Starts a server beside `pygmy up`, which leaves dead what dies (`--no-restart`).
    func launchServer(_ server: String) throws {
        try launched.launch(server, in: directory, environment: environment, entering: [])
    }
}

/// The servers that the tests have started themselves.
final class LaunchedServers: Sendable {
    private struct State {
        var running: [String: ChildProcess] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    func launch(
        _ server: String, in directory: String, environment: [String: String], entering: [String]
    ) throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        let words =
            entering + [
                Programs.path(server.filter { !$0.isNumber }), server, "--config", "config.json",
            ]
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()), environment: environment, directory: directory,
            outputStem: "\(directory)/log/\(server)-\(number)")
        state.withLock { $0.running[server] = process }
    }

    /// The process that was started last for a server, if it is alive.
    func pid(of server: String) -> pid_t? {
        guard let process = process(of: server), process.exitStatus == nil else { return nil }
        return process.pid
    }

    func process(of server: String) -> ChildProcess? { state.withLock { $0.running[server] } }
}
