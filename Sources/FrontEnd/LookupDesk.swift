internal import API
internal import Caching
internal import HTTPClient
internal import MonotonicTime
internal import Synchronization

/// Answers lookups: from the cache where it may, from the catalog where it must.
///
/// Any thread; nothing here waits. Lock, step the cache, unlock, then ask and answer.
final class LookupDesk: Sendable {
    /// A lookup that waits for a fill.
    struct Waiter: Sendable {
        let sink: any AnswerSink
        let trace: Trace
        let deadline: Instant
        let isIndented: Bool
        let ifNoneMatch: [UInt8]?
    }

    /// Those who wait for one fill.
    private struct Party: Sendable {
        /// Whoever was there when the catalog was asked.
        var founders: [Waiter]
        /// Whoever came later: see rule 7 of `CoherentCache`.
        var joiners: [Waiter] = []
    }

    private struct State: Sendable {
        var cache: CoherentCache<Int64, CachedBook>
        /// The parties by the numbers of their fills, forbidden ones included.
        var parties: [UInt64: Party] = [:]
    }

    /// A request to the catalog that is to be made once the lock is let go.
    private enum Demand: Sendable {
        /// A fill, whose party waits under its number.
        case fill(FillToken<Int64>, Trace, deadline: Instant)
        /// A request for these readers and nobody else.
        case bypass(Int64, [Waiter], deadline: Instant)
    }

    /// What the cache calls itself in `Cache-Status`: the server's name.
    private let name: String
    /// The headers that all hits have in common.
    private let commonHead: [UInt8]
    private let state: Mutex<State>
    private let gatherer: LookupGatherer
    private let timers: any Timers

    init(
        name: String, threshold: Int, timeToLive: Instant.Span, dispatcher: Dispatcher,
        timers: any Timers
    ) {
        self.name = name
        commonHead = CachedBook.commonHead(of: name)
        state = Mutex(
            State(cache: CoherentCache(threshold: threshold, timeToLive: timeToLive)))
        gatherer = LookupGatherer(dispatcher: dispatcher, timers: timers)
        self.timers = timers
    }

    /// Looks a book up.
    /// - Parameters:
    ///   - number: the book's number.
    ///   - now: the time now.
    ///   - makeWaiter: makes the one who waits, where the cache has no answer; called once at most.
    /// - Returns: the book where the cache has it; else nil, and the waiter is answered later.
    func lookup(_ number: Int64, at now: Instant, makeWaiter: () -> Waiter) -> CachedBook.Hit? {
        var demand: Demand?
        let hit = state.withLock { state -> CachedBook.Hit? in
            switch state.cache.lookup(number, at: now) {
            case .hit(let book, let age):
                return CachedBook.Hit(book: book, age: age)
            case .join(let token):
                state.parties[token.number]?.joiners.append(makeWaiter())
            case .startFill(let token):
                let waiter = makeWaiter()
                state.parties[token.number] = Party(founders: [waiter])
                demand = .fill(token, waiter.trace, deadline: waiter.deadline)
            case .bypass:
                let waiter = makeWaiter()
                demand = .bypass(number, [waiter], deadline: waiter.deadline)
            }
            return nil
        }
        if let demand { meet(demand) }
        return hit
    }

    /// Drops books that are about to change. When it has returned the invalidation may be answered.
    func invalidate(_ numbers: [Int64]) {
        state.withLock { _ = $0.cache.invalidate(numbers) }
    }

    /// Looks at the cache or changes its lease.
    func withCache<Result: Sendable>(
        _ body: (inout CoherentCache<Int64, CachedBook>) -> Result
    ) -> Result {
        state.withLock { body(&$0.cache) }
    }

    // MARK: Asking the catalog

    private func meet(_ demand: Demand) {
        switch demand {
        case .fill(let token, let trace, let deadline):
            ask(for: token.key, trace, deadline) { [self] in filled(token, $0) }
        case .bypass(let number, let waiters, let deadline):
            guard let first = waiters.first else { return }
            ask(for: number, first.trace, deadline) { [self] result in
                answered(number, waiters, result)
            }
        }
    }

    private func ask(
        for number: Int64, _ trace: Trace, _ deadline: Instant,
        completion: @escaping LookupGatherer.Completion
    ) {
        gatherer.ask(
            LookupGatherer.Question(
                itemNumber: number, trace: trace, deadline: deadline, completion: completion))
    }

