public import API
public import FastCGI
internal import HTTPClient
internal import Logging
internal import MonotonicTime
public import RegisterHost
internal import ServerRuntime
internal import Replication

/// The routes that catalog and order servers have in common.
public enum ReplicaRoute: Sendable {
    case health, livez, readyz, metrics, status
    case update, heartbeat, sync
    case register(String)
    case forceView
    case members(String)

    /// Finds the route of a path's decoded segments; nil where it is none of these.
    public init?(_ segments: [String]) {
        switch (segments.count, segments.first) {
        case (1, "health"): self = .health
        case (1, "livez"): self = .livez
        case (1, "readyz"): self = .readyz
        case (1, "metrics"): self = .metrics
        case (1, "status"): self = .status
        case (1, "update"): self = .update
        case (1, "heartbeat"): self = .heartbeat
        case (1, "sync"): self = .sync
        case (1, "force-view"): self = .forceView
        case (2, "register"): self = .register(segments[1])
        case (2, "members"): self = .members(segments[1])
        default: return nil
        }
    }

    /// The first segments of the paths.
    public static var names: [String] {
        [
            "health", "livez", "readyz", "metrics", "status", "update", "heartbeat", "sync",
            "register", "force-view", "members",
        ]
    }

    private var methods: [Request.Method] {
        switch self {
        case .health, .livez, .readyz, .metrics, .status: [.get, .head]
        case .sync: [.get]
        case .update, .heartbeat, .register: [.put]
        case .forceView: [.post]
        case .members: [.post, .delete]
        }
    }

    private var needsSecret: Bool {
        switch self {
        case .health, .livez, .readyz, .metrics: false
        default: true
        }
    }
}

extension ReplicaRoute {
    /// Checks a request's method and secret.
    func admit(_ request: InternalRequest) throws(Problem) {
        try request.require(methods)
        if needsSecret { try request.requireSecret() }
    }
}

extension ReplicaHost {
    /// Answers a request for one of the common routes, now or later.
    public func serve(
        _ route: ReplicaRoute, _ request: InternalRequest, acceptors: AcceptorHost,
        _ responder: Responder
    ) throws(Problem) {
        try route.admit(request)
        switch route {
        case .health: sendHealth(responder)
        case .livez: send(liveness, request, responder)
        case .readyz: send(readiness, request, responder)
        case .metrics:
            responder.send(
                text: environment.metrics.text(),
                contentType: "text/plain; version=0.0.4; charset=utf-8")
        case .status:
            var text = JSONText(reservingCapacity: 1024)
            writeStatus(&text)
            responder.send(json: text.bytes, headers: [("Cache-Control", "no-store")])
        case .update: try receive(request, responder)
        case .heartbeat:
            let sender = try receive(request, responder)
            learn(AddressReport(query: request.query))
            if let report = FrontEndReport(from: sender, query: request.query) { hear(report) }
        case .register(let group):
            try acceptors.receive(body: request.body, group: group) { message in
                guard let message else {
                    return responder.send(.unavailable("The vote could not be made durable"))
                }
                responder.send(
                    Response(
                        status: 200, headers: [("Content-Type", Envelope.mediaType)],
                        body: message))
            }
        case .sync: try handleSync(request, responder)
        case .forceView: administer(.forceView, responder)
        case .members(let segment):
            let name = try namedServer(segment, request)
            administer(
                request.method == .post ? .addAcceptor(name) : .removeAcceptor(name), responder)
        }
    }

    /// Hands a message to the engine.
    /// - Returns: who sent it.
    @discardableResult
    private func receive(
        _ request: InternalRequest, _ responder: Responder
    ) throws(Problem) -> String {
        let (sender, group, message) = try Envelope.message(of: request.body)
        try check(envelopeGroup: group)
        receive(message, from: sender, responder)
        return sender.text
    }

    private func hear(_ report: FrontEndReport) {
        for change in frontEnds.hear(report, at: BootClock.now()) { logger.notice("\(change)") }
    }

    private func sendHealth(_ responder: Responder) {
        let status = status
        guard status.servesReads else {
            return responder.send(
                .unavailable("\(environment.id) waits for \(status.waitsFor ?? "its lease")"))
        }
        var text = JSONText(reservingCapacity: 64)
        text.object { health in
            health.member("status", "ok")
            health.member("server", environment.id.name)
            health.member("role", "\(status.role)")
        }
        responder.send(json: text.bytes, headers: [("Cache-Control", "no-store")])
    }
}
