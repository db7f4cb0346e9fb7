import MonotonicTime
import Replication

/// What a replica has on its disk: the log, the small state, and the state that the log makes.
final class ReplicaDisk {
    let identity: StoreIdentity
    /// The state of an empty data directory.
    let initial: Machine
    private(set) var small: [UInt8]?
    private(set) var log: [Entry] = []
    private(set) var firstIndex: LogIndex = 1
    /// The state as the next process would find it if this one died now.
    private(set) var state: Machine
    private(set) var applied = LogPosition.origin
    /// The state as it would be found if the power went now.
    private var durableState: Machine
    private var durableApplied = LogPosition.origin

    private var pendingAppends: [(entries: [Entry], cut: LogIndex?)] = []
    private var pendingPersists: [[UInt8]] = []

    init(identity: StoreIdentity, empty initial: Machine) {
        self.identity = identity
        self.initial = initial
        state = initial
        durableState = initial
    }

    var restored: Restored {
        let tail = log.filter { $0.index > applied.index }
        return Restored(
            identity: identity, state: small,
            firstIndex: firstIndex, applied: applied, tail: tail)
    }

    func beginAppend(_ entries: [Entry], cut: LogIndex?) { pendingAppends.append((entries, cut)) }

    /// - Returns: the entries that it has cut off, and not written again.
    func finishAppend() -> [Entry] {
        guard !pendingAppends.isEmpty else { return [] }
        let (entries, cut) = pendingAppends.removeFirst()
        var lost: [Entry] = []
        if let cut {
            lost = log.filter { $0.index >= cut && !entries.contains($0) }
            log.removeAll { $0.index >= cut }
        }
        log.append(contentsOf: entries)
        return lost
    }

    /// An append ends in a failure: it is carried out all the same, or not.
    func failAppend(isCarriedOut: Bool) -> [Entry] {
        if isCarriedOut { return finishAppend() }
        if !pendingAppends.isEmpty { pendingAppends.removeFirst() }
        return []
    }

    func beginPersist(_ bytes: [UInt8]) { pendingPersists.append(bytes) }

    func finishPersist() {
        if !pendingPersists.isEmpty { small = pendingPersists.removeFirst() }
    }

    /// A `persist` ends in a failure: it is carried out all the same, or not.
    func failPersist(isCarriedOut: Bool) {
        if isCarriedOut {
            finishPersist()
        } else if !pendingPersists.isEmpty {
            pendingPersists.removeFirst()
        }
    }

    func apply(_ entry: Entry) -> Machine.Outcome {
        applied = entry.position
        return state.apply(entry.payload)
    }

    /// Makes the applied state durable.
    func checkpoint() {
        durableState = state
        durableApplied = applied
    }

    func trim(through index: LogIndex) {
        log.removeAll { $0.index <= index }
        firstIndex = index + 1
    }

    func entries(_ range: ClosedRange<LogIndex>, limit: Int) -> [Entry] {
        Array(log.filter { range.contains($0.index) }.prefix(limit))
    }

    /// Whether an entry would be there after a loss of power.
    func holds(_ position: LogPosition) -> Bool {
        if position.index < firstIndex { return durableApplied.index >= position.index }
        let place = Int(position.index - firstIndex)
        return place < log.count && log[place].position == position
    }

    func install(_ state: Machine, at position: LogPosition) {
        self.state = state
        applied = position
        log = []
        firstIndex = position.index + 1
        checkpoint()
    }

    /// Ends a process's writing: what was under way is done or not, and after a loss of power the
    /// state is one of earlier.
    /// - Returns: the entries that were cut off.
    func crash(losingPower: Bool, _ random: inout Random) -> [Entry] {
        var lost: [Entry] = []
        while !pendingAppends.isEmpty {
            if random.chance(0.5) { lost += finishAppend() } else { pendingAppends = [] }
        }
        while !pendingPersists.isEmpty {
            if random.chance(0.5) { finishPersist() } else { pendingPersists = [] }
        }
        if losingPower && random.chance(0.7) {
            state = durableState
            applied = durableApplied
        }
        return lost
    }
}
