internal import API
internal import Bookstore
internal import Durability
public import FastCGI
internal import Logging
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// Requests to their answers.
extension CatalogService {
    /// Answers a request; on a FastCGI worker. Only reads of the database are done there.
    public func handle(_ request: borrowing Request, _ responder: Responder) {
        do throws(Problem) {
            let request = try InternalRequest(request, in: environment, bodyLimit: bodyLimit)
            guard let route = CatalogRoute(request.segments) else {
                throw .notFound("/" + request.segments.joined(separator: "/"))
            }
            try route.admit(request)
            try serve(route, request, responder)
        } catch {
            responder.send(error)
        }
    }

    private func serve(
        _ route: CatalogRoute, _ request: InternalRequest, _ responder: Responder
    ) throws(Problem) {
        switch route {
        case .search(let topic): try search(topic, request, responder)
        case .searchWords: try searchWords(request, responder)
        case .lookup: try lookup(request, responder)
        case .topics: try topics(request, responder)
        case .buy: try buy(request, responder)
        case .buys: try buys(request, responder)
        case .lookups: try lookups(request, responder)
        case .restock: try restock(request, responder)
        case .item: try administer(request, responder)
        case .catalogCSV: try catalogCSV(request, responder)
        case .sales where request.method == .put: try restoreSales(request, responder)
        case .sales: try sales(request, responder)
        case .audit: try audit(request, responder)
        case .replica(let route):
            try host.serve(route, request, acceptors: acceptors, responder)
        }
    }

    /// Reads from the store; what the disk does not give is a 503, and what it gives wrongly ends
    /// the server.
    func read<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(Problem) -> Value {
        do throws(StorageError) {
            return try body()
        } catch {
            host.stopIfBroken(error)
            environment.logger.error("the catalog cannot be read: \(error)")
            throw .unavailable("\(environment.id) cannot read its disk")
        }
    }
}
