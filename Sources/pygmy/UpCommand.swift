import API
import ArgumentParser
import Console
import Deployment
import Glibc
import HTTPClient
import Logging

/// `pygmy up`: nginx and the servers of this machine, until somebody wants the end.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Runs nginx and the servers of this machine until Ctrl-C or SIGTERM.",
        discussion: """
            What dies is started again. Each process has run/NAME.pid and log/NAME.log in the \
            configuration's folder.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(
        parsing: .upToNextOption,
        help: "Start only these servers (and nginx), such as: --only catalogServer1 orderServer1")
    var only: [String] = []

    @Flag(help: "Leave dead what dies.")
    var noRestart = false

    @Option(help: "How servers write log/NAME.log: text or json.")
    var logFormat = LogFormat.text

    @Option(help: "The least level that servers log, such as debug or warning.")
    var logLevel = "info"

    /// The forms of a server's log.
    enum LogFormat: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level must be one of \(known).")
        }
    }

    func run() throws {
        let configuration = try file.load()
        let site = try file.site(of: configuration)
        let servers = try site.servers(named: only)
        guard let path = realpath(file.config, nil).map({ String(cString: $0) }) else {
            throw ValidationError("\(file.config) is not there")
        }
        do throws(UpFault) {
            let plan = ClusterRunner.Plan(
                site: site, servers: servers, configurationPath: path, restarts: !noRestart,
                serverArguments: ["--log-format", logFormat.rawValue, "--log-level", logLevel])
            var runner = try ClusterRunner(plan) { Standard.error("pygmy: \($0)") }
            try makeSecrets(configuration)
            let probe = Probe(plan)
            defer { probe.clear() }
            try runner.run(probe: probe.answers) {
                probe.clear()
                Standard.output(welcome(plan))
                if plan.receivesClients, Pages.folder(of: plan.site.configuration) == nil {
                    Standard.error(
                        """
                        pygmy: there is no page at /, for neither the folder of the configuration \
                        nor that of the programs has nginx/html; all else works
                        """)
                }
            }
        } catch {
            switch error {
            case .unavailable(let reason):
                Standard.error("pygmy: \(reason)")
                throw ExitCode.unavailable
            case .configuration(let reason):
                Standard.error("pygmy: \(reason)")
                throw ExitCode.configuration
            }
        }
    }

    /// Makes the files before the servers start, so that a fault in them is said once.
    private func makeSecrets(_ configuration: Configuration) throws(UpFault) {
        do throws(CredentialsFault) {
            _ = try Credentials.load(configuration)
        } catch {
            throw .configuration("\(error)")
        }
    }

    private func welcome(_ plan: ClusterRunner.Plan) -> String {
        guard plan.receivesClients else {
            let names = plan.servers.map(\.id.name).joined(separator: ", ")
            return "Running \(names). Ctrl-C stops all of it."
        }
        let url = "http://\(plan.site.configuration.settings.listen.reachable)"
        let client = Programs.folder.map { "\($0)/client" } ?? "client"
        let option = plan.site.configuration.settings.listen.port == 8080 ? "" : " --url \(url)"
        return """
            Pygmy is open at \(url)/ (Ctrl-C stops all of it). In another terminal, try:
              curl \(url)/search/DistributedSystems
              curl \(url)/lookup/2
              curl -X POST \(url)/buy/2
              \(client)\(option)
            """
    }
}

/// Asks whether what was started answers: the store, and then, for a while, each server of this
/// machine, so that what is ready is whole. Where no clients are received, each server it is.
private final class Probe {
    /// How long a store that answers waits for servers that do not yet.
    private static let patience: Duration = .seconds(5)

    private let client = HTTPClient()
    private let listen: Address?
    private var waiting: [(name: String, address: Address, log: String)]
    private var answeredAt: ContinuousClock.Instant?
    private let start = ContinuousClock.now
    private let terminal = Terminal(STDERR_FILENO)
    private var isShowing = false

    init(_ plan: ClusterRunner.Plan) {
        listen =
            plan.receivesClients
            ? plan.site.configuration.settings.listen.reachable : nil
        // The others wait for the catalog, and so it is shown first.
        let servers =
            plan.servers.filter { $0.id.kind == .catalog }
            + plan.servers.filter { $0.id.kind != .catalog }
        waiting = servers.map {
            ($0.id.name, $0.address.reachable, plan.site.configuration.logFile(of: $0.id))
        }
    }

    func answers() -> Bool {
        show()
        if let listen, answeredAt == nil {
            guard isHealthy(listen) else { return false }
            answeredAt = .now
        }
        waiting.removeAll { isHealthy($0.address) }
        if waiting.isEmpty { return true }
        return answeredAt.map { .now - $0 > Self.patience } ?? false
    }

    /// On a terminal, after a while: for whom it waits, and what that server said last, such as how
    /// far the import of a large catalog is.
    private func show() {
        guard terminal.isTerminal, .now - start > .seconds(2), let first = waiting.first else {
            return
        }
        let line = "waiting for \(first.name): \(Filesystem.lastLine(of: first.log))"
        Standard.write("\r\(line.prefix((terminal.width ?? 80) - 1))\u{1b}[K", to: STDERR_FILENO)
        isShowing = true
    }

    /// Removes the line.
    func clear() {
        if isShowing { Standard.write("\r\u{1b}[K", to: STDERR_FILENO) }
        isShowing = false
    }

    private func isHealthy(_ address: Address) -> Bool {
        let request = HTTPRequest(authority: "\(address)", path: "/health")
        let response = try? client.perform(request, timeout: .milliseconds(300))
        return response?.status == 200
    }
}
