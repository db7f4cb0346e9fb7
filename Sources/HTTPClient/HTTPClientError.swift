/// Why a request got no answer.
public enum HTTPClientError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens at the address. The request was not processed.
    case connectionRefused
    /// No connection came about, in time or at all. The request was not processed.
    case unreachable(String)
    /// The time was over before a connection was free. The request was not processed, and nothing
    /// is known of the server.
    case notSent
    /// The time was over after the request, or a part of it, had been sent.
    case timedOut
    /// The connection broke, or what came is not HTTP, after the request or a part of it had been
    /// sent.
    case broken(String)
    /// The answer's head or body is over its limit.
    case tooLarge
    /// The receiver of a streamed body did not want any more of it.
    case cancelled
    /// The request cannot be sent at all: its address, path, method or a header is malformed.
    case invalidRequest(String)
    /// The client was shut down before the answer came.
    case shutDown
    /// libcurl or a thread could not be had.
    case unavailable(String)

    /// Whether a server may have acted on the request. Where it has not for certain, another server
    /// can be asked to do the same without a second thought.
    public var mayHaveBeenProcessed: Bool {
        switch self {
        case .connectionRefused, .unreachable, .notSent, .invalidRequest, .unavailable: false
        case .timedOut, .broken, .tooLarge, .cancelled, .shutDown: true
        }
    }

    /// One line for a log.
    public var description: String {
        switch self {
        case .connectionRefused: "connection refused"
        case .unreachable(let detail): "unreachable: \(detail)"
        case .notSent: "not sent: no connection was free in time"
        case .timedOut: "timed out"
        case .broken(let detail): "connection broken: \(detail)"
        case .tooLarge: "the answer is over the limit"
        case .cancelled: "cancelled by the receiver"
        case .invalidRequest(let detail): "not a valid request: \(detail)"
        case .shutDown: "the client was shut down"
        case .unavailable(let detail): "libcurl is unavailable: \(detail)"
        }
    }
}
