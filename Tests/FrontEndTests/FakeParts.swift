import API
import Dispatch
import HTTPClient
import MonotonicTime
import Synchronization

@testable import FrontEnd

/// A back end that answers when the test says so, or at once by a rule.
final class FakeUpstream: Upstream {
    typealias Completion = @Sendable (Result<UpstreamAnswer, UpstreamFailure>) -> Void

    struct Call: Sendable {
        let request: UpstreamRequest
        let server: ServerID
        let timeout: Instant.Span
        let completion: Completion

        func answer(_ status: Int, _ body: String = "", headers: [(String, String)] = []) {
            answer(status, Array(body.utf8), headers: headers)
        }

        func answer(_ status: Int, _ body: [UInt8], headers: [(String, String)] = []) {
            completion(.success(HTTPResponse(status: status, headers: headers, body: body)))
        }

        func fail(_ failure: UpstreamFailure = .unreachable) { completion(.failure(failure)) }
    }

    private struct State {
        var open: [Call] = []
        var count = 0
        var rule: (@Sendable (Call) -> Void)?
    }

    private let state = Mutex(State())

    func send(
        _ request: UpstreamRequest, to server: ServerID, timeout: Instant.Span,
        completion: @escaping Completion
    ) {
        let call = Call(
            request: request, server: server, timeout: timeout, completion: completion)
        let rule = state.withLock { state -> (@Sendable (Call) -> Void)? in
            state.count += 1
            if state.rule == nil { state.open.append(call) }
            return state.rule
        }
        rule?(call)
    }

    /// From now on every request is answered at once by a rule.
    func answerAll(_ rule: @escaping @Sendable (Call) -> Void) {
        state.withLock { $0.rule = rule }
    }

    /// Takes the oldest request that is not answered; nil where there is none.
    func next() -> Call? {
        state.withLock { $0.open.isEmpty ? nil : $0.open.removeFirst() }
    }

    /// Takes the oldest heartbeat that is not answered; nil where there is none.
    func nextHeartbeat() -> Call? {
        state.withLock { state in
            let place = state.open.firstIndex { $0.request.path.hasPrefix("/heartbeat?") }
            return place.map { state.open.remove(at: $0) }
        }
    }

    /// Takes all requests that are not answered.
    func takeAll() -> [Call] {
        state.withLock { state in
            defer { state.open = [] }
            return state.open
        }
    }

    /// Requests that are not answered.
    var openCount: Int { state.withLock { $0.open.count } }
    /// All requests there were.
    var count: Int { state.withLock { $0.count } }
}

/// A clock that stands still until the test moves it.
final class FakeTimers: Timers {
    private struct State {
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var entries: [(due: Instant, body: @Sendable () -> Void)] = []
    }

    private let state = Mutex(State())

    func now() -> Instant { state.withLock { $0.now } }

    func wallMilliseconds() -> Int64 { 1_795_386_005_123 }

    func schedule(at due: Instant, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.entries.append((due, body)) }
    }

    /// Moves the clock, and calls what is due on the way at its time.
    func advance(_ span: Instant.Span) {
        let end = now() + span
        while true {
            let due = state.withLock { state -> (@Sendable () -> Void)? in
                let soonest = state.entries.indices.min {
                    (state.entries[$0].due, $0) < (state.entries[$1].due, $1)
                }
                guard let next = soonest, state.entries[next].due <= end else {
                    state.now = end
                    return nil
                }
                let entry = state.entries.remove(at: next)
                state.now = max(state.now, entry.due)
                return entry.body
            }
            guard let due else { return }
            due()
        }
    }
}

/// Whoever gets an answer.
final class FakeSink: AnswerSink {
    private struct State {
        var answers: [Answer] = []
        var stream: (status: Int, headers: [(String, String)], body: [UInt8])?
        var isFinished = false
    }

    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)
    private let room: Int

    /// A sink whose client goes away after so many bytes of a stream.
    init(room: Int = .max) { self.room = room }

    func send(_ answer: Answer) {
        state.withLock { $0.answers.append(answer) }
        done.signal()
    }

    func send(_ hit: CachedBook.Hit) {
        send(
            hit.book.answer(
                age: hit.age, cacheStatus: CacheUse.hit.status(by: "frontEndServer1"),
                indented: false, ifNoneMatch: nil))
    }

    func begin(status: Int, headers: [(String, String)]) -> Bool {
        state.withLock { $0.stream = (status, headers, []) }
        return true
    }

    struct Gone: Error {}

    func write(_ bytes: [UInt8]) throws {
        let isFull = state.withLock { state in
            state.stream?.body += bytes
            return (state.stream?.body.count ?? 0) > room
        }
        if isFull { throw Gone() }
    }

    func finish() {
        state.withLock { $0.isFinished = true }
        done.signal()
    }

    /// The only answer so far; nil where there is none.
    var answer: Answer? { state.withLock { $0.answers.count == 1 ? $0.answers[0] : nil } }
    var answerCount: Int { state.withLock { $0.answers.count } }
    var streamed: String {
        String(decoding: state.withLock { $0.stream?.body ?? [] }, as: UTF8.self)
    }
    var streamHeaders: [(String, String)] { state.withLock { $0.stream?.headers ?? [] } }
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Waits until an answer was given, or a stream has ended.
    func wait() { done.wait() }
}

extension Answer {
    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    func count(of name: String) -> Int { headers.count { $0.0 == name } }
    var text: String { String(decoding: body, as: UTF8.self) }
}
