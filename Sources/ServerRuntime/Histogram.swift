internal import Synchronization

extension MetricsRegistry {
    /// How often values fell at or below each of some bounds. Counted without a lock, from any
    /// thread.
    public final class Histogram: Sendable {
        /// The upper bounds of a histogram's buckets.
        public struct Bounds: Sendable, Equatable {
            /// In the unit of the histogram's name, ascending; a bucket for everything above
            /// follows.
            public let values: [Double]
            /// What a count of one is worth: sums are kept as whole numbers of these.
            let resolution: Double
            /// The bounds as multiples of the resolution.
            let scaled: [Int64]

            private init(_ values: [Double], resolution: Double) {
                self.values = values
                self.resolution = resolution
                scaled = values.map { Int64(($0 / resolution).rounded()) }
            }

            /// For times of requests and disk writes: 50 µs to 10 s, kept in nanoseconds.
            public static let seconds = Bounds(
                [
                    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                    0.25, 0.5, 1, 2.5, 5, 10,
                ], resolution: 1e-9)

            /// For sizes of batches: powers of two to 4096.
            public static let counts = Bounds((0...12).map { Double(1 << $0) }, resolution: 1)
        }

        /// A histogram at one moment.
        public struct Snapshot: Sendable, Equatable {
            /// The upper bounds of the buckets.
            public let bounds: Bounds
            /// How many values fell into each bucket, the one above all bounds last.
            public private(set) var counts: [Int]
            /// The sum of all values.
            public private(set) var sum: Double

            /// How many values there were.
            public var count: Int { counts.reduce(0, +) }

            /// Both together; they must have the same bounds.
            public static func + (left: Snapshot, right: Snapshot) -> Snapshot {
                precondition(left.bounds == right.bounds, "only what is counted alike adds up")
                var sum = left
                for index in sum.counts.indices { sum.counts[index] += right.counts[index] }
                sum.sum += right.sum
                return sum
            }

            init(_ bounds: Bounds, counts: [Int], sum: Double) {
                self.bounds = bounds
                self.counts = counts
                self.sum = sum
            }

            func lines(name: String, labels: String) -> [String] {
                let prefix = labels.isEmpty ? "" : "\(labels),"
                let suffix = labels.isEmpty ? "" : "{\(labels)}"
                var lines: [String] = []
                var total = 0
                for (index, count) in counts.enumerated() {
                    total += count
                    let bound =
                        index < bounds.values.count
                        ? MetricsRegistry.text(bounds.values[index]) : "+Inf"
                    lines.append("\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)")
                }
                return lines + [
                    "\(name)_sum\(suffix) \(MetricsRegistry.text(sum))",
                    "\(name)_count\(suffix) \(total)",
                ]
            }
        }

        private let bounds: Bounds
        private let buckets: [MetricsRegistry.Counter]
        private let sum = Atomic<Int64>(0)

        /// Makes a histogram that no registry knows yet.
        public init(_ bounds: Bounds) {
            self.bounds = bounds
            buckets = (0...bounds.scaled.count).map { _ in MetricsRegistry.Counter() }
        }

        /// Counts one value in the unit of the bounds.
        public func observe(_ value: Double) {
            observe(scaled: Int64((value / bounds.resolution).rounded()))
        }

        /// Counts one time in nanoseconds; two additions, and a comparison for each bound below it.
        public func observe(nanoseconds: Int64) { observe(scaled: nanoseconds) }

        private func observe(scaled value: Int64) {
            var index = 0
            while index < bounds.scaled.count, value > bounds.scaled[index] { index += 1 }
            buckets[index].increment()
            sum.wrappingAdd(value, ordering: .relaxed)
        }

        /// The numbers now. The sum may be ahead of the counts by values that are being counted.
        public var snapshot: Snapshot {
            Snapshot(
                bounds, counts: buckets.map(\.count),
                sum: Double(sum.load(ordering: .relaxed)) * bounds.resolution)
        }
    }
}
