/// The order server: numbers the sales that the catalog made, and keeps the orders, replicated.
///
/// Begin with ``OrderService``. A buy goes through here to the catalog group and comes back as a
/// sale; ``SaleCollector`` finds the sales whose buyers' order server died in between.

internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import Logging
internal import MonotonicTime
internal import RegisterHost
internal import ReplicaHost
internal import Replication
public import ServerRuntime
internal import Storage
internal import Synchronization

/// One replica of the orders, as a service behind nginx.
public final class OrderService: Service {
    /// The largest body: a batch of buys or of log entries.
    public let bodyLimit = 64 << 20
    /// The first segments of its paths.
    public var routeNames: [String]? {
        ["buy", "buys", "orders", "orders.csv", "audit"] + ReplicaRoute.names
    }

    let environment: ServerEnvironment
    let store: OrderStore
    let host: ReplicaHost<OrderStore>
    let acceptors: AcceptorHost
    /// The catalog group.
    let catalog: GroupClient
    let audits = LongLook<[UInt8]>(name: "audit")
    private let collector: SaleCollector
    private let collecting = Mutex<PeriodicThread?>(nil)

    /// How long one catalog server may take for a batch before the other is asked: longer than the
    /// catalog takes to change its view as a rule.
    private static let attemptLimit = Duration.milliseconds(1_500)

    /// Opens the server's data directory.
    /// - Throws: ``StartFailure`` with what is wrong and the exit status for it.
    public init(environment: ServerEnvironment) throws(StartFailure) {
        self.environment = environment
        catalog = GroupClient(
            members: environment.members(of: .catalog), client: environment.client,
            timers: environment.timers, secret: environment.credentials.clusterSecret,
            attemptLimit: Self.attemptLimit, logger: environment.logger,
            detours: environment.members(of: .frontEnd))
        do {
            let directory = try DataDirectory(
                path: environment.configuration.dataDirectory(of: environment.id),
                name: environment.id.name)
            let log = try LogStore(directory)
            store = try OrderStore(directory, log)
            acceptors = try AcceptorHost(environment: environment, directory: directory)
            try acceptors.checkVoters(environment)
            host = try ReplicaHost(
                configuration: groupConfiguration("orders", .order, environment),
                environment: environment, directory: directory, log: log, store: store,
                opening: "")
            collector = SaleCollector(environment, store: store, host: host, catalog: catalog)
        } catch {
            throw StartFailure(error)
        }
    }

    /// Starts the replica and the thread that looks for sales without an order.
    public func start() {
        // Every order server has a vote in the catalog's views, and so knows its primary at once.
        acceptors.watch("catalog") { [catalog] in catalog.learn(primary: $0.primary.name.text) }
        acceptors.start()
        host.start()
        let thread = PeriodicThread(name: "collect", interval: SaleCollector.interval) {
            [collector] in collector.collect()
        }
        collecting.withLock { $0 = thread }
    }

    /// Leaves its place to another server; once.
    public func prepareToStop() { host.prepareToStop() }

    /// Ends the threads; once, when no more requests come.
    public func stop() {
        collector.stop()
        collecting.withLock { $0 }?.stop()
        host.stop()
        acceptors.stop()
    }
}
