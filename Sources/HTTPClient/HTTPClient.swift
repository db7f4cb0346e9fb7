internal import CCurl
internal import Glibc
internal import Synchronization
internal import Threads

/// Requests to the other servers: HTTP/1.1 over kept connections, through libcurl.
///
/// One thread drives all transfers with libcurl's multi interface; any number of requests are under
/// way at the same time, each on a connection of its own, which is kept for the next.
///
///     let client = HTTPClient()
///     let request = HTTPRequest(authority: "127.0.0.1:8083", path: "/lookup/1")
///     client.send(request, timeout: .seconds(8)) { result in
///         switch result {
///         case .success(let response): …        // whatever its status
///         case .failure(let error): …           // error.mayHaveBeenProcessed
///         }
///     }
///
/// A completion runs on that one thread: it must not wait for anything, least of all for another
/// answer of the same client. Redirects are not followed, proxies of the environment not used.
///
/// A request whose kept connection turns out to be dead is sent again by libcurl on a new one. So
/// it can arrive twice, as it can through nginx: every message must be harmless when repeated.
public final class HTTPClient: Sendable {
    /// Called once with the outcome, on the client's thread, which it must not hold up.
    public typealias Completion = @Sendable (Result<HTTPResponse, HTTPClientError>) -> Void

    /// Takes a part of a streamed body, on the client's thread; false to end the transfer.
    public typealias Receiver = @Sendable (_ chunk: [UInt8]) -> Bool

    /// Limits and times of a client.
    public struct Configuration: Sendable {
        /// The largest body of an answer that is kept in memory, in bytes. Streamed ones have none.
        public var bodyLimit = 64 << 20
        /// The largest head of an answer, in bytes.
        public var headLimit = 64 << 10
        /// How long a connection may take to come about; the request's timeout counts all the same.
        public var connectTimeout = Duration.seconds(2)
        /// Requests to one address at a time. What comes beyond them, and is not urgent, waits for
        /// one of them to end, and for no longer than its own time.
        public var connectionsPerAddress = 256

        /// Makes a configuration of the defaults.
        public init() {}
    }

    /// What a client consists of once it could be started.
    private struct Parts {
        let inbox: Inbox
        let thread: WorkerThread
    }

    private let parts: Result<Parts, HTTPClientError>
    private let isShutDown = Atomic<Bool>(false)

    /// Makes a client and starts its thread. Where the system refuses that, every request fails
    /// with ``HTTPClientError/unavailable(_:)``.
    public init(configuration: Configuration = Configuration()) {
        parts = Result { () throws(HTTPClientError) in try Self.start(configuration) }
    }

    private static func start(_ configuration: Configuration) throws(HTTPClientError) -> Parts {
        guard Library.result == CURLE_OK else {
            throw .unavailable(String(cString: curl_easy_strerror(Library.result)))
        }
        let wakeup = try Wakeup()
        let inbox = Inbox(wakeup)
        // Sound: from here on it is the thread's alone.
        nonisolated(unsafe) let loop = try TransferLoop(
            inbox: inbox, sockets: SocketSet(wakeup), configuration: configuration)
        do throws(WorkerThread.Refusal) {
            let thread = try WorkerThread(name: "http-client") { loop.run() }
            return Parts(inbox: inbox, thread: thread)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    deinit { shutDown() }

    /// Sends a request. Any thread; never waits.
    /// - Parameters:
    ///   - request: what to send.
    ///   - timeout: how long it may take in all, from now to the last byte of the answer.
    ///   - completion: gets the outcome, once.
    public func send(_ request: HTTPRequest, timeout: Duration, completion: @escaping Completion) {
        submit(
            Submission(
                request: request, timeout: timeout, receiver: nil, completion: completion))
    }

    /// Sends a request whose answer may be of any length: the body of an answer of status 200 to
    /// 299 goes to the receiver as it comes and is left out of the response. Any thread; never
    /// waits.
    public func send(
        _ request: HTTPRequest, timeout: Duration, receiver: @escaping Receiver,
        completion: @escaping Completion
    ) {
        submit(
            Submission(
                request: request, timeout: timeout, receiver: receiver, completion: completion))
    }

    private func submit(_ submission: Submission) {
        switch parts {
        case .success(let parts): parts.inbox.submit(submission)
        case .failure(let error): submission.completion(.failure(error))
        }
    }

    /// Sends a request and waits for the answer. Not from a completion, which would wait for
    /// itself.
    public func perform(_ request: HTTPRequest, timeout: Duration) throws(HTTPClientError)
        -> HTTPResponse
    {
        if case .success(let parts) = parts {
            precondition(
                !parts.thread.isCurrent, "perform would wait for the thread that it is called on")
        }
        let outcome = Arrival<Result<HTTPResponse, HTTPClientError>>()
        send(request, timeout: timeout) { outcome.set($0) }
        return try outcome.wait().get()
    }

    /// Fails what is under way with ``HTTPClientError/shutDown``, and everything sent from now on,
    /// and waits for the thread to end. Harmless when repeated.
    public func shutDown() {
        guard case .success(let parts) = parts, !isShutDown.exchange(true, ordering: .relaxed)
        else { return }
        parts.inbox.shutDown()
        // The last reference may be dropped by a completion, which cannot wait for its own thread.
        if !parts.thread.isCurrent { parts.thread.join() }
    }
}

/// libcurl as a whole.
private enum Library {
    /// The result of `curl_global_init`, which is called once for the process.
    static let result = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
}
