internal import Synchronization

/// The counters, gauges and histograms of one server, in Prometheus's text format (version 0.0.4).
///
/// Metrics are made once, when the server starts, and counted without a lock; names follow
/// Prometheus's conventions (`pygmy_…_total`, `_seconds`, `_bytes`).
public final class MetricsRegistry: Sendable {
    private struct Series {
        let name: String
        let kind: String
        let help: String
        let lines: @Sendable () -> [String]
    }

    private let series = Mutex<[Series]>([])

    /// Makes an empty registry.
    public init() {}

    /// A number that only grows.
    public final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        /// Makes a counter of 0 that no registry knows yet.
        public init() {}
        /// Adds to the counter. Any thread.
        public func increment(by amount: Int = 1) { value.add(amount, ordering: .relaxed) }
        /// The number now.
        public var count: Int { value.load(ordering: .relaxed) }
    }

    /// Registers a counter.
    /// - Parameters:
    ///   - name: ends in `_total`; counters of one name with different labels may share it.
    ///   - help: what is counted.
    ///   - labels: `route="lookup"` and the like, already escaped; empty for none.
    public func counter(_ name: String, help: String, labels: String = "") -> Counter {
        let counter = Counter()
        self.counter(name, help: help, labels: labels) { counter.count }
        return counter
    }

    /// Registers a counter that somebody else counts.
    public func counter(
        _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Int
    ) {
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        add(name, "counter", help) { ["\(name)\(suffix) \(read())"] }
    }

    /// Registers counters of one name whose labels show only when they are asked for; those that
    /// are still 0 may be left out.
    public func counters(
        _ name: String, help: String,
        read: @escaping @Sendable () -> [(labels: String, value: Double)]
    ) {
        add(name, "counter", help) {
            read().map { labels, value in
                "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.text(value))"
            }
        }
    }

    /// Registers a value that goes up and down.
    public func gauge(
        _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Double
    ) {
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        add(name, "gauge", help) { ["\(name)\(suffix) \(Self.text(read()))"] }
    }

    /// Registers gauges of one name whose labels show only when they are asked for.
    public func gauges(
        _ name: String, help: String,
        read: @escaping @Sendable () -> [(labels: String, value: Double)]
    ) {
        add(name, "gauge", help) {
            read().map { labels, value in "\(name){\(labels)} \(Self.text(value))" }
        }
    }

    /// Registers a histogram.
    /// - Parameter bounds: the upper bounds of its buckets, ascending, in the unit of its name.
    public func histogram(
        _ name: String, help: String, labels: String = "", bounds: Histogram.Bounds
    ) -> Histogram {
        let histogram = Histogram(bounds)
        self.histogram(name, help: help, labels: labels) { histogram.snapshot }
        return histogram
    }

    /// Registers a histogram that somebody else keeps.
    public func histogram(
        _ name: String, help: String, labels: String = "",
        read: @escaping @Sendable () -> Histogram.Snapshot
    ) {
        add(name, "histogram", help) { read().lines(name: name, labels: labels) }
    }

    /// The body of `GET /metrics`.
    public func text() -> String {
        var described: Set<String> = []
        var lines: [String] = []
        for entry in series.withLock({ $0 }) {
            if described.insert(entry.name).inserted {
                lines.append("# HELP \(entry.name) \(entry.help)")
                lines.append("# TYPE \(entry.name) \(entry.kind)")
            }
            lines += entry.lines()
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func add(
        _ name: String, _ kind: String, _ help: String,
        lines: @escaping @Sendable () -> [String]
    ) {
        series.withLock { series in
            // The format wants the series of one name beside each other.
            let entry = Series(name: name, kind: kind, help: help, lines: lines)
            if let last = series.lastIndex(where: { $0.name == name }) {
                series.insert(entry, at: last + 1)
            } else {
                series.append(entry)
            }
        }
    }

    /// A value as the format has it: whole numbers without a fraction.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
