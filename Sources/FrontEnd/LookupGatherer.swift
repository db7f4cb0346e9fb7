internal import API
internal import HTTPClient
internal import MonotonicTime
internal import Synchronization

/// Brings lookups that the cache could not answer to the catalog: each at once while few are under
/// way, and what comes meanwhile together.
///
/// Any thread; nothing here waits. A batch is no more than a quick way: whatever it does not bring,
/// be it that no server answered in time or that this one may not answer, is asked for alone.
final class LookupGatherer: Sendable {
    /// Gets the answer, or the news that none came in time.
    typealias Completion = @Sendable (Result<UpstreamAnswer, Dispatcher.OutOfTime>) -> Void

    /// A lookup that the catalog is to answer.
    struct Question: Sendable {
        let itemNumber: Int64
        let trace: Trace
        let deadline: Instant
        /// Gets the answer to `GET /lookup/{itemNumber}`, once.
        let completion: Completion
    }

    /// Requests under way beyond which lookups gather. One would let a server that hangs hold up
    /// all the others for as long as ``patience``.
    static let underWayLimit = 3
    /// How long a lookup waits for requests that are under way.
    static let patience = Instant.Span.milliseconds(20)

    private struct State {
        var underWay = 0
        var waiting: [Question] = []
        /// A timer looks after those that wait.
        var isTimed = false

        /// What may be sent now.
        mutating func take(mayExceed: Bool = false) -> [Question] {
            guard !waiting.isEmpty, mayExceed || underWay < LookupGatherer.underWayLimit else {
                return []
            }
            underWay += 1
            let taken = Array(waiting.prefix(LookupBatch.maximumCount))
            waiting.removeFirst(taken.count)
            return taken
        }

        /// Whether a timer is to be set now for those that wait.
        mutating func mustTime() -> Bool {
            guard !waiting.isEmpty, !isTimed else { return false }
            isTimed = true
            return true
        }
    }

    private let state = Mutex(State())
    private let dispatcher: Dispatcher
    private let timers: any Timers

    init(dispatcher: Dispatcher, timers: any Timers) {
        self.dispatcher = dispatcher
        self.timers = timers
    }

    /// Asks the catalog, now or with others.
    func ask(_ question: Question) {
        let (questions, mustTime) = state.withLock { state -> ([Question], Bool) in
            state.waiting.append(question)
            let questions = state.take()
            return (questions, state.mustTime())
        }
        send(questions)
        if mustTime { time() }
    }

    private func time() {
        timers.schedule(at: timers.now() + Self.patience) { [self] in overdue() }
    }

    /// Sends what has waited since the timer was set, whatever is under way; what is more than a
    /// batch waits once more.
    private func overdue() {
        let (questions, mustTime) = state.withLock { state -> ([Question], Bool) in
            state.isTimed = false
            let questions = state.take(mayExceed: true)
            return (questions, state.mustTime())
        }
        send(questions)
        if mustTime { time() }
    }

    private func send(_ questions: [Question]) {
        guard let first = questions.first else { return }
        guard questions.count > 1 else {
            return askAlone(first) { [self] result in
                finished()
                first.completion(result)
            }
        }
        let journey = Journey()
        // A batch has one request to travel with: that of its first lookup.
        let request = UpstreamRequest(
            method: "POST", path: "/lookups", headers: [("Content-Type", LookupBatch.mediaType)],
            body: LookupBatch(questions.map(\.itemNumber)).encoded,
            trace: Trace(
                requestID: first.trace.requestID, parent: first.trace.parent, journey: journey))
        let deadline = questions.map(\.deadline).min() ?? first.deadline
        dispatcher.send(request, to: .member(.catalog), deadline: deadline) { [self] result, _ in
            for question in questions { question.trace.journey?.add(journey) }
            // The server works on the next batch while this one's clients are answered.
            finished()
            complete(questions, result)
        }
    }

    private func finished() {
        let questions = state.withLock { state in
            state.underWay -= 1
            return state.take()
        }
        send(questions)
    }

    private func complete(
        _ questions: [Question], _ result: Result<UpstreamAnswer, Dispatcher.OutOfTime>
    ) {
        var items = [LookupResults.Item?](repeating: nil, count: questions.count)
        if case .success(let answer) = result, answer.status == 200,
            let results = try? LookupResults(decoding: answer.body),
            results.items.count == questions.count
        {
            items = results.items
        }
        for (question, item) in zip(questions, items) {
            guard let item else {
                askAlone(question, completion: question.completion)
                continue
            }
            let headers = item.isSettled ? [] : [("X-Uncommitted", "1")]
            question.completion(
                .success(HTTPResponse(status: 200, headers: headers, body: item.body)))
        }
    }

    private func askAlone(_ question: Question, completion: @escaping Completion) {
        let request = UpstreamRequest(
            method: "GET", path: "/lookup/\(question.itemNumber)", trace: question.trace)
        dispatcher.send(
            request, to: .member(.catalog), deadline: question.deadline
        ) { result, _ in completion(result) }
    }
}