    private func filled(
        _ token: FillToken<Int64>, _ result: Result<UpstreamAnswer, Dispatcher.OutOfTime>
    ) {
        let answer: UpstreamAnswer
        switch result {
        case .success(let success): answer = success
        case .failure(let failure): return abandon(token, failure.refusal)
        }
        let book = self.book(in: answer)
        let isSettled = answer.header("X-Uncommitted") == nil
        let now = timers.now()
        typealias Served = (founders: [Waiter], joiners: [Waiter], isStored: Bool)
        let (served, demand) = state.withLock { state -> (Served, Demand?) in
            let outcome = state.cache.completeFill(
                token, value: book, cacheable: isSettled, at: now)
            guard let party = state.parties.removeValue(forKey: token.number) else {
                return (([], [], false), nil)
            }
            switch outcome {
            case .stored: return ((party.founders, party.joiners, true), nil)
            case .answerAll: return ((party.founders, party.joiners, false), nil)
            case .answerFounders:
                return (
                    (party.founders, [], false),
                    Self.askAgain(token.key, for: party.joiners, &state, now)
                )
            }
        }
        for (waiters, isCollapsed) in [(served.founders, false), (served.joiners, true)] {
            let use = CacheUse.miss(isStored: served.isStored, isCollapsed: isCollapsed)
            for waiter in waiters { self.answer(waiter, answer, book, use) }
        }
        if let demand { meet(demand) }
    }

    /// The fill's time is over, which was that of its first founder: whoever has time left, asks
    /// again.
    private func abandon(_ token: FillToken<Int64>, _ refusal: UpstreamAnswer?) {
        let now = timers.now()
        let (late, demand) = state.withLock { state -> ([Waiter], Demand?) in
            state.cache.abandonFill(token)
            guard let party = state.parties.removeValue(forKey: token.number) else {
                return ([], nil)
            }
            let all = party.founders + party.joiners
            let left = all.filter { $0.deadline - now >= .milliseconds(2) }
            return (
                all.filter { $0.deadline - now < .milliseconds(2) },
                Self.askAgain(token.key, for: left, &state, now)
            )
        }
        for waiter in late { Self.refuse(waiter, refusal) }
        if let demand { meet(demand) }
    }

    /// One new request on behalf of several readers. All of them began before it is sent, so all of
    /// them are founders of it, and two requests are the most that anybody waits for.
    private static func askAgain(
        _ number: Int64, for waiters: [Waiter], _ state: inout State, _ now: Instant
    ) -> Demand? {
        guard let deadline = waiters.map(\.deadline).min(), let first = waiters.first else {
            return nil
        }
        // A fill that somebody else has begun meanwhile would make them joiners once more.
        guard case .startFill(let token) = state.cache.lookup(number, at: now) else {
            return .bypass(number, waiters, deadline: deadline)
        }
        state.parties[token.number] = Party(founders: waiters)
        return .fill(token, first.trace, deadline: deadline)
    }

    private func answered(
        _ number: Int64, _ waiters: [Waiter],
        _ result: Result<UpstreamAnswer, Dispatcher.OutOfTime>
    ) {
        switch result {
        case .success(let answer):
            let book = self.book(in: answer)
            for waiter in waiters { self.answer(waiter, answer, book, .bypass) }
        case .failure(let failure):
            let now = timers.now()
            let left = waiters.filter { $0.deadline - now >= .milliseconds(2) }
            for waiter in waiters where waiter.deadline - now < .milliseconds(2) {
                Self.refuse(waiter, failure.refusal)
            }
            if let deadline = left.map(\.deadline).min() {
                meet(.bypass(number, left, deadline: deadline))
            }
        }
    }

    private func book(in answer: UpstreamAnswer) -> CachedBook? {
        answer.status == 200 ? CachedBook(body: answer.body, commonHead: commonHead) : nil
    }

    private func answer(
        _ waiter: Waiter, _ answer: UpstreamAnswer, _ book: CachedBook?, _ use: CacheUse
    ) {
        let status = use.status(by: name)
        if let book {
            waiter.sink.send(
                book.answer(
                    age: nil, cacheStatus: status, indented: waiter.isIndented,
                    ifNoneMatch: waiter.ifNoneMatch))
        } else {
            var relayed = Answer.relayed(answer, indented: waiter.isIndented)
            relayed.headers.append(("Cache-Status", "\(status); fwd-status=\(answer.status)"))
            waiter.sink.send(relayed)
        }
    }

    private static func refuse(_ waiter: Waiter, _ refusal: UpstreamAnswer?) {
        if let refusal {
            return waiter.sink.send(.relayed(refusal, indented: waiter.isIndented))
        }
        waiter.sink.send(
            .problem(
                .unavailable("No catalog server answered in time"), indented: waiter.isIndented))
    }
}
