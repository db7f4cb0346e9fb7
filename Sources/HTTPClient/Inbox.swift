internal import CCurl
internal import Glibc
internal import Synchronization

/// A request on its way to the thread that sends it.
struct Submission: Sendable {
    let request: HTTPRequest
    let timeout: Duration
    let receiver: HTTPClient.Receiver?
    let completion: HTTPClient.Completion
}

/// Hands submissions to the transfer loop and wakes it.
final class Inbox: Sendable {
    private struct State {
        var submissions: [Submission] = []
        var isShutDown = false
        /// The loop has ended, and the multi handle is gone.
        var hasEnded = false
    }

    private let state = Mutex(State())
    // Sound: all functions on the handle are called by the loop's thread alone, except
    // `curl_multi_wakeup`, which libcurl allows from any thread as long as the handle exists; the
    // lock and `hasEnded` see to that. The pointer itself never changes.
    nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    init(multi: UnsafeMutableRawPointer) {
        self.multi = multi
    }

    /// Passes a submission on, or fails it at once after the shutdown. Any thread.
    func submit(_ submission: Submission) {
        let isAccepted = state.withLock { state in
            guard !state.isShutDown else { return false }
            // The loop takes all of them at once, so that one wakeup is enough for many.
            if state.submissions.isEmpty { curl_multi_wakeup(multi) }
            state.submissions.append(submission)
            return true
        }
        if !isAccepted { submission.completion(.failure(.shutDown)) }
    }

    /// Makes the loop end.
    func shutDown() {
        state.withLock { state in
            state.isShutDown = true
            if !state.hasEnded { curl_multi_wakeup(multi) }
        }
    }

    /// Takes what has gathered. The loop's thread.
    func take() -> (submissions: [Submission], isShutDown: Bool) {
        state.withLock { state in
            defer { state.submissions = [] }
            return (state.submissions, state.isShutDown)
        }
    }

    /// Destroys the multi handle, after which nobody wakes it any more. The loop's thread.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            curl_multi_cleanup(multi)
        }
    }
}

/// The outcome of one request, for the thread that waits for it.
final class Outcome: Sendable {
    private let result = Mutex<Result<HTTPResponse, HTTPClientError>?>(nil)
    // Sound: a POSIX semaphore is made for use by several threads, and lives as long as this.
    nonisolated(unsafe) private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Sets the outcome, once.
    func set(_ result: Result<HTTPResponse, HTTPClientError>) {
        self.result.withLock { $0 = result }
        sem_post(semaphore)
    }

    /// Waits for it.
    func wait() -> Result<HTTPResponse, HTTPClientError> {
        while true {
            if let result = result.withLock({ $0 }) { return result }
            sem_wait(semaphore)
        }
    }
}
