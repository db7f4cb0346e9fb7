internal import Synchronization

/// What a front end counts besides its cache. Any thread, without a lock.
final class FrontEndCounters: Sendable {
    let lookups = Atomic<Int>(0)
    let searches = Atomic<Int>(0)
    let buys = Atomic<Int>(0)
    let buyBatches = Atomic<Int>(0)
    let administrations = Atomic<Int>(0)
    let others = Atomic<Int>(0)
    /// Requests to the back end that were made again, there or elsewhere.
    let retries = Atomic<Int>(0)
    /// Answers with status 400 to 499.
    let refusals = Atomic<Int>(0)
    /// Answers with status 500 or above.
    let failures = Atomic<Int>(0)
    let heartbeatsAnswered = Atomic<Int>(0)
    let heartbeatsMissed = Atomic<Int>(0)
    let invalidationRequests = Atomic<Int>(0)
}

extension FrontEndCounters {
    /// Counts an answer that is an error.
    func count(status: Int) {
        if status >= 500 {
            failures.add(1, ordering: .relaxed)
        } else if status >= 400 {
            refusals.add(1, ordering: .relaxed)
        }
    }
}
