public import MonotonicTime
internal import Synchronization

/// Lets a fault that comes again and again, such as a full disk, into the log once in a while.
///
///     if let text = faults.text("the log cannot be written: \(error)") { logger.error("\(text)") }
public final class RepeatedFaults: Sendable {
    /// How long a fault is not told again.
    public static let interval = Instant.Span.seconds(10)
    /// Faults that are remembered; of more, the oldest are forgotten.
    private static let limit = 64

    private struct Fault {
        var toldAt: Instant
        var untold = 0
    }

    private let faults = Mutex<[String: Fault]>([:])

    /// Remembers nothing yet.
    public init() {}

    /// What to tell of a fault that has just come: its text, and how often it came since it was
    /// last told; nil where that was a moment ago. Any thread.
    public func text(_ text: String, at now: Instant = BootClock.now()) -> String? {
        faults.withLock { faults in
            guard let known = faults[text] else {
                if faults.count >= Self.limit,
                    let oldest = faults.min(by: { $0.value.toldAt < $1.value.toldAt })
                {
                    faults[oldest.key] = nil
                }
                faults[text] = Fault(toldAt: now)
                return text
            }
            guard now - known.toldAt >= Self.interval else {
                faults[text]?.untold += 1
                return nil
            }
            faults[text] = Fault(toldAt: now)
            return known.untold == 0
                ? text : "\(text) (and \(known.untold) times more since this was last said)"
        }
    }
}
