/// The log as a replica has it in memory: the tail of what is on disk, and what is on its way
/// there.
///
/// Invariant: `entries` is a run without a gap, right behind `base`.
struct ReplicaLog {
    /// The place before the first entry in memory.
    private(set) var base: LogPosition
    /// The first index that is on disk, or would be; not above that of `base` by more than one.
    private(set) var diskFirst: LogIndex
    /// The place of the last entry, or `base`.
    private(set) var last: LogPosition
    /// The entries in memory.
    private var entries: [Entry]
    /// Their bytes.
    private var byteCount = 0
    /// The bytes of all entries since this log was made, those that are gone included.
    private var totalBytes = 0
    /// Places in the log and what `totalBytes` was there: one in about so many bytes.
    private var milestones: [(index: LogIndex, totalBytes: Int)] = []
    private let milestoneDistance: Int
    /// How many entries that are not applied yet touch a key.
    private var unapplied: [UInt64: Int] = [:]
    /// Up to where the state machine has applied.
    private(set) var appliedIndex: LogIndex

    /// Makes a log of what a restart found.
    /// - Parameters:
    ///   - diskFirst: the first index on disk.
    ///   - applied: the place up to which the state is applied.
    ///   - tail: the entries behind that place.
    ///   - milestoneDistance: how exactly ``surplusEnd(beyond:through:)`` is to know, in bytes.
    init(diskFirst: LogIndex, applied: LogPosition, tail: [Entry], milestoneDistance: Int) {
        self.milestoneDistance = milestoneDistance
        self.diskFirst = min(diskFirst, applied.index + 1)
        base = applied
        entries = []
        appliedIndex = applied.index
        last = base
        for entry in tail { append(entry) }
    }

    var lastIndex: LogIndex { last.index }

    /// Adds an entry at the end.
    mutating func append(_ entry: Entry) {
        precondition(entry.index == last.index + 1, "the log has no gaps")
        entries.append(entry)
        byteCount += entry.byteCount
        totalBytes += entry.byteCount
        if totalBytes - (milestones.last?.totalBytes ?? 0) >= milestoneDistance {
            milestones.append((entry.index, totalBytes))
        }
        last = entry.position
        if entry.index > appliedIndex {
            for key in entry.keys { unapplied[key, default: 0] += 1 }
        }
    }

    /// The view of the entry at an index, or of the base; nil where it is not in memory.
    func view(at index: LogIndex) -> ViewNumber? {
        if index == base.index { return base.view }
        if index == 0, diskFirst == 1 { return 0 }
        guard index > base.index, index <= last.index else { return nil }
        return self[index].view
    }

    /// The entry at an index above `base` and not above the last.
    subscript(index: LogIndex) -> Entry {
        entries[Int(index - base.index) - 1]
    }

    /// The entries above `index`, which is not below `base`, up to a last one, within limits of
    /// their number and bytes; always at least one where there is one.
    func slice(
        after index: LogIndex, through end: LogIndex, maximumEntries: Int, maximumBytes: Int
    ) -> [Entry] {
        var slice: [Entry] = []
        var bytes = 0
        var next = index + 1
        while next <= min(end, last.index), slice.count < maximumEntries {
            let entry = self[next]
            bytes += entry.byteCount
            if bytes > maximumBytes, !slice.isEmpty { break }
            slice.append(entry)
            next += 1
        }
        return slice
    }

    /// Cuts off every entry from an index on; none of them may be applied.
    mutating func truncate(from index: LogIndex) {
        precondition(index > appliedIndex, "an applied entry is never cut off")
        while last.index >= index, let entry = entries.popLast() {
            if milestones.last?.index == entry.index { milestones.removeLast() }
            byteCount -= entry.byteCount
            totalBytes -= entry.byteCount
            release(entry)
            let previous = entry.index - 1
            last = LogPosition(index: previous, view: view(atOrBase: previous))
        }
    }

    /// Counts the entries up to an index as applied.
    mutating func markApplied(through index: LogIndex) {
        precondition(index <= last.index, "what is applied is in the log")
        while appliedIndex < index {
            appliedIndex += 1
            if appliedIndex > base.index { release(self[appliedIndex]) }
        }
    }

    /// Whether an entry that is not applied yet touches the key.
    func hasUnapplied(_ key: UInt64) -> Bool { unapplied[key] != nil }

    /// Whether there is any entry that is not applied.
    var hasUnapplied: Bool { appliedIndex < last.index }

    /// Forgets entries that are not needed in memory: those up to `index`, but for the last `keep`,
    /// or fewer where they have more bytes than `limit`.
    mutating func compact(through index: LogIndex, keeping keep: Int, bytes limit: Int) {
        let end = Int(clamping: Int64(min(index, appliedIndex)) - Int64(base.index))
        // Seldom, and much at once: removing from the front of an array costs its length.
        var surplus = end - keep >= max(1, keep / 4) ? end - keep : 0
        var left = byteCount - entries.prefix(surplus).reduce(0) { $0 + $1.byteCount }
        if left > limit {
            while surplus < end, left > limit / 4 * 3 {
                left -= entries[surplus].byteCount
                surplus += 1
            }
        }
        guard surplus > 0 else { return }
        base = entries[surplus - 1].position
        entries.removeFirst(surplus)
        byteCount = left
    }

    /// The last place, not above `index`, that so many bytes of entries or more stand behind; exact
    /// to the distance of the milestones. What a restart found is not counted. Nil where there is
    /// none that was not asked for before.
    mutating func surplusEnd(beyond limit: Int, through index: LogIndex) -> LogIndex? {
        let place = milestones.lastIndex {
            $0.index <= index && totalBytes - $0.totalBytes >= limit
        }
        guard let place else { return nil }
        defer { milestones.removeFirst(place + 1) }
        return milestones[place].index
    }

    /// Whether the entry at an index is on disk or on its way there, or is the place before all.
    func holds(_ index: LogIndex) -> Bool {
        (index >= diskFirst && index <= last.index) || index == base.index
            || (index == 0 && diskFirst == 1)
    }

    /// Counts the log on disk up to an index as deleted, if that is applied and was not yet.
    /// - Returns: whether there is anything to delete.
    mutating func trim(through index: LogIndex) -> Bool {
        guard index >= diskFirst, index <= appliedIndex else { return false }
        diskFirst = index + 1
        return true
    }

    /// Makes a snapshot's place the whole log.
    mutating func reset(to position: LogPosition) {
        self = ReplicaLog(
            diskFirst: position.index + 1, applied: position, tail: [],
            milestoneDistance: milestoneDistance)
    }

    private func view(atOrBase index: LogIndex) -> ViewNumber {
        index == base.index ? base.view : self[index].view
    }

    private mutating func release(_ entry: Entry) {
        for key in entry.keys {
            if let count = unapplied[key], count > 1 {
                unapplied[key] = count - 1
            } else {
                unapplied[key] = nil
            }
        }
    }
}
