import Testing

@testable import Replication

@Suite("Log in memory")
struct ReplicaLogTests {
    private func entry(_ index: LogIndex, bytes: Int) -> Entry {
        Entry(
            index: index, view: 1, keys: [index],
            payload: [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: bytes - 8))
    }

    private func log(_ sizes: [Int], milestoneDistance: Int = 100) -> ReplicaLog {
        var log = ReplicaLog(
            diskFirst: 1, applied: .origin, tail: [], milestoneDistance: milestoneDistance)
        for (place, size) in sizes.enumerated() {
            log.append(entry(LogIndex(place) + 1, bytes: size))
        }
        return log
    }

    private func kept(_ log: ReplicaLog) -> [LogIndex] {
        log.slice(
            after: log.base.index, through: log.lastIndex, maximumEntries: .max, maximumBytes: .max
        ).map(\.index)
    }

    @Test("Of few large entries no more are kept than the limit has bytes, of small ones the count")
    func compaction() {
        var large = log(Array(repeating: 1000, count: 50))
        large.markApplied(through: 50)
        large.compact(through: 50, keeping: 40, bytes: 10_000)
        #expect(kept(large) == Array(44...50))
        #expect(large.base == LogPosition(index: 43, view: 1))
        #expect(large.view(at: 43) == 1)
        #expect(large.view(at: 42) == nil)
        #expect(large[44].payload.first == 44)

        var small = log(Array(repeating: 10, count: 60))
        small.markApplied(through: 60)
        small.compact(through: 60, keeping: 40, bytes: 10_000)
        #expect(kept(small) == Array(21...60))
    }

    @Test("What is not applied, or not durable in the state, stays in memory whatever its size")
    func unapplied() {
        var log = log(Array(repeating: 1000, count: 30))
        log.markApplied(through: 20)
        log.compact(through: 25, keeping: 4, bytes: 1)
        #expect(kept(log) == Array(21...30))
        log.markApplied(through: 30)
        log.compact(through: 22, keeping: 4, bytes: 1)
        #expect(kept(log) == Array(23...30))
        log.append(entry(31, bytes: 500))
        #expect(kept(log) == Array(23...31))
    }

    @Test("The place behind which so many bytes stand is known to a milestone, and told once")
    func surplus() {
        var log = log(Array(repeating: 50, count: 100))
        log.markApplied(through: 100)
        // A milestone at every other entry; behind the 80th stand 1,000 bytes.
        #expect(log.surplusEnd(beyond: 1000, through: 100) == 80)
        #expect(log.surplusEnd(beyond: 1000, through: 100) == nil)
        log.append(entry(101, bytes: 50))
        #expect(log.surplusEnd(beyond: 1000, through: 101) == nil)
        log.append(entry(102, bytes: 50))
        #expect(log.surplusEnd(beyond: 1000, through: 81) == nil)
        #expect(log.surplusEnd(beyond: 1000, through: 102) == 82)
    }

    @Test("Entries that were cut off do not count")
    func truncation() {
        var log = log(Array(repeating: 50, count: 100))
        log.truncate(from: 51)
        #expect(log.surplusEnd(beyond: 1000, through: 50) == 30)
        for index in 51...60 as ClosedRange<LogIndex> { log.append(entry(index, bytes: 50)) }
        #expect(log.surplusEnd(beyond: 1000, through: 60) == 40)
        log.markApplied(through: 60)
        log.compact(through: 60, keeping: 100, bytes: 400)
        #expect(kept(log) == Array(55...60))
    }
}
