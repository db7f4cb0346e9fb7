internal import API
internal import MonotonicTime

/// Gathers buys into batches: a buy that comes while nothing is under way goes at once, those that
/// come meanwhile are the next batch.
///
/// Two batches may be under way, so that one is decided while the other is on the wire. The first
/// buys of a burst therefore travel alone and the rest together, whatever the rate.
struct BuyQueue: Sendable {
    /// A buy that waits for its outcome.
    struct Buy: Sendable {
        let item: BuyBatch.Item
        let deadline: Instant
        /// The `traceparent` of its request.
        var traceParent: String?
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

    /// Batches under way at the same time.
    static let batchLimit = 2
    /// Buys in a batch: many times what arrives during a round trip, and a body of 100 KB.
    static let sizeLimit = 1_024
    /// Buys that may wait to be sent; at the measured rates, several times what a request's time
    /// allows for. What comes beyond is refused at once instead of late.
    static let waitingLimit = 65_536

    private var waiting: [Buy] = []
    private var underWay = 0

    /// How many buys wait to be sent.
    var waitingCount: Int { waiting.count }

    /// Takes a buy; false where too many wait already.
    mutating func add(_ buy: Buy) -> Bool {
        guard waiting.count < Self.waitingLimit else { return false }
        waiting.append(buy)
        return true
    }

    /// The next batch to send, nil where there is none or enough are under way.
    mutating func nextBatch() -> Batch? {
        guard underWay < Self.batchLimit, !waiting.isEmpty else { return nil }
        underWay += 1
        let size = min(waiting.count, Self.sizeLimit)
        let batch = Batch(Array(waiting[..<size]))
        waiting.removeFirst(size)
        return batch
    }

    /// A batch was answered, or its time was over.
    mutating func finished() {
        precondition(underWay > 0, "a batch ends once")
        underWay -= 1
    }

    /// Puts buys without an outcome at the head of the queue, where they have time left.
    /// - Returns: those that have none.
    mutating func putBack(_ buys: [Buy], at now: Instant) -> [Buy] {
        let canWait = { (buy: Buy) in buy.deadline - now >= .milliseconds(2) }
        waiting.insert(contentsOf: buys.filter(canWait), at: 0)
        return buys.filter { !canWait($0) }
    }
}
