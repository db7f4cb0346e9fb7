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
        /// Adds to the counter. Any thread.
        public func increment(by amount: Int = 1) { value.add(amount, ordering: .relaxed) }
        /// The number now.
        public var count: Int { value.load(ordering: .relaxed) }
    }

    /// How often values fell at or below each of some bounds.
    public final class Histogram: Sendable {
        fileprivate let bounds: [Double]
        private struct State {
            var counts: [Int]
            var sum: Double
        }
        private let state: Mutex<State>

        fileprivate init(bounds: [Double]) {
            self.bounds = bounds
            state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
        }

        /// Counts one value. Any thread.
        public func observe(_ value: Double) {
            let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
            state.withLock {
                $0.counts[bucket] += 1
                $0.sum += value
            }
        }

        fileprivate func lines(name: String) -> [String] {
            let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
            var lines: [String] = []
            var total = 0
            for (index, count) in counts.enumerated() {
                total += count
                let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
                lines.append("\(name)_bucket{le=\"\(bound)\"} \(total)")
            }
            return lines + ["\(name)_sum \(sum)", "\(name)_count \(total)"]
        }
    }

    /// Registers a counter.
    /// - Parameters:
    ///   - name: ends in `_total`; counters of one name with different labels may share it.
    ///   - help: what is counted.
    ///   - labels: `route="lookup"` and the like, already escaped; empty for none.
    public func counter(_ name: String, help: String, labels: String = "") -> Counter {
        let counter = Counter()
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        add(name, "counter", help) { ["\(name)\(suffix) \(counter.count)"] }
        return counter
    }

    /// Registers a counter that somebody else counts.
    public func counter(
        _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Int
    ) {
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        add(name, "counter", help) { ["\(name)\(suffix) \(read())"] }
    }

    /// Registers a value that goes up and down.
    public func gauge(
        _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Double
    ) {
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        add(name, "gauge", help) { ["\(name)\(suffix) \(read())"] }
    }

    /// Registers a histogram.
    /// - Parameter bounds: the upper bounds of its buckets, ascending, in the unit of its name.
    public func histogram(_ name: String, help: String, bounds: [Double]) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, "histogram", help) { histogram.lines(name: name) }
        return histogram
    }

    /// Bounds for times of requests and disk writes: 50 µs to 10 s.
    public static let secondsBounds: [Double] = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
        1, 2.5, 5, 10,
    ]

    /// Bounds for sizes of batches: powers of two to 4096.
    public static let countBounds: [Double] = (0...12).map { Double(1 << $0) }

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
}
