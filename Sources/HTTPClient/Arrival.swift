internal import Synchronization
internal import Threads

/// Where a thread waits for what another brings, once: the answer to a request, where nothing can
/// be done before it has come.
///
///     let arrival = Arrival<HTTPResponse?>()
///     client.send(request, timeout: .seconds(5)) { arrival.set(try? $0.get()) }
///     let response = arrival.wait()
public final class Arrival<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = SteadySemaphore()

    /// Nothing has come yet.
    public init() {}

    /// Brings it. To be called once, from any thread.
    public func set(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Waits for it, however long that takes.
    public func wait() -> Value {
        while true {
            semaphore.wait()
            if let value = value.withLock({ $0 }) { return value }
        }
    }

    /// Waits for it, no longer than `time`; nil where it has not come by then.
    public func wait(_ time: Duration) -> Value? {
        let (seconds, attoseconds) = time.components
        // A year is as good as for ever, and is no overflow.
        let nanoseconds = min(seconds, 31_536_000) * 1_000_000_000 + attoseconds / 1_000_000_000
        guard semaphore.wait(nanoseconds: nanoseconds) else { return nil }
        return value.withLock { $0 }
    }
}
