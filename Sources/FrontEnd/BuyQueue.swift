internal import API
internal import MonotonicTime

/// Gathers buys into batches. One batch is under way at a time: what a batch costs hardly depends
/// on its size, so that a second one beside it would halve the size of both and serve fewer buys in
/// all.
///
/// When a batch ends, those of its buyers that buy again come back a moment later. Were what has
/// gathered meanwhile sent at once, they would have missed it, and two halves of the buyers would
/// take turns for ever. So the next batch waits until there are as many buys as there were lately,
/// for a fraction of a round trip. A lone buyer finds nothing under way and waits for nobody.
struct BuyQueue: Sendable {
    /// A buy that waits for its outcome.
    struct Buy: Sendable {
        let item: BuyBatch.Item
        let deadline: Instant
        /// The `traceparent` of its request.
        var traceParent: String?
        /// Where its time goes.
        var journey: Journey?
        /// Whether it came by `GET`, as in the original store.
        let isGet: Bool
        let isIndented: Bool
        let sink: any AnswerSink
        /// The problem document in which a server said why it could not be made, where none can
        /// have made it.
        var refusal: [UInt8]?
        /// Whether a server may have made it without its outcome being known.
        var mayHaveHappened = false
    }

    /// Buys that travel together.
    struct Batch: Sendable {
        var buys: [Buy]
        /// The earliest deadline of its buys. A batch that is not answered by then comes back, and
        /// those of its buys that have time left go with the next: so no buy waits past its own.
        var deadline: Instant

        /// A batch of buys, of which there is at least one.
        fileprivate init(_ buys: [Buy]) {
            self.buys = buys
            deadline = buys.map(\.deadline).min() ?? Instant(nanoseconds: 0)
        }
    }

    /// Buys in a batch: many times what arrives during a round trip, and a body of 100 KB.
    static let sizeLimit = 1_024
    /// Buys that may wait to be sent; at the measured rates, several times what a request's time
    /// allows for. What comes beyond is refused at once instead of late.
    static let waitingLimit = 65_536

    /// The part of a round trip that the next batch waits for company, as a divisor.
    private static let patience: Int64 = 2
    private static let patienceLimit = Instant.Span.milliseconds(10)

    /// What a repeated buy must have left of its time: less, and the order server could say no more
    /// than that it does not know, where before it may have had a reason.
    private static let leastTime = Instant.Span.milliseconds(100)

    private var waiting: [Buy] = []
    private var underWay: (since: Instant, size: Int)?
    /// How many buys there are likely to be, until when.
    private var gathering: (count: Int, until: Instant)?

    /// How many buys wait to be sent.
    var waitingCount: Int { waiting.count }

    /// Takes a buy; false where too many wait already.
    mutating func add(_ buy: Buy) -> Bool {
        guard waiting.count < Self.waitingLimit else { return false }
        waiting.append(buy)
        return true
    }

    /// The next batch to send; nil where there is none, one is under way, or more buys are likely
    /// to come by ``wakeTime``.
    mutating func nextBatch(at now: Instant) -> Batch? {
        guard underWay == nil, !waiting.isEmpty else { return nil }
        if let gathering, waiting.count < gathering.count, now < gathering.until { return nil }
        gathering = nil
        let size = min(waiting.count, Self.sizeLimit)
        underWay = (now, size)
        let batch = Batch(Array(waiting[..<size]))
        waiting.removeFirst(size)
        return batch
    }

    /// When to ask for the next batch though nothing has come; nil where that need not be.
    var wakeTime: Instant? { gathering?.until }

    /// A batch was answered, or its time was over.
    mutating func finished(at now: Instant) {
        guard let ended = underWay else { preconditionFailure("a batch ends once") }
        underWay = nil
        let count = min(ended.size + waiting.count, Self.sizeLimit)
        guard count > 1 else { return gathering = nil }
        let pause = Instant.Span(nanoseconds: (now - ended.since).nanoseconds / Self.patience)
        gathering = (count, now + min(pause, Self.patienceLimit))
    }

    /// Puts buys without an outcome at the head of the queue, where they have time left.
    /// - Returns: those that have none.
    mutating func putBack(_ buys: [Buy], at now: Instant) -> [Buy] {
        let canWait = { (buy: Buy) in buy.deadline - now >= Self.leastTime }
        waiting.insert(contentsOf: buys.filter(canWait), at: 0)
        return buys.filter { !canWait($0) }
    }
}
