import Console
import Glibc

/// How far something is that takes a while: a line with rate and time left, written over as it
/// goes, on a terminal only.
struct Progress: Sendable {
    private let title: String
    private let unit: Unit
    private let terminal: Terminal
    private let start: ContinuousClock.Instant
    private let delay: Duration
    private let write: @Sendable (String) -> Void
    private var lastShown: ContinuousClock.Instant?

    /// What is counted.
    enum Unit: Sendable {
        case bytes
        case of(String)
        /// Of time itself, which has no rate.
        case seconds
    }

    /// Begins to count.
    /// - Parameter delay: before that nothing is shown: what is done by then needs no progress.
    init(
        _ title: String, _ unit: Unit, terminal: Terminal = Terminal(STDERR_FILENO),
        start: ContinuousClock.Instant = .now, delay: Duration = .seconds(2),
        write: @escaping @Sendable (String) -> Void = { Standard.write($0, to: STDERR_FILENO) }
    ) {
        self.title = title
        self.unit = unit
        self.terminal = terminal
        self.start = start
        self.delay = delay
        self.write = write
    }

    /// Shows how far it is, ten times a second at most.
    /// - Parameters:
    ///   - total: where that is known.
    ///   - note: what else there is to say.
    mutating func advance(
        to done: Int, of total: Int?, note: String? = nil, at now: ContinuousClock.Instant = .now
    ) {
        guard terminal.isTerminal, now - start > delay else { return }
        if let lastShown, now - lastShown < .milliseconds(100) { return }
        lastShown = now
        let line =
            line(done, of: total, after: now - start) + (note.map { "  \($0)" } ?? "")
        write("\r\(line.prefix((terminal.width ?? 80) - 1))\u{1b}[K")
    }

    /// Removes the line.
    mutating func finish() {
        if lastShown != nil { write("\r\u{1b}[K") }
        lastShown = nil
    }

    /// `title  12.0 of 96.0 MB  [###   ]  12%  3.1 MB/s  0:27 left`.
    func line(_ done: Int, of total: Int?, after time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(done) / seconds : 0
        guard let total, total > 0 else {
            return "\(title)  \(amount(done))  \(amount(Int(rate)))/s"
        }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 20)
        let bar =
            String(repeating: "#", count: filled) + String(repeating: " ", count: 20 - filled)
        if case .seconds = unit {
            return "\(title)  [\(bar)] \(Int(share * 100))%  "
                + "\(Progress.clock(max(0, total - done))) left"
        }
        let left = rate > 0 ? Progress.clock(Int(Double(max(0, total - done)) / rate)) : "-:--"
        return "\(title)  [\(bar)] \(Int(share * 100))%  \(amount(done)) of \(amount(total))  "
            + "\(amount(Int(rate)))/s  \(left) left"
    }

    private func amount(_ number: Int) -> String {
        switch unit {
        case .of(let name): return "\(number) \(name)"
        case .seconds: return Progress.clock(number)
        case .bytes:
            guard number >= 1_000_000 else { return "\(number / 1000) kB" }
            return "\(number / 1_000_000).\(number / 100_000 % 10) MB"
        }
    }

    /// Seconds as minutes and seconds.
    static func clock(_ seconds: Int) -> String {
        let rest = String(seconds % 60)
        let minutes = seconds / 60
        let tail = rest.count < 2 ? "0\(rest)" : rest
        guard minutes >= 60 else { return "\(minutes):\(tail)" }
        let middle = String(minutes % 60)
        return "\(minutes / 60):\(middle.count < 2 ? "0" : "")\(middle):\(tail)"
    }
}
