internal import API
internal import HTTPClient
internal import MonotonicTime
internal import Synchronization

/// Brings buys to the order group in batches, and their outcomes back.
///
/// Any thread; nothing here waits. Every buy has an idempotency key, so that a batch without an
/// answer is sent again as it is: what has happened happens no second time.
final class BuyDesk: Sendable {
    /// Before buys without an outcome go again, where the server itself has answered.
    private static let retryPause = Instant.Span.milliseconds(50)

    private let queue = Mutex(BuyQueue())
    private let dispatcher: Dispatcher
    private let timers: any Timers
    private let counters: FrontEndCounters

    init(dispatcher: Dispatcher, timers: any Timers, counters: FrontEndCounters) {
        self.dispatcher = dispatcher
        self.timers = timers
        self.counters = counters
    }

    /// Buys that wait to be sent.
    var waitingCount: Int { queue.withLock { $0.waitingCount } }

    /// Takes a buy; its sink is answered later, or at once where too many wait.
    func buy(_ buy: BuyQueue.Buy) {
        let now = timers.now()
        let (isTaken, batch) = queue.withLock { queue in
            (queue.add(buy), queue.nextBatch(at: now))
        }
        if !isTaken {
            var buy = buy
            buy.refusal = Problem.overloaded().body
            Self.refuse(buy)
        }
        if let batch { send(batch) }
    }

    private func send(_ batch: BuyQueue.Batch) {
        counters.buyBatches.add(1, ordering: .relaxed)
        let journey = Journey()
        // A batch has one request to travel with: that of its first buy.
        let request = UpstreamRequest(
            method: "POST", path: "/buys", relayPath: "/buys?relay=true",
            headers: [("Content-Type", BuyBatch.mediaType)],
            body: BuyBatch(batch.buys.map(\.item)).encoded,
            trace: Trace(
                requestID: String(
                    decoding: batch.buys.first?.item.requestID ?? [], as: UTF8.self),
                parent: batch.buys.first?.traceParent, journey: journey))
        dispatcher.send(request, to: .primary(.order), deadline: batch.deadline) {
            [self] result, mayHaveHappened in
            for buy in batch.buys { buy.journey?.add(journey) }
            finished(batch, result, mayHaveHappened)
        }
    }

    private func finished(
        _ batch: BuyQueue.Batch, _ result: Result<UpstreamAnswer, Dispatcher.OutOfTime>,
        _ mayHaveHappened: Bool
    ) {
        switch result {
        case .failure(let failure):
            // Nobody answered in the time of the first buy: the others have a little left.
            let buys = batch.buys.map { buy in
                var buy = buy
                Self.note(failure.refusal?.body, of: &buy)
                return buy
            }
            let now = timers.now()
            let late = queue.withLock { queue -> [BuyQueue.Buy] in
                queue.finished(at: now)
                return queue.putBack(buys, at: now)
            }
            for buy in late { Self.refuse(buy) }
        case .success(let answer):
            let now = timers.now()
            queue.withLock { $0.finished(at: now) }
            complete(batch, answer, mayHaveHappened)
        }
        sendNext()
    }

    /// Sends what has gathered, now or when it has had its time to gather.
    private func sendNext() {
        let now = timers.now()
        let (batch, wakeTime) = queue.withLock { queue in
            (queue.nextBatch(at: now), queue.wakeTime)
        }
        if let batch { return send(batch) }
        if let wakeTime, wakeTime > now { timers.schedule(at: wakeTime) { [self] in sendNext() } }
    }

    /// - Parameter mayHaveHappened: whether another server may have made the buys before this
    ///   answer, whatever that says of those that it could not make.
    private func complete(
        _ batch: BuyQueue.Batch, _ answer: UpstreamAnswer, _ mayHaveHappened: Bool
    ) {
        guard answer.status == 200, let results = try? BuyResults(decoding: answer.body),
            results.items.count == batch.buys.count
        else {
            for buy in batch.buys { Self.refuse(buy) }
            return
        }
        var undecided: [BuyQueue.Buy] = []
        for (buy, result) in zip(batch.buys, results.items) {
            if result.status == 503 {
                var buy = buy
                Self.note(mayHaveHappened ? nil : result.body, of: &buy)
                undecided.append(buy)
            } else {
                buy.sink.send(Self.answer(to: buy, result))
            }
        }
        if !undecided.isEmpty { retry(undecided) }
    }

    /// The order server could not learn an outcome in its time, as while the catalog changes its
    /// view: the key makes it harmless to ask again.
    private func retry(_ buys: [BuyQueue.Buy]) {
        timers.schedule(at: timers.now() + Self.retryPause) { [self] in
            let now = timers.now()
            let late = queue.withLock { $0.putBack(buys, at: now) }
            for buy in late { Self.refuse(buy) }
            sendNext()
        }
    }

    // MARK: Answers

    /// Takes note of why a buy was not made; without a reason, or where the reason is that the
    /// outcome is not known, it may have been.
    private static func note(_ refusal: [UInt8]?, of buy: inout BuyQueue.Buy) {
        let unknown = Array("{\"type\":\"/problems/outcome-unknown\"".utf8)
        if let refusal, !refusal.isEmpty, !refusal.starts(with: unknown) {
            buy.refusal = refusal
        } else {
            buy.mayHaveHappened = true
        }
    }

    /// Every 503 brings the key: nginx may have sent the buy to the other front end before, and
    /// what became of it there this one cannot know.
    private static func refuse(_ buy: BuyQueue.Buy) {
        let key = String(decoding: buy.item.idempotencyKey, as: UTF8.self)
        guard let refusal = buy.refusal, !buy.mayHaveHappened else {
            return buy.sink.send(
                .problem(
                    .outcomeUnknown(itemNumber: buy.item.itemNumber, idempotencyKey: key),
                    indented: buy.isIndented))
        }
        let document = Problem.document(
            refusal, forBuyOf: buy.item.itemNumber, idempotencyKey: key)
        buy.sink.send(
            Answer(
                status: 503,
                headers: [
                    ("Content-Type", Problem.mediaType), ("Vary", "Accept"),
                    ("Cache-Control", "no-store"), ("Retry-After", "1"),
                ], body: buy.isIndented ? JSONText.indented(document) : document))
    }

    static func answer(to buy: BuyQueue.Buy, _ result: BuyResults.Item) -> Answer {
        // Without a key of the client's own a repetition is nginx's or this server's, and the
        // client has seen no answer before.
        let isReplay = result.isReplayed && buy.item.isClientKeyed
        var headers = [("Vary", "Accept"), ("Cache-Control", "no-store")]
        if isReplay { headers.append(("Idempotent-Replayed", "true")) }
        let isSale = result.status < 300
        if isSale, !buy.isGet { headers.append(("Location", "/orders/\(result.orderNumber)")) }
        headers.append(("Content-Type", isSale ? Bodies.mediaType : Problem.mediaType))
        return Answer(
            status: isSale ? (buy.isGet || isReplay ? 200 : 201) : Int(result.status),
            headers: headers,
            body: buy.isIndented ? JSONText.indented(result.body) : result.body)
    }
}
