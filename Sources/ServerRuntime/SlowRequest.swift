public import Logging
public import MonotonicTime

/// The line about a request to another server that took long: who has the request's id finds where
/// its time went, hop by hop, in the logs of the servers that it passed.
public enum SlowRequest {
    /// From when on a request is slow.
    public static let threshold = Instant.Span.milliseconds(500)

    /// Logs a request that has ended, where it was slow. Any thread.
    /// - Parameters:
    ///   - server: who was asked.
    ///   - status: what it answered; nil where it did not.
    ///   - requestID: that of the user's request.
    public static func note(
        _ method: String, _ path: String, at server: String, took time: Instant.Span, status: Int?,
        requestID: String, _ logger: Logger
    ) {
        guard time >= threshold else { return }
        // A query may hold what a customer typed.
        let route = path.prefix { $0 != "?" }
        logger.warning(
            "slow: \(method) \(route) at \(server) took \(time.nanoseconds / 1_000_000) ms",
            metadata: [
                "request": "\(requestID)", "status": "\(status.map(String.init) ?? "no answer")",
            ])
    }
}
