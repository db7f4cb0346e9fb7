internal import ChildProcess
internal import Foundation
internal import Glibc

/// A running store with handles to harm it: on one machine (``Cluster``) or on many
/// (``HostCluster``).
protocol Stage: AnyObject, Sendable {
    var serverNames: [String] { get }
    /// Where the public finds the store.
    var publicDoors: [Endpoint] { get }
    /// A server's own address, with the secret that it wants to see there.
    func endpoint(of server: String) -> Endpoint
    var adminToken: String { get }
    /// The server's process; nil where none is alive.
    func pid(of server: String) -> pid_t?
    /// Starts a server that is down, and does not wait for it.
    func launchServer(_ server: String) throws
    /// The folder that the server keeps its data in.
    func dataFolder(of server: String) -> String
    /// The folders with the servers' logs.
    var logFolders: [String] { get }
    /// Runs `pygmy` where it finds the configuration.
    func pygmy(_ arguments: [String]) throws -> CommandResult
}

extension Stage {
    func servers(_ kind: String) -> [String] { serverNames.filter { $0.hasPrefix(kind) } }
    var frontEnds: [String] { servers("frontEndServer") }
    /// The catalog and order servers.
    var replicas: [String] { serverNames.filter { !$0.hasPrefix("frontEnd") } }

    /// Everywhere that a client may ask: the public listeners, and the front ends' own addresses.
    var doors: [Endpoint] { publicDoors + frontEnds.map(endpoint(of:)) }

    /// One request over a connection of its own.
    func ask(
        _ endpoint: Endpoint, _ method: String, _ target: String,
        headers: [String: String] = [:], timeout: Duration = .seconds(10)
    ) throws -> HTTPAnswer {
        try HTTPConnection(to: endpoint, timeout: timeout).request(
            method, target, headers: endpoint.headers.merging(headers) { $1 })
    }

    /// What an administrator reads, at the first public listener that gives it.
    func read(_ target: String) throws -> HTTPAnswer {
        var last: HTTPAnswer?
        for door in publicDoors {
            let answer = try? ask(
                door, "GET", target, headers: ["Authorization": "Bearer \(adminToken)"])
            if let answer, answer.status == 200 { return answer }
            last = answer ?? last
        }
        throw HarnessError("\(target): \(last.map { "\($0.status) \($0.text)" } ?? "no answer")")
    }

    // MARK: Harm

    /// kill -9, and waits until it is gone.
    func killServer(_ server: String) throws {
        let pid = try eventually("a process of \(server)") { self.pid(of: server) }
        kill(pid, SIGKILL)
        try eventually("the end of \(server)") { self.pid(of: server) != pid }
    }

    /// Stops a server in the middle of whatever it does.
    func pauseServer(_ server: String) throws {
        let pid = try eventually("a process of \(server)") { self.pid(of: server) }
        kill(pid, SIGSTOP)
        try eventually("\(server) at rest") { ProcessTable.entry(of: pid)?.state == "T" }
    }

    func resumeServer(_ server: String) {
        if let pid = pid(of: server) { kill(pid, SIGCONT) }
    }

    // MARK: Views

    /// What a catalog or order server says of itself.
    func status(of server: String) throws -> ReplicaReport {
        let answer = try ask(endpoint(of: server), "GET", "/status", timeout: .seconds(2))
        guard answer.status == 200 else {
            throw HarnessError("/status of \(server): \(answer.status) \(answer.text)")
        }
        return ReplicaReport(answer.json)
    }

    /// The primary of a kind of servers, as one says that takes writes.
    func primary(_ kind: String) throws -> String {
        try eventually("a primary \(kind)") {
            servers(kind).first { server in
                guard let status = try? status(of: server) else { return false }
                return status.role == "primary" && status.isWriting
            }
        }
    }

    /// A backup of a kind of servers that answers reads.
    func backup(_ kind: String) throws -> String {
        try eventually("a backup \(kind)") {
            servers(kind).first { server in
                guard let status = try? status(of: server) else { return false }
                return status.role == "backup" && status.isServing
            }
        }
    }

    /// What is missing until every server is up and a serving member; nil where nothing is.
    func shortcoming() throws -> String? {
        for kind in ["catalogServer", "orderServer"] {
            let names = servers(kind)
            for server in names {
                let status = try status(of: server)
                let view = "view \(status.view) \(status.members)"
                if status.members.sorted() != names.sorted() { return "\(server) is in \(view)" }
                if !status.isServing { return "\(server) does not serve in \(view)" }
                if status.role == "primary", !status.isWriting { return "\(server) cannot write" }
            }
        }
        for server in frontEnds {
            let health = try ask(endpoint(of: server), "GET", "/health", timeout: .seconds(2))
            if health.status != 200 { return "\(server): \(health.text)" }
        }
        return nil
    }

    /// Waits until every server is up and a serving member of its group's view.
    func waitUntilWhole(within limit: Duration = .seconds(60)) throws {
        try eventually("a whole store", within: limit) {
            if let shortcoming = try shortcoming() { throw HarnessError(shortcoming) }
            return true
        }
    }
}

/// The parts of `GET /status` that tests go by.
struct ReplicaReport: Sendable {
    var role: String
    var isServing: Bool
    var isWriting: Bool
    var view: Int
    var members: [String]
    var firstIndex: Int
    var lastIndex: Int
    var appliedIndex: Int
    var waitsFor: String?

    init(_ json: [String: Any]) {
        role = json["role"] as? String ?? ""
        isServing = json["serving"] as? Bool ?? false
        isWriting = json["writing"] as? Bool ?? false
        let view = json["view"] as? [String: Any] ?? [:]
        self.view = view["number"] as? Int ?? 0
        members = view["members"] as? [String] ?? []
        firstIndex = json["firstIndex"] as? Int ?? 0
        lastIndex = json["lastIndex"] as? Int ?? 0
        appliedIndex = json["appliedIndex"] as? Int ?? 0
        waitsFor = json["waitsFor"] as? String
    }
}
