/// A point on one server's monotonic clock, which counts suspended time (CLOCK_BOOTTIME).
///
/// Instants of different servers, or of different boots of one, cannot be compared: leases are
/// therefore sent as durations. The module is a type only; the clock itself is read in
/// `ServerRuntime`, or made up by `Simulation`.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since a fixed point of the clock, the boot of the machine as a rule.
    public var nanoseconds: Int64

    /// Makes an instant.
    /// - Parameter nanoseconds: nanoseconds since the clock's fixed point.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether the left instant comes before the right one.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that lies a span after this one; a span of less than nothing lies before.
    public static func + (instant: Instant, span: Span) -> Instant {
        Instant(nanoseconds: instant.nanoseconds + span.nanoseconds)
    }

    /// The instant that lies a span before this one.
    public static func - (instant: Instant, span: Span) -> Instant {
        Instant(nanoseconds: instant.nanoseconds - span.nanoseconds)
    }

    /// The span from the right instant to the left one.
    public static func - (left: Instant, right: Instant) -> Span {
        Span(nanoseconds: left.nanoseconds - right.nanoseconds)
    }

    /// A length of time in whole nanoseconds: half the size of `Duration`, and one machine word to
    /// compare, which matters on the path of a cached lookup.
    public struct Span: Hashable, Comparable, Sendable {
        /// The length in nanoseconds.
        public var nanoseconds: Int64

        /// Makes a span of nanoseconds.
        public init(nanoseconds: Int64) {
            self.nanoseconds = nanoseconds
        }

        /// Makes a span of a `Duration`, rounded toward zero to nanoseconds.
        public init(_ duration: Duration) {
            let (seconds, attoseconds) = duration.components
            nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        }

        /// A span of whole milliseconds.
        public static func milliseconds(_ count: Int64) -> Span {
            Span(nanoseconds: count * 1_000_000)
        }

        /// A span of seconds, rounded to nanoseconds.
        public static func seconds(_ count: Double) -> Span {
            Span(nanoseconds: Int64((count * 1e9).rounded()))
        }

        /// No time at all.
        public static let zero = Span(nanoseconds: 0)

        /// The same span as the standard library's type.
        public var duration: Duration { .nanoseconds(nanoseconds) }

        /// The span in seconds.
        public var seconds: Double { Double(nanoseconds) / 1e9 }

        /// Whether the left span is the shorter.
        public static func < (left: Span, right: Span) -> Bool {
            left.nanoseconds < right.nanoseconds
        }

        /// The sum of two spans.
        public static func + (left: Span, right: Span) -> Span {
            Span(nanoseconds: left.nanoseconds + right.nanoseconds)
        }

        /// The difference of two spans.
        public static func - (left: Span, right: Span) -> Span {
            Span(nanoseconds: left.nanoseconds - right.nanoseconds)
        }

        /// The span scaled by a factor, rounded to nanoseconds.
        public static func * (span: Span, factor: Double) -> Span {
            Span(nanoseconds: Int64((Double(span.nanoseconds) * factor).rounded()))
        }
    }
}
