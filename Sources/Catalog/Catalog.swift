/// The catalog server: books, their stock, and the sales of them, replicated.
///
/// Begin with ``CatalogService``. Its routes are in `CatalogService+Routes.swift`; what the books
/// come to is decided by `Bookstore`'s rules where the log is applied, never here.

internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import Logging
internal import HTTPClient
internal import MonotonicTime
internal import RegisterHost
internal import ReplicaHost
internal import Replication
public import ServerRuntime
internal import Storage
internal import Synchronization

/// One replica of the catalog, as a service behind nginx.
public final class CatalogService: Service {
    /// The largest body: a batch of buys or of log entries.
    public let bodyLimit = 64 << 20
    /// The first segments of its paths.
    public var routeNames: [String]? {
        [
            "search", "lookup", "lookups", "topics", "buy", "buys", "restock", "items",
            "catalog.csv", "sales",
            "audit",
        ] + ReplicaRoute.names
    }

    let environment: ServerEnvironment
    let store: CatalogStore
    let host: ReplicaHost<CatalogStore>
    let acceptors: AcceptorHost
    /// A number up to which all sales are known here that have orders.
    let knownSale = Atomic<Int64>(0)
    let audits = LongLook<[UInt8]>(name: "audit")
    private let restocking = Mutex<PeriodicThread?>(nil)

    /// Opens the server's data directory, and fills it from the catalog's file where it is empty.
    /// - Throws: ``StartFailure`` with what is wrong and the exit status for it.
    public init(environment: ServerEnvironment) throws(StartFailure) {
        self.environment = environment
        do {
            let directory = try DataDirectory(
                path: environment.configuration.dataDirectory(of: environment.id),
                name: environment.id.name)
            let log = try LogStore(directory)
            store = try CatalogStore(directory, log)
            let configuration = environment.configuration
            let opening = try CatalogImport.run(
                into: store, from: configuration.catalogFile,
                named: configuration.settings.catalog, directory, environment.logger)
            acceptors = try AcceptorHost(environment: environment, directory: directory)
            try acceptors.checkVoters(environment)
            host = try ReplicaHost(
                configuration: groupConfiguration("catalog", .catalog, environment),
                environment: environment, directory: directory, log: log, store: store,
                opening: opening)
        } catch {
            throw StartFailure(error)
        }
    }

    /// Starts the replica and the thread that restocks.
    public func start() {
        acceptors.start()
        host.start()
        let interval = environment.configuration.settings.restockInterval
        let thread = PeriodicThread(name: "restock", interval: interval) { [self] in restock() }
        restocking.withLock { $0 = thread }
    }

    /// Leaves its place to another server; once.
    public func prepareToStop() { host.prepareToStop() }

    /// Ends the threads; once, when no more requests come.
    public func stop() {
        restocking.withLock { $0 }?.stop()
        host.stop()
        acceptors.stop()
    }

    /// Posts `/restock` for the books that are out of stock: to this server, where it is primary.
    private func restock() {
        guard host.isPrimary else { return }
        var after: Int64 = 0
        while let items = try? store.itemsOutOfStock(after: after, limit: 500),
            let last = items.last
        {
            for item in items {
                // Asked anew each time: it may have become a backup, or be about to stop.
                guard host.isPrimary, postRestock(item) else { return }
            }
            guard items.count == 500 else { return }
            after = last
        }
    }

    /// By way of this server's own nginx listener, as anybody would. False where no server
    /// answered: the next look finds the book, and those after it, again.
    private func postRestock(_ item: Int64) -> Bool {
        guard let address = environment.configuration[environment.id]?.address else { return false }
        let request = HTTPRequest(
            method: "POST", authority: address.description, path: "/restock/\(item)",
            headers: [("Authorization", environment.credentials.clusterSecret.authorization)],
            body: [])
        do {
            // Short, for the server may be stopping.
            let response = try environment.client.perform(request, timeout: .seconds(2))
            if response.status == 200 {
                environment.logger.info("restocked book \(item)")
            } else {
                environment.logger.warning("book \(item) was not restocked: \(response.status)")
            }
            return response.status < 500
        } catch {
            environment.logger.warning("book \(item) was not restocked: \(error)")
            return false
        }
    }
}
