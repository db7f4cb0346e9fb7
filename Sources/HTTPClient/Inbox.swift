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
        /// The loop looks here once more before it waits.
        var isLoopAwake = true
    }

    private let state = Mutex(State())
    private let wakeup: Wakeup

    init(_ wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    /// Passes a submission on, or fails it at once after the shutdown. Any thread.
    func submit(_ submission: Submission) {
        let isAccepted = state.withLock { state in
            guard !state.isShutDown else { return false }
            state.submissions.append(submission)
            wakeLoop(&state)
            return true
        }
        if !isAccepted { submission.completion(.failure(.shutDown)) }
    }

    /// Makes the loop end.
    func shutDown() {
        state.withLock { state in
            state.isShutDown = true
            wakeLoop(&state)
        }
    }

    private func wakeLoop(_ state: inout State) {
        guard !state.isLoopAwake else { return }
        state.isLoopAwake = true
        wakeup.call()
    }

    /// Takes what has gathered. The loop's thread.
    func take() -> (submissions: [Submission], isShutDown: Bool) {
        state.withLock { state in
            defer { state.submissions = [] }
            return (state.submissions, state.isShutDown)
        }
    }

    /// Whether the loop may wait: there is nothing to take, and whoever brings something wakes it.
    /// The loop's thread.
    func letLoopWait() -> Bool {
        state.withLock { state in
            state.isLoopAwake = !state.submissions.isEmpty || state.isShutDown
            return !state.isLoopAwake
        }
    }

    /// The loop has waited. Its thread.
    func noteLoopIsAwake() {
        state.withLock { $0.isLoopAwake = true }
    }
}
