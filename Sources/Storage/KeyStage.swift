/// The keys of the latest buys, in memory, until they are entered in the index on the disk in the
/// order of their hashes.
///
/// Hashes are random, so that each key belongs on another page of the index; entered as they come,
/// every buy would write a page of its own. Many that are sorted share their pages. See
/// `docs/decisions/late-indexes.md`.
///
/// New keys gather in `young`. Once there are enough they become `sorted`, and every transaction
/// enters some of these. When the last is entered, the index has all keys up to a sequence number,
/// `through`; those after it are read again when a store is opened, and entered at once where they
/// are many: a store that never came to the end of a round would have ever more of them.
///
/// It follows one transaction at a time: what is done in it, then `commit` or `rollBack`.
struct KeyStage {
    /// A key's place: the hash it is looked for by, and its row.
    struct Slot: Equatable {
        let hash: Int64
        let sequence: Int64

        /// The order of the index on the disk.
        static func precedes(_ one: Slot, _ other: Slot) -> Bool {
            (one.hash, one.sequence) < (other.hash, other.sequence)
        }
    }

    /// How many keys are gathered before they are sorted.
    let limit: Int
    /// Every key up to this one is in the index.
    private(set) var through: Int64
    /// The last key that there is.
    private(set) var last: Int64

    private var young = Places()
    private var sorted: [Slot] = []
    /// The last key of `sorted` by its sequence number, and of all before it.
    private var sortedThrough: Int64
    /// How many of `sorted` are in the index, this transaction's included.
    private var entered = 0
    /// The first key that was kept when `sorted` was made.
    private var keptFrom: Int64 = 1
    /// The index has no key before this one.
    private var cleanBefore: Int64 = 1

    /// What the open transaction has done.
    private var added: [Slot] = []
    private var enteredBefore = 0

    /// - Parameters:
    ///   - through: up to which key the index on the disk is complete.
    ///   - limit: how many keys are gathered before they are sorted.
    init(through: Int64, limit: Int) {
        self.through = through
        self.limit = limit
        last = through
        sortedThrough = through
    }

    /// How many keys are held in memory.
    var count: Int { young.count + sorted.count }

    /// Whether there is something left to enter in the index.
    var isEntering: Bool { entered < sorted.count }

    // MARK: A transaction

    /// Whether enough has gathered to be sorted. Ask between two transactions.
    var isFull: Bool { sorted.isEmpty && young.count >= limit }

    /// Sorts what has gathered, between two transactions.
    /// - Parameter first: the first key that is kept: those before it need not be entered, and are
    ///   to be removed from the index.
    mutating func sort(firstKept first: Int64) {
        precondition(sorted.isEmpty, "what is sorted is entered first")
        sorted = young.slots.filter { $0.sequence >= first }.sorted(by: Slot.precedes)
        sortedThrough = last
        keptFrom = first
        young.removeAll(keepingCapacity: sorted.count <= limit * 2)
    }

    /// Takes a new key.
    /// - Returns: its sequence number.
    mutating func add(_ hash: Int64) -> Int64 {
        last += 1
        let slot = Slot(hash: hash, sequence: last)
        young.insert(slot)
        added.append(slot)
        return last
    }

    /// Takes a key that the store has, in the order of their sequence numbers, when it is opened.
    mutating func load(_ slot: Slot) {
        last = slot.sequence
        young.insert(slot)
    }

    /// What the transaction is to enter in the index, in its order: a little more than it has
    /// added, so that all are entered before as many as the limit have gathered again.
    mutating func takeForIndex() -> ArraySlice<Slot> {
        let rounds = max(1, (sorted.count + limit - 1) / limit)
        return take((added.count + added.count / 4) * rounds + 1)
    }

    /// All that is sorted and not entered yet.
    mutating func takeAllForIndex() -> ArraySlice<Slot> { take(sorted.count) }

    private mutating func take(_ count: Int) -> ArraySlice<Slot> {
        let end = min(sorted.count, entered + count)
        defer { entered = end }
        return sorted[entered..<end]
    }

    /// Up to which key the index is complete once the transaction is committed.
    var throughAfterCommit: Int64 { isEntering ? through : sortedThrough }

    /// The part of the index that the transaction passed when it entered keys, where it may have
    /// keys that are forgotten, and the first one that is not. Each pass through `sorted` goes once
    /// through the whole index.
    var passed: (hashes: Range<Int64>, keptFrom: Int64)? {
        // An empty pass has nothing to share pages with: the next one comes to them.
        guard entered > enteredBefore, keptFrom > cleanBefore else { return nil }
        let start = enteredBefore == 0 ? .min : sorted[enteredBefore].hash
        let end = isEntering ? sorted[entered].hash : .max
        return (start..<end, keptFrom)
    }

    /// The transaction is committed.
    mutating func commit() {
        if !isEntering {
            through = sortedThrough
            if !sorted.isEmpty { cleanBefore = keptFrom }
            sorted = []
            entered = 0
        }
        enteredBefore = entered
        added.removeAll(keepingCapacity: true)
    }

    /// The transaction is as if it had never been.
    mutating func rollBack() {
        for slot in added.reversed() { young.remove(slot) }
        last -= Int64(added.count)
        entered = enteredBefore
        added.removeAll(keepingCapacity: true)
    }

    // MARK: Looking for a key

    /// The rows of the keys in memory that have a hash: one as a rule, or none.
    func sequences(of hash: Int64) -> [Int64] {
        var found = young.sequences(of: hash)
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        while low < sorted.count, sorted[low].hash == hash {
            found.append(sorted[low].sequence)
            low += 1
        }
        return found
    }
}

extension KeyStage {
    /// Rows by the hashes of their keys.
    private struct Places {
        private var rows: [Int64: Int64] = [:]
        /// Those whose hash another one before has: next to never is there one.
        private var twins: [Slot] = []

        var count: Int { rows.count + twins.count }

        var slots: [Slot] { rows.map { Slot(hash: $0.key, sequence: $0.value) } + twins }

        func sequences(of hash: Int64) -> [Int64] {
            guard let row = rows[hash] else { return [] }
            return [row] + twins.filter { $0.hash == hash }.map(\.sequence)
        }

        mutating func insert(_ slot: Slot) {
            guard rows[slot.hash] != nil else {
                rows[slot.hash] = slot.sequence
                return
            }
            twins.append(slot)
        }

        /// Removes the one that came last.
        mutating func remove(_ slot: Slot) {
            if twins.last == slot {
                twins.removeLast()
            } else {
                rows[slot.hash] = nil
            }
        }

        mutating func removeAll(keepingCapacity: Bool) {
            rows.removeAll(keepingCapacity: keepingCapacity)
            twins = []
        }
    }
}
