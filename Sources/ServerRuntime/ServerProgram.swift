public import API
internal import Console
internal import FastCGI
internal import Glibc
internal import HTTPClient
internal import Logging
internal import Threads

/// Why a service cannot be made, and what the process ends with.
public struct StartFailure: Error, CustomStringConvertible {
    /// One line for the operator.
    public let description: String
    /// One of ``ExitStatus``.
    public let exitStatus: Int32

    /// Makes a failure.
    public init(_ description: String, exitStatus: Int32) {
        self.description = description
        self.exitStatus = exitStatus
    }
}

/// The life of a server process, from its arguments to its exit status.
public enum ServerProgram {
    /// What a server's exit statuses mean, for its help.
    public static let exitStatuses = """
        Exit status: 0 after an orderly stop, 65 for files that are damaged or a later release's, \
        69 where it cannot serve, 74 where its disk fails, 75 where another process has the data \
        directory, 78 for a wrong configuration.
        """

    /// Runs a server in the foreground until SIGTERM, SIGINT or SIGHUP.
    /// - Parameters:
    ///   - kind: what the program is.
    ///   - name: the server's name; nil where the configuration holds just one of the kind.
    ///   - options: the rest of the command line.
    ///   - make: makes the service; what it throws ends the process with a line that says why.
    /// - Returns: the exit status, as ``exitStatuses`` says.
    public static func run(
        _ kind: ServerKind, name: String?, _ options: ServerOptions,
        make: (ServerEnvironment) throws -> any Service
    ) -> Int32 {
        Signals.block()
        let environment: ServerEnvironment
        let log = LogSettings(format: options.logFormat, level: options.logLevel)
        do {
            environment = try prepare(
                kind, name: name, configurationPath: options.config, log)
        } catch {
            complain("\(kind.rawValue): \(oneLine(error))")
            // Whoever watches over the server starts it again where that may help.
            let isPassing = (error as? any PassingFault)?.isPassing == true
            return isPassing ? ExitStatus.unavailable : ExitStatus.configuration
        }
        let service: any Service
        do {
            service = try make(environment)
        } catch {
            complain("\(environment.id): \(oneLine(error))")
            return (error as? StartFailure)?.exitStatus ?? ExitStatus.configuration
        }
        return serve(service, in: environment, log)
    }

    private static func prepare(
        _ kind: ServerKind, name: String?, configurationPath: String, _ log: LogSettings
    ) throws -> ServerEnvironment {
        let startedAt = BootClock.now()
        let configuration = try Configuration.load(path: configurationPath)
        let id = try identify(kind, name: name, in: configuration, path: configurationPath)
        try makeDirectory(configuration.runDirectory)
        let credentials = try Credentials.load(configuration)
        let label = id.name
        LoggingSystem.bootstrap { _ in LineLogHandler(label: label, settings: log) }
        return ServerEnvironment(
            configuration: configuration, id: id, credentials: credentials,
            logger: Logger(label: label), client: HTTPClient(), timers: TimerThread(),
            metrics: MetricsRegistry(), startedAt: startedAt)
    }

    private static func identify(
        _ kind: ServerKind, name: String?, in configuration: Configuration, path: String
    ) throws -> ServerID {
        let servers = configuration.servers(of: kind)
        let names = servers.map(\.id.name).joined(separator: ", ")
        guard let name else {
            guard servers.count == 1, let only = servers.first else {
                throw Refusal("\(path) names \(servers.count) of the kind: say which of \(names)")
            }
            return only.id
        }
        guard let id = ServerID(parsing: name), id.kind == kind else {
            throw Refusal("\"\(name)\" is no \(kind.rawValue); \(path) has \(names)")
        }
        guard configuration[id] != nil else {
            throw Refusal("\(path) has no \(id); it has \(names)")
        }
        return id
    }

    private static func serve(
        _ service: any Service, in environment: ServerEnvironment, _ log: LogSettings
    ) -> Int32 {
        let logger = environment.logger
        var settings = Server.Configuration()
        settings.threads = environment.configuration.settings.threads
        settings.bodyLimit = service.bodyLimit
        let requests = service.routeNames.map { RequestMetrics(routes: $0) }
        requests?.register(in: environment.metrics)
        let server = Server(
            socketPath: environment.configuration.absoluteSocketPath(of: environment.id),
            configuration: settings, logger: logger, observe: requests.map { $0.observation }
        ) { request, responder in
            service.handle(request, responder)
        }
        register(server, threads: settings.threads, in: environment.metrics)
        ProcessMetrics.register(in: environment.metrics)
        service.start()
        do {
            try server.start()
        } catch {
            logger.error("cannot serve: \(error)")
            service.stop()
            return ExitStatus.unavailable
        }
        logger.info("ready, process \(getpid())")
        ServiceManager.ready()
        let signal = Signals.waitForTermination {
            log.toggleDebug { logger.notice("the log's level is now \($0)") }
        }
        logger.info("stopping on signal \(signal)")
        ServiceManager.stopping()
        limitStop(logger)
        service.prepareToStop()
        server.stop()
        service.stop()
        environment.client.shutDown()
        environment.timers.stop()
        logger.info("stopped")
        return 0
    }

    /// How long an orderly stop may take, in seconds: several times what requests are waited for.
    private static let stopLimit: Int64 = 30

    /// Ends the process where its stop does not come to an end: threads that use a disk which hangs
    /// are waited for, and may hang with it.
    private static func limitStop(_ logger: Logger) {
        _ = WorkerThread.run("stop-limit") {
            _ = SteadySemaphore().wait(nanoseconds: stopLimit * 1_000_000_000)
            logger.critical("ending after \(stopLimit) s, though not all is done: a disk may hang")
            _exit(ExitStatus.inputOutput)
        }
    }

    private static func register(
        _ server: Server, threads: Int, in metrics: MetricsRegistry
    ) {
        metrics.counter(
            "pygmy_fastcgi_requests_total", help: "Requests that nginx handed on."
        ) { server.metrics.requests }
        metrics.gauge(
            "pygmy_fastcgi_threads", help: "Threads that parse, handle and write requests."
        ) { Double(threads) }
        metrics.gauge(
            "pygmy_fastcgi_requests_in_flight", help: "Requests that are not answered yet."
        ) { Double(server.metrics.inFlight) }
        metrics.gauge(
            "pygmy_fastcgi_connections", help: "Open connections from nginx, idle ones included."
        ) { Double(server.metrics.connections) }
        metrics.gauge(
            "pygmy_fastcgi_busy_threads", help: "Threads that parse, handle or write now."
        ) { Double(server.metrics.busyThreads) }
    }

    /// Makes a directory and those above it.
    private static func makeDirectory(_ path: String) throws {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o755) != 0 && errno != EEXIST {
                throw Refusal("\(made) cannot be made: \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func complain(_ line: String) {
        // Not by `stderr`, a variable that Swift does not know to be safe.
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Every fault of a configuration on one line, since supervisors show the last line.
    private static func oneLine(_ error: any Error) -> String {
        String(describing: error).split(separator: "\n").joined(separator: "; ")
    }

    /// Why a server does not start, in a sentence.
    struct Refusal: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}
