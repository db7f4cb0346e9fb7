internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport

/// How long a busy machine holds up a thread that has next to nothing to do, for the processor and
/// for the disk: what a request lost by that is not the store's fault.
///
/// It sleeps, has a byte written to the disk, and takes note of the time by which that took too
/// long.
final class Metronome: Sendable {
    /// A beat that came late: it was due at `start` and came at `end`.
    private struct Delay {
        var start: Int64
        var end: Int64
    }

    private static let rest: Int64 = 20_000_000
    /// What sleeping and writing may take beyond the rest on a machine that is idle.
    private static let tolerance: Int64 = 10_000_000

    private let delays = Mutex<[Delay]>([])
    private let isStopping = Mutex(false)
    private let thread = Mutex<ResultThread<Void>?>(nil)

    /// Starts to beat.
    init() {
        thread.withLock { $0 = ResultThread { [self] in beat() } }
    }

    /// Ends with the beat that is under way. May be called once.
    func stop() {
        isStopping.withLock { $0 = true }
        thread.withLock { $0 }?.join()
    }

    /// How much of a span of time, in nanoseconds, beats came late.
    func delay(from start: Int64, to end: Int64) -> Int64 {
        delays.withLock { delays in
            delays.reduce(0) { $0 + max(0, min($1.end, end) - max($1.start, start)) }
        }
    }

    private func beat() {
        let folder = TemporaryFolder()
        let file = open(folder("beat"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        while !isStopping.withLock({ $0 }) {
            let due = nanoseconds() + Self.rest + Self.tolerance
            Thread.sleep(forTimeInterval: Double(Self.rest) / 1e9)
            pwrite(file, "x", 1, 0)
            fdatasync(file)
            let now = nanoseconds()
            if now > due { delays.withLock { $0.append(Delay(start: due, end: now)) } }
        }
    }
}
