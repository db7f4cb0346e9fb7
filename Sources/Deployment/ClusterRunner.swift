public import API
import Glibc

/// Does what the `Supervisor` says, with real processes, files, signals and time.
///
/// One thread: it sleeps in `sigtimedwait` until a child ends, somebody wants the end, or something
/// is due. It must be the thread that lives as long as the process, for children are told to die
/// with the thread that started them.
public struct ClusterRunner {
    /// What is to run.
    public struct Plan: Sendable {
        /// The servers of this machine.
        public let site: Site
        /// Those of them that are to be started; nginx always is.
        public let servers: [Configuration.Server]
        /// The absolute path of the configuration, which servers are given.
        public let configurationPath: String
        /// Whether what dies is started again.
        public let restarts: Bool
        /// What servers are given beside their names and the configuration.
        public let serverArguments: [String]

        /// Whether clients will find the store here.
        public var receivesClients: Bool {
            site.receivesClients && servers.contains { $0.id.kind == .frontEnd }
        }

        /// A plan.
        public init(
            site: Site, servers: [Configuration.Server], configurationPath: String, restarts: Bool,
            serverArguments: [String] = []
        ) {
            self.site = site
            self.servers = servers
            self.configurationPath = configurationPath
            self.restarts = restarts
            self.serverArguments = serverArguments
        }
    }

    /// Tells the person who is watching.
    public typealias Report = (String) -> Void

    static let nginx = "nginx"

    let plan: Plan
    let report: Report
    /// Held as long as this lives.
    private let lock: RunLock
    private let launches: [String: Launch]
    private let stale: StaleProcesses
    private var supervisor: Supervisor
    private var pids: [String: pid_t] = [:]
    private let start = ContinuousClock.now

    /// Prepares everything up to the first start: folders, the lock, what an earlier run left
    /// behind, free ports, programs, nginx's configuration.
    public init(_ plan: Plan, report: @escaping Report) throws(UpFault) {
        self.plan = plan
        self.report = report
        // Before any other thread is there to take them.
        var signals = ClusterRunner.signals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let configuration = plan.site.configuration
        do throws(FilesystemFault) {
            try Filesystem.makeFolder(configuration.runDirectory)
            try Filesystem.makeFolder(configuration.logDirectory)
            try Filesystem.makeFolder(configuration.absolute(configuration.settings.dataDirectory))
        } catch {
            throw .unavailable("\(error)")
        }
        lock = try RunLock(runDirectory: configuration.runDirectory)
        stale = StaleProcesses(
            runDirectory: configuration.runDirectory, folder: configuration.folder)
        if let fault = stale.end() { throw .unavailable(fault) }
        stale.removeFiles()
        for (key, address) in plan.site.listeners {
            if let fault = PortCheck.fault(at: address, patience: 5) {
                throw .unavailable("\(key): \(fault)")
            }
        }
        launches = try Preparation(plan).launches()
        supervisor = Supervisor(ClusterRunner.processes(of: plan), restarts: plan.restarts)
    }

    private static func processes(of plan: Plan) -> [Supervisor.Process] {
        let nginx = Supervisor.Process(
            name: nginx, stage: 3, stopSignal: .quit, stopTime: .milliseconds(1000))
        return [nginx]
            + plan.servers.reversed().map { server in
                let stage =
                    switch server.id.kind {
                    case .frontEnd: 0
                    case .order: 1
                    case .catalog: 2
                    }
                // In all less than the ten seconds that a stop may take.
                let time: Duration = .seconds(server.id.kind == .frontEnd ? 4 : 2)
                return Supervisor.Process(
                    name: server.id.name, stage: stage, stopSignal: .terminate, stopTime: time)
            }
    }

    /// Runs until SIGINT, SIGTERM or SIGHUP, and then until everything has ended. `probe` says
    /// whether the store answers, and is asked ten times a second until it does; `whenReady` is
    /// called then, once.
    public mutating func run(
        probe: () -> Bool, whenReady: () -> Void
    ) throws(UpFault) {
        signal(SIGPIPE, SIG_IGN)
        // Children inherit it: sockets' paths are short only from there.
        guard chdir(plan.site.configuration.folder) == 0 else {
            throw .unavailable("\(FilesystemFault(plan.site.configuration.folder, "chdir"))")
        }
        var isReady = false
        perform(supervisor.begin(at: now))
        while !supervisor.isFinished {
            let received = wait(atMost: isReady ? .seconds(60) : .milliseconds(100))
            if received != SIGCHLD, received > 0 {
                perform(supervisor.stop(at: now))
                isReady = true
            }
            reap()
            perform(supervisor.tick(at: now))
            if !isReady, !supervisor.hasGivenUp, probe() {
                isReady = true
                supervisor.becameReady()
                whenReady()
            }
        }
        stale.removeFiles()
        if supervisor.hasGivenUp {
            throw .configuration("the servers refuse to run; their logs above say why")
        }
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGCHLD] { sigaddset(&set, number) }
        return set
    }

    private var now: Duration { ContinuousClock.now - start }

    /// Waits for a signal until something is due; 0 when nothing came.
    private func wait(atMost longest: Duration) -> Int32 {
        let due = supervisor.deadline.map { max(.zero, $0 - now) } ?? longest
        let (seconds, attoseconds) = min(due, longest).components
        var timeout = timespec(
            tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000) + 1_000)
        var signals = ClusterRunner.signals
        return max(0, sigtimedwait(&signals, nil, &timeout))
    }

    /// Takes note of every child that ended.
    private mutating func reap() {
        for (name, pid) in pids.sorted(by: { $0.key < $1.key }) {
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { continue }
            pids[name] = nil
            // Its own children, such as nginx's workers, would keep ports and sockets.
            kill(-pid, SIGKILL)
            unlink("\(stale.runDirectory)/\(name).pid")
            let code = status & 0x7f
            let ending: Supervisor.Ending =
                code == 0 ? .status(status >> 8 & 0xff) : .signal(code)
            perform(supervisor.ended(name, ending, at: now))
        }
    }

    private mutating func perform(_ actions: [Supervisor.Action]) {
        for action in actions {
            switch action {
            case .start(let name): begin(name)
            case .report(let event): report(text(of: event))
            case .signal(let name, let signal):
                guard let pid = pids[name] else { continue }
                switch signal {
                case .terminate: kill(pid, SIGTERM)
                case .quit: kill(pid, SIGQUIT)
                case .kill: kill(-pid, SIGKILL)
                }
            }
        }
    }

    private mutating func begin(_ name: String) {
        guard let launch = launches[name] else { return }
        do throws(FilesystemFault) {
            // Somebody may have tidied up.
            try Filesystem.makeFolder(plan.site.configuration.logDirectory)
            let pid = try launch.start()
            pids[name] = pid
            try Filesystem.write("\(pid)\n", to: "\(stale.runDirectory)/\(name).pid")
        } catch {
            if pids[name] == nil {
                perform(supervisor.ended(name, .notStarted("\(error)"), at: now))
            } else {
                report("\(error)")
            }
        }
    }
}
