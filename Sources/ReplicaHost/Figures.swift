internal import ServerRuntime

/// What a replica counts for `GET /metrics`.
struct Figures: Sendable {
    let logWriteSeconds: MetricsRegistry.Histogram
    let batchEntries: MetricsRegistry.Histogram
    let commitEntries: MetricsRegistry.Histogram
    let applied: MetricsRegistry.Counter
    let invalidations: MetricsRegistry.Counter
    /// Messages to other servers, by their route.
    private let messages:
        [String: (answered: MetricsRegistry.Counter, failed: MetricsRegistry.Counter)]

    init(_ metrics: MetricsRegistry) {
        logWriteSeconds = metrics.histogram(
            "pygmy_log_write_seconds",
            help: "Durable writes of a batch to the log, fsync included.",
            bounds: .seconds)
        batchEntries = metrics.histogram(
            "pygmy_log_batch_entries", help: "Entries that shared one durable write.",
            bounds: .counts)
        commitEntries = metrics.histogram(
            "pygmy_commit_batch_entries", help: "Entries that were applied together.",
            bounds: .counts)
        applied = metrics.counter(
            "pygmy_applied_entries_total", help: "Entries that were applied to the state.")
        invalidations = metrics.counter(
            "pygmy_invalidations_sent_total", help: "Invalidations that were sent to front ends.")
        var messages: [String: (MetricsRegistry.Counter, MetricsRegistry.Counter)] = [:]
        for route in ["heartbeat", "update", "register"] {
            let counters = ["answered", "failed"].map { outcome in
                metrics.counter(
                    "pygmy_messages_total",
                    help: "Messages to other servers of the group, and votes, by their outcome.",
                    labels: "route=\"\(route)\",outcome=\"\(outcome)\"")
            }
            messages[route] = (counters[0], counters[1])
        }
        self.messages = messages
    }

    /// Counts a message to another server.
    /// - Parameter path: where it went.
    func count(messageTo path: String, isAnswered: Bool) {
        let route = path.dropFirst().prefix { $0 != "/" }
        guard let counters = messages[String(route)] else { return }
        (isAnswered ? counters.answered : counters.failed).increment()
    }
}
