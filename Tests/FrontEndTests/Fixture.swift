import API
import FastCGI
import HTTPClient
import Logging
import MonotonicTime

@testable import FrontEnd

/// A front end whose network and clock are the test's.
struct Fixture {
    static let clusterSecret = "cluster-secret-0123456789"
    static let adminToken = "admin-token-0123456789"

    let upstream = FakeUpstream()
    let timers = FakeTimers()
    let front: StoreFront

    static let catalog1 = ServerID(.catalog, 1)
    static let catalog2 = ServerID(.catalog, 2)
    static let order1 = ServerID(.order, 1)
    static let order2 = ServerID(.order, 2)

    /// A front end of a cluster with so many servers of each kind behind it.
    init(
        replicas: Int = 2,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        settings change: (inout Configuration.Settings) -> Void = { _ in }
    ) {
        var settings = Configuration.Settings()
        change(&settings)
        front = StoreFront(
            id: ServerID(.frontEnd, 1), incarnation: 77,
            configuration: Self.configuration(replicas: replicas, settings),
            credentials: Self.credentials, upstream: upstream, timers: timers,
            ballotBox: { body, group, completion throws(Problem) in
                guard group == "catalog" else { throw .notFound("/register/\(group)") }
                completion(body.isEmpty ? nil : body.reversed())
            },
            logger: logger,
            metricsText: { "# metrics\n" })
    }

    static func configuration(
        replicas: Int, _ settings: Configuration.Settings = Configuration.Settings()
    ) -> Configuration {
        var servers = [Configuration.Server(ServerID(.frontEnd, 1), at: address(8081))]
        for number in 1...replicas {
            servers += [
                Configuration.Server(ServerID(.catalog, number), at: address(9000 + number)),
                Configuration.Server(ServerID(.order, number), at: address(9100 + number)),
            ]
        }
        return Configuration(servers: servers, settings: settings, folder: "/")
    }

    private static func address(_ port: Int) -> Address { Address(host: "127.0.0.1", port: port) }

    static var credentials: Credentials {
        guard let secret = Secret(clusterSecret), let token = Secret(adminToken) else {
            preconditionFailure("both are long enough")
        }
        return Credentials(clusterSecret: secret, adminToken: token)
    }

    // MARK: Requests

    /// A request as it comes by the public listener.
    static func request(
        _ method: Request.Method, _ path: String,
        _ change: (inout IncomingRequest) -> Void = { _ in }
    ) -> IncomingRequest {
        let names: [Request.Method: String] = [
            .get: "GET", .head: "HEAD", .post: "POST", .put: "PUT", .delete: "DELETE",
            .options: "OPTIONS", .other: "BREW",
        ]
        var request = IncomingRequest(
            method, names[method] ?? "", segments: path.split(separator: "/").map { String($0) })
        request.requestID = "request-1"
        request.defaultKey = Array("default-key".utf8)
        change(&request)
        return request
    }

    /// Hands a request to the front end.
    @discardableResult
    func send(
        _ method: Request.Method, _ path: String,
        _ change: (inout IncomingRequest) -> Void = { _ in }
    ) -> FakeSink {
        let sink = FakeSink()
        front.handle(Self.request(method, path, change), sink)
        return sink
    }

    // MARK: Heartbeats

    /// Lets the front end send its heartbeats, and both groups answer: the first server of each is
    /// primary, and the catalog's grants a lease.
    func beat(view: UInt64 = 1, incarnation: UInt64 = 5, lease: Instant.Span? = .milliseconds(800))
    {
        front.watch.beat()
        // News of a view makes the front end send another round at once.
        while let call = upstream.nextHeartbeat() {
            let kind = call.server.kind
            let members = front.dispatcher.withCluster { cluster in
                cluster[kind].places.map { cluster.servers[$0].id.name }
            }
            call.answer(
                200,
                HeartbeatAnswer.bytes(
                    from: call.server.name, view: view, incarnation: incarnation,
                    members: members,
                    lease: kind == .catalog && call.server.number == 1 ? lease : nil))
        }
    }

    /// A front end that has been up for a while and holds a lease.
    static func leased(
        replicas: Int = 2, settings change: (inout Configuration.Settings) -> Void = { _ in }
    ) -> Fixture {
        let fixture = Fixture(replicas: replicas, settings: change)
        fixture.timers.advance(.milliseconds(1_100))
        fixture.beat()
        return fixture
    }

    static let book =
        #"{"itemNumber":1,"title":"RPCs","topic":"Misc","cost":10.00,"stock":46}"#

    /// Puts a book into the cache.
    func cache(_ number: Int, _ body: String = book) {
        send(.get, "/lookup/\(number)")
        upstream.next()?.answer(200, body, headers: [("Content-Type", "application/json")])
    }
}
