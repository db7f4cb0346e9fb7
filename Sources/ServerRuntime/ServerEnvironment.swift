public import API
public import HTTPClient
public import Logging
public import MonotonicTime

/// What a service is given to work with.
public struct ServerEnvironment: Sendable {
    /// What `config.json` says.
    public let configuration: Configuration
    /// The server that this process is.
    public let id: ServerID
    /// The secrets of the cluster and of its administrator.
    public let credentials: Credentials
    /// Writes to stderr under the server's name.
    public let logger: Logger
    /// Sends requests to other servers.
    public let client: HTTPClient
    /// Calls closures at their times.
    public let timers: TimerThread
    /// What `GET /metrics` shows.
    public let metrics: MetricsRegistry
    /// When the process started.
    public let startedAt: Instant

    /// Makes an environment of its parts, as ``ServerProgram`` and tests do.
    public init(
        configuration: Configuration, id: ServerID, credentials: Credentials, logger: Logger,
        client: HTTPClient, timers: TimerThread, metrics: MetricsRegistry, startedAt: Instant
    ) {
        self.configuration = configuration
        self.id = id
        self.credentials = credentials
        self.logger = logger
        self.client = client
        self.timers = timers
        self.metrics = metrics
        self.startedAt = startedAt
    }

    /// The servers of a kind with the addresses of their listeners, as ``GroupClient`` takes them.
    public func members(of kind: ServerKind) -> [GroupClient.Member] {
        configuration.servers(of: kind).map { ($0.id.name, $0.address.description) }
    }
}
