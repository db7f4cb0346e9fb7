internal import Glibc

/// A counting semaphore whose waits end by the system's monotonic clock.
///
/// Dispatch's semaphore ends a wait by the clock on the wall, on Linux: where that is set back by
/// an hour, a thread that was to wait for a moment waits for an hour.
public final class SteadySemaphore: Sendable {
    // Sound: all three are made by `init`, released by `deinit`, and point to the same memory in
    // between; the count is only touched while the mutex is held.
    nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>
    nonisolated(unsafe) private let count: UnsafeMutablePointer<Int>

    /// Makes a semaphore that lets nobody pass yet.
    public init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        count = .allocate(capacity: 1)
        count.initialize(to: 0)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        condition.deallocate()
        count.deallocate()
    }

    /// Lets one pass, who waits now or comes later. Any thread.
    public func signal() {
        pthread_mutex_lock(mutex)
        count.pointee += 1
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until it may pass.
    public func wait() {
        pthread_mutex_lock(mutex)
        while count.pointee == 0 { pthread_cond_wait(condition, mutex) }
        count.pointee -= 1
        pthread_mutex_unlock(mutex)
    }

    /// Waits until it may pass, or a time is over.
    /// - Parameter nanoseconds: how long at most; nothing below 1.
    /// - Returns: whether it passed.
    public func wait(nanoseconds: Int64) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        // A century is as good as for ever, and is no overflow.
        let span = min(max(0, nanoseconds), 100 * 365 * 86_400 * 1_000_000_000)
        let total = Int64(end.tv_nsec) + span % 1_000_000_000
        end.tv_sec += Int(span / 1_000_000_000 + total / 1_000_000_000)
        end.tv_nsec = Int(total % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while count.pointee == 0 {
            if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT, count.pointee == 0 {
                return false
            }
        }
        count.pointee -= 1
        return true
    }
}
