internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Synchronization

/// A store of its own in a folder of its own: `config.json`, `pygmy up`, nginx and the servers.
final class Cluster: Sendable {
    let plan: ClusterPlan
    /// The folder with `config.json`, where `pygmy` is started.
    let directory: String
    /// The public port.
    let port: Int
    /// The port of every server's own address, by name.
    let serverPorts: [String: Int]
    let clusterSecret = "cluster-secret-of-the-tests-0123456789"
    let adminToken = "admin-token-of-the-tests-0123456789"

    private let root: String
    private let up = Mutex<ChildProcess?>(nil)
    private let sessions = Mutex<[pid_t]>([])
    private let starts = Mutex(0)
    /// What was started beside `pygmy up`.
    let launched = LaunchedServers()

    /// Writes the folder; starts nothing.
    init(_ plan: ClusterPlan) throws {
        self.plan = plan
        let template = strdup("/tmp/pygmy-XXXXXX")
        defer { free(template) }
        guard let template, mkdtemp(template) != nil else {
            throw HarnessError("no temporary folder")
        }
        chmod(template, 0o755)
        root = String(cString: template)
        directory = root + "/" + plan.folder
        port = Ports.take()
        serverPorts = Dictionary(
            uniqueKeysWithValues: plan.serverNames.map { ($0, Ports.take()) })
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try write(plan.catalog, to: "catalog.csv")
        try writeConfiguration()
        if let user = plan.user {
            let chown = try Command.run("/bin/chown", ["-R", user, root])
            guard chown.status == .exited(0) else { throw HarnessError(chown.errors) }
        }
    }

