internal import API
public import FastCGI
internal import HTTPClient
internal import Logging
internal import MonotonicTime
public import Replication
internal import ServerRuntime
internal import Synchronization

/// What a replica does with requests that another server of the group must answer.
extension ReplicaHost {
    /// Passes a request on to the server of the group that can answer it, once.
    /// - Parameter mediaType: what its body is; JSON where nothing is said.
    public func forward(
        _ request: InternalRequest, to server: ServerName, as mediaType: String? = nil,
        _ responder: Responder
    ) {
        let left = request.context.deadline - BootClock.now()
        guard !request.isForwarded, left > .zero, let address = address(of: server),
            server.text != environment.id.name
        else { return sendUnavailable(primary: server, responder) }
        var headers = [
            ("Authorization", environment.credentials.clusterSecret.authorization),
            ("X-Request-ID", request.context.requestID),
            ("X-Request-Timeout", String(left.nanoseconds / 1_000_000)),
            ("X-Forwarded-By", environment.id.name),
        ]
        if let parent = request.context.traceParent { headers.append(("traceparent", parent)) }
        if let key = request.idempotencyKey {
            headers.append(("Idempotency-Key", String(decoding: key, as: UTF8.self)))
        }
        if !request.body.isEmpty { headers.append(("Content-Type", mediaType ?? Bodies.mediaType)) }
        let onward = HTTPRequest(
            method: request.methodName, authority: address, path: request.target, headers: headers,
            body: request.body)
        environment.client.send(onward, timeout: left.duration) { [self] result in
            guard case .success(let response) = result, ![502, 504].contains(response.status)
            else {
                // A read may be tried elsewhere at once; of a write it must not be said that
                // nothing has happened.
                let mayBeDone = request.method != .get && Self.mayBeDone(result)
                return responder.send(
                    mayBeDone
                        ? .gatewayTimeout("\(server.text) has not answered")
                        : .noView(of: group, waitingFor: [server.text]))
            }
            let kept = response.headers.filter {
                ![
                    "connection", "date", "server", "transfer-encoding", "content-length",
                    "x-request-id", "x-primary",
                ].contains($0.0.lowercased())
            }
            responder.send(
                Response(
                    status: response.status, headers: kept + [("X-Primary", server.text)],
                    body: response.body))
        }
    }

    /// Whether a request may have been carried out that has got no answer of the server itself.
    private static func mayBeDone(_ result: Result<HTTPResponse, HTTPClientError>) -> Bool {
        switch result {
        case .success(let response): !response.isOfAbsentServer
        case .failure(let error): error.mayHaveBeenProcessed
        }
    }

    /// Answers 503, and names the primary where another server is known to be it. One that has just
    /// started again in its old view would name itself, and nobody would ask elsewhere.
    public func sendUnavailable(primary: ServerName?, _ responder: Responder) {
        let other = primary?.text == environment.id.name ? nil : primary
        let headers = other.map { [("X-Primary", $0.text)] } ?? []
        if let other, isSilent(other) {
            return responder.send(
                .noView(of: group, waitingFor: [other.text]), headers: headers)
        }
        responder.send(
            .unavailable("\(environment.id) cannot serve this now"),
            headers: headers)
    }

    /// Whether nothing has come from a server of the group for several leases' time.
    func isSilent(_ server: ServerName) -> Bool {
        let limit = Instant.Span(environment.configuration.settings.leaseDuration) * 3
        return status.peers.contains { peer in
            peer.name == server && (peer.lastHeard.map { $0 > limit } ?? true)
        }
    }

    /// Answers a proposal that was not logged, or whose outcome is not known.
    public func send(_ rejection: Rejection, _ responder: Responder) {
        switch rejection {
        case .notPrimary(let primary): sendUnavailable(primary: primary, responder)
        case .overloaded: responder.send(.overloaded())
        case .diskFailure:
            responder.send(.unavailable("The disk of \(environment.id) cannot be written"))
        case .notReady, .noLease:
            responder.send(.noView(of: group, waitingFor: awaitedServers))
        }
    }

    /// The primary that this replica knows of.
    public var primary: ServerName? {
        engine.withLock { $0.view?.primary.name }
    }

    /// Whether this replica is a member of its view.
    public var isMember: Bool {
        engine.withLock { $0.role != .joining }
    }

    /// Whether this replica is the primary of its view.
    public var isPrimary: Bool {
        engine.withLock { $0.role == .primary }
    }
}
