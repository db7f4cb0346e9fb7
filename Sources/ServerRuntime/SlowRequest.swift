public import Logging
public import MonotonicTime

/// The line about a request to another server that took long: who has the request's id finds where
/// its time went, hop by hop, in the logs of the servers that it passed.
public enum SlowRequest {
    /// From when on a request is slow.
    public static let threshold = Instant.Span.milliseconds(500)

    /// Logs a request that has ended: a warning where it was slow, otherwise a line for whoever
    /// wants all of them, at the level debug. Any thread.
    /// - Parameters:
    ///   - server: who was asked.
    ///   - status: what it answered; nil where it did not.
    ///   - requestID: that of the user's request.
    public static func note(
        _ method: String, _ path: String, at server: String, took time: Instant.Span, status: Int?,
        requestID: String, _ logger: Logger
    ) {
        let isSlow = time >= threshold
        guard isSlow || logger.logLevel <= .debug else { return }
        // A query may hold what a customer typed.
        let route = path.prefix { $0 != "?" }
        logger.log(
            level: isSlow ? .warning : .debug,
            """
            \(isSlow ? "slow: " : "")\(method) \(route) at \(server) took \(milliseconds(time)) ms
            """,
            metadata: [
                "request": "\(requestID)", "status": "\(status.map(String.init) ?? "no answer")",
            ])
    }

    /// Whole ones of a slow request, tenths of others.
    private static func milliseconds(_ time: Instant.Span) -> String {
        let tenths = time.nanoseconds / 100_000
        return time >= threshold ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
