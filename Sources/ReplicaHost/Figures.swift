internal import ServerRuntime

/// What a replica counts for `GET /metrics`.
struct Figures: Sendable {
    let logWriteSeconds: MetricsRegistry.Histogram
    let batchEntries: MetricsRegistry.Histogram
    let applied: MetricsRegistry.Counter
    let invalidations: MetricsRegistry.Counter

    init(_ metrics: MetricsRegistry) {
        logWriteSeconds = metrics.histogram(
            "pygmy_log_write_seconds", help: "Durable writes of a batch to the log.",
            bounds: .seconds)
        batchEntries = metrics.histogram(
            "pygmy_log_batch_entries", help: "Entries that shared one durable write.",
            bounds: .counts)
        applied = metrics.counter(
            "pygmy_applied_entries_total", help: "Entries that were applied to the state.")
        invalidations = metrics.counter(
            "pygmy_invalidations_sent_total", help: "Invalidations that were sent to front ends.")
    }
}
