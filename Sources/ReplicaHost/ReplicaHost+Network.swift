internal import API
internal import Console
public import FastCGI
internal import Glibc
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import RegisterHost
public import Replication
internal import ServerRuntime
internal import Synchronization

/// The messages between replicas, acceptors and front ends: PUT requests whose bodies are an
/// ``Envelope``.
extension ReplicaHost {
    func send(_ message: Message, to server: ServerName, as id: RequestID, timeout: Instant.Span) {
        guard let address = address(of: server) else { return step(.failed(id)) }
        let route = message.path(group: group)
        var path = route
        if case .heartbeat = message { path += "?\(addressReport.query)" }
        let request = HTTPRequest(
            method: "PUT", authority: address, path: path,
            headers: [
                ("Authorization", environment.credentials.clusterSecret.authorization),
                ("Content-Type", Envelope.mediaType),
            ],
            body: Envelope.encode(
                sender: environment.id.name, group: envelopeGroup, message: message.encoded()),
            isUrgent: true)
        environment.client.send(request, timeout: timeout.duration) { [self] result in
            if case .success(let response) = result {
                if response.status == 409 { refused(response) }
                if response.status == 401 { noteOtherSecret(of: server) }
            }
            guard case .success(let response) = result, response.status == 200,
                let message = try? Message(decoding: response.body)
            else {
                figures.count(messageTo: route, isAnswered: false)
                logger.debug("\(group): \(request.path) at \(server): \(Self.wording(result))")
                return step(.failed(id))
            }
            figures.count(messageTo: route, isAnswered: true)
            step(.response(id, message))
        }
    }

    private static func wording(_ result: Result<HTTPResponse, HTTPClientError>) -> String {
        switch result {
        case .success(let response): "status \(response.status)"
        case .failure(let error): "\(error)"
        }
    }

    /// The group as messages name it: with what its state was before the first entry, where that
    /// was read from a file. Front ends name the group alone.
    private var envelopeGroup: String { opening.isEmpty ? group : "\(group)/\(opening)" }

    /// Whether a message is for this group; its replicas began with the same state.
    /// - Throws: 400 for another group, 409 for one that began otherwise.
    func check(envelopeGroup name: String) throws(Problem) {
        let parts = name.split(separator: "/", maxSplits: 1)
        guard let first = parts.first, first == group else {
            throw .malformedRequest("This server is not of the group \(name)")
        }
        guard parts.count < 2 || opening.isEmpty || parts[1] == opening else {
            throw .refusedCommand(
                "\(environment.id) began with another catalog file than the sender")
        }
    }

    /// A server of the group says that this replica began with another state. One that is outside
    /// the view can never be level with it, so it ends, and says why.
    private func refused(_ response: HTTPResponse) {
        guard engine.withLock({ $0.role == .joining }), !opening.isEmpty else { return }
        logger.critical(
            """
            the other \(group) servers began with another catalog file than \(environment.id): \
            give it theirs, and a new data directory
            """)
        exit(ExitStatus.configuration)
    }

    /// A server takes this one for a stranger.
    private func noteOtherSecret(of server: ServerName) {
        let text =
            "\(group): \(server) has another cluster secret (PYGMY_CLUSTER_SECRET or its file)"
        if let text = faults.text(text) { logger.error("\(text)") }
    }

    /// Takes a message of another server, and answers when the engine says so.
    public func receive(_ message: Message, from sender: ServerName, _ responder: Responder) {
        guard knows(sender, of: message) else {
            return responder.send(
                .malformedRequest(
                    "In the configuration of \(environment.id) no \(sender) replicates \(group)"
                )
            )
        }
        let exchange = nextNumber.add(1, ordering: .relaxed).oldValue
        exchanges.withLock { $0[exchange] = responder }
        step(.request(ExchangeID(exchange), from: sender, message))
        // An engine that cannot answer in time does not answer; the sender's time is long over when
        // its exchange is ended here.
        environment.timers.schedule(after: .seconds(2)) { [self] in
            let late = exchanges.withLock { $0.removeValue(forKey: exchange) }
            late?.send(Problem.gatewayTimeout())
        }
    }

    /// Whether the engine answers such a message of a server. It says nothing to a replica that the
    /// configuration does not have, as a new one before the others are told of it.
    private func knows(_ sender: ServerName, of message: Message) -> Bool {
        switch message {
        case .heartbeat, .update: replicas.contains(sender)
        default: true
        }
    }

    func reply(_ message: Message, to exchange: ExchangeID) {
        guard let responder = exchanges.withLock({ $0.removeValue(forKey: exchange.number) })
        else { return }
        var headers = [("Content-Type", Envelope.mediaType)]
        if case .frontEndReply = message {
            let reports = frontEnds.reports(at: BootClock.now())
            headers.append((FrontEndReport.headerName, FrontEndReport.header(reports)))
        }
        responder.send(Response(status: 200, headers: headers, body: message.encoded()))
    }

    func invalidate(
        _ keys: [UInt64], at frontEnd: ServerName, as id: RequestID, timeout: Instant.Span
    ) {
        guard let address = address(of: frontEnd) else { return step(.invalidationFailed(id)) }
        // Key 0 stands for the listing, which no front end caches.
        let items = keys.filter { $0 != 0 }
        guard !items.isEmpty else { return step(.invalidated(id)) }
        let lists = stride(from: 0, to: items.count, by: Self.invalidationLimit).map { first in
            items[first..<min(first + Self.invalidationLimit, items.count)]
                .map { String($0) }.joined(separator: ",")
        }
        let answers = Answers(missing: lists.count)
        for list in lists {
            let request = HTTPRequest(
                method: "DELETE", authority: address, path: "/invalidate/\(list)",
                headers: [("Authorization", environment.credentials.clusterSecret.authorization)],
                body: [], isUrgent: true)
            figures.invalidations.increment()
            environment.client.send(request, timeout: timeout.duration) { [self] result in
                let status = (try? result.get().status) ?? 0
                guard let areGood = answers.take((200...299).contains(status)) else { return }
                step(areGood ? .invalidated(id) : .invalidationFailed(id))
            }
        }
    }

    /// The books of one request: as many as a request line has room for, whatever their numbers.
    private static var invalidationLimit: Int { 400 }
}

/// The answers to requests that count only together.
private final class Answers: Sendable {
    private let state: Mutex<(missing: Int, areGood: Bool)>

    init(missing: Int) { state = Mutex((missing, true)) }

    /// Takes an answer.
    /// - Returns: with the last one, whether all of them were good.
    func take(_ isGood: Bool) -> Bool? {
        state.withLock { state in
            state.missing -= 1
            state.areGood = state.areGood && isGood
            return state.missing == 0 ? state.areGood : nil
        }
    }
}