    /// Writes `config.json`, with settings that go before the plan's.
    func writeConfiguration(_ changed: [String: ClusterPlan.Setting] = [:]) throws {
        var configuration: [String: Any] = [:]
        for (name, port) in serverPorts {
            configuration[plan.spelling(of: name)] = "127.0.0.1:\(port)"
        }
        var settings: [String: Any] = [
            "listen": "127.0.0.1:\(port)", "dataDirectory": "data", "catalog": "catalog.csv",
        ]
        for (key, value) in plan.settings.merging(changed, uniquingKeysWith: { $1 }) {
            settings[key] = value.json
        }
        configuration["settings"] = settings
        let json = try JSONSerialization.data(
            withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
        try json.write(to: URL(fileURLWithPath: directory + "/config.json"))
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + name))
    }

    /// What every program of the cluster has in its environment.
    var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["PYGMY_CLUSTER_SECRET"] = plan.hasSecrets ? clusterSecret : nil
        environment["PYGMY_ADMIN_TOKEN"] = plan.hasSecrets ? adminToken : nil
        return environment
    }

    // MARK: Running

    /// Starts `pygmy up` and waits for the line in which it says where to look.
    @discardableResult
    func start(_ arguments: [String] = []) throws -> ChildProcess {
        let process = try launch(arguments)
        let url = "http://127.0.0.1:\(port)/"
        try eventually("the ready line of pygmy up", within: .seconds(60)) {
            if let ending = process.exitStatus {
                throw HarnessError("pygmy up ended (\(ending)): \(process.output)\(process.errors)")
            }
            return process.output.contains(url)
        }
        return process
    }

    /// Starts `pygmy up` and waits for nothing.
    func launch(_ arguments: [String] = []) throws -> ChildProcess {
        let number = starts.withLock { starts in
            starts += 1
            return starts
        }
        var program = Programs.path("pygmy")
        var words = ["up", "--config", "config.json"] + arguments
        if !plan.restarts { words.append("--no-restart") }
        if let user = plan.user {
            // Unlike runuser, it becomes the program and does not stand between us and it.
            guard let group = getpwnam(user)?.pointee.pw_gid else {
                throw HarnessError("there is no user \(user)")
            }
            words = ["--reuid", user, "--regid", "\(group)", "--clear-groups", program] + words
            program = "/usr/bin/setpriv"
        }
        let process = try ChildProcess(
            program, words, environment: environment, directory: directory,
            outputStem: "\(root)/up-\(number)")
        up.withLock { $0 = process }
        sessions.withLock { $0.append(process.pid) }
        return process
    }

    /// The `pygmy up` that was started last.
    var running: ChildProcess? { up.withLock { $0 } }

    /// Stops `pygmy up` as a service manager would, and waits for its end.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) throws -> ChildProcess.ExitStatus {
        guard let process = up.withLock({ $0 }) else { throw HarnessError("nothing is running") }
        process.send(signal)
        return try process.waitForExit()
    }

    /// What is alive of this cluster: by its session, its command line or its working folder, so
    /// that a process which has left one of them is still found.
    var processes: [ProcessEntry] {
        let sessions = sessions.withLock { $0 }
        return ProcessTable.running().filter { entry in
            entry.pid != getpid()
                && (sessions.contains(entry.session) || entry.folder == directory
                    || entry.commandLine.contains(directory + "/"))
        }
    }

    /// Ends everything of this cluster, whatever state it is in, and removes its folder.
    func end() {
        if let process = up.withLock({ $0 }), process.exitStatus == nil {
            for entry in processes { kill(entry.pid, SIGCONT) }
            process.send(SIGTERM)
            _ = try? process.waitForExit(within: .seconds(15))
        }
        for _ in 0..<500 {
            let left = processes
            for entry in left { kill(entry.pid, SIGKILL) }
            _ = up.withLock { $0 }?.exitStatus
            if left.isEmpty { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        if ProcessInfo.processInfo.environment["PYGMY_TEST_KEEP"] == nil {
            try? FileManager.default.removeItem(atPath: root)
        }
    }

    /// Ends every process at once, as a power cut does (but for what the disk has been told).
    /// - Parameter isSpared: what is left alive.
    func killEverything(but isSpared: (ProcessEntry) -> Bool = { _ in false }) throws {
        // All are stopped first, so that nothing is restarted or noticed between two kills.
        let entries = processes.filter { !isSpared($0) }
        for entry in entries { kill(entry.pid, SIGSTOP) }
        // Parents last: where one dies, the kernel lets those that it started go on, to end in
        // order.
        for entry in entries.reversed() { kill(entry.pid, SIGKILL) }
        try eventually("the end of every process") {
            _ = up.withLock { $0 }?.exitStatus
            return processes.allSatisfy(isSpared)
        }
    }

    // MARK: Single servers

    /// The process id of what a test started, or in `run/NAME.pid`; nil where none is alive.
    func pid(of name: String) -> pid_t? {
        if let pid = launched.pid(of: name) { return pid }
        let text = contents(of: "\(directory)/run/\(name).pid")
        guard let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            return nil
        }
        return ProcessTable.entry(of: pid) == nil ? nil : pid
    }

    /// Sends a server a signal and gives the process id that it went to.
    @discardableResult
    func signal(_ signal: Int32, to name: String) throws -> pid_t {
        let pid = try eventually("a process of \(name)") { self.pid(of: name) }
        kill(pid, signal)
        return pid
    }

    /// Waits until another process than `old` runs the server, and it says that it is healthy.
    func waitForRestart(of name: String, after old: pid_t) throws {
        try eventually("a new \(name)") { self.pid(of: name).map { $0 != old } ?? false }
        try waitForHealth(of: name)
    }

    func waitForHealth(of name: String) throws {
        try eventually("the health of \(name)") {
            try self.request("GET", "/health", server: name).status == 200
        }
    }

    /// The lines of nginx's logs that tell of some requests, for a failure's message. nginx writes
    /// them within a second.
    func nginxLog(where isWanted: (String) -> Bool) -> String {
        let found = try? eventually("lines in the logs", within: .seconds(3)) { () -> String? in
            let lines = ["nginx-access.log", "nginx.log"]
                .flatMap { contents(of: "\(directory)/log/\($0)").split(separator: "\n") }
                .map(String.init).filter(isWanted)
            return lines.isEmpty ? nil : lines.joined(separator: "\n")
        }
        return found ?? ""
    }

    /// A server's log, as `pygmy up` keeps it.
    func log(of name: String) -> String { contents(of: "\(directory)/log/\(name).log") }
}
