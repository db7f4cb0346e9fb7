import MonotonicTime

@testable import Caching

/// What an LRU cache should do, written down in the slowest and plainest way.
struct LRUModel {
    struct Entry: Equatable {
        var key: Int
        var value: Int
        var endsAt: Int64?
    }

    let threshold: Int
    let timeToLive: Int64?
    /// From the most to the least recently used.
    var entries: [Entry] = []
    var counters = CacheCounters()

    init(threshold: Int, timeToLive: Int64?) {
        self.threshold = threshold
        self.timeToLive = timeToLive
    }

    func isOver(_ entry: Entry, at now: Int64) -> Bool {
        guard let end = entry.endsAt else { return false }
        return end <= now
    }

    mutating func live(_ key: Int, at now: Int64) -> Int? {
        guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
        guard isOver(entries[place], at: now) else { return place }
        entries.remove(at: place)
        counters.expirations += 1
        return nil
    }

    mutating func get(_ key: Int, at now: Int64) -> Int? {
        guard let place = live(key, at: now) else {
            counters.misses += 1
            return nil
        }
        counters.hits += 1
        let entry = entries.remove(at: place)
        entries.insert(entry, at: 0)
        return entry.value
    }

    mutating func has(_ key: Int, at now: Int64) -> Bool {
        entries.contains { $0.key == key && !isOver($0, at: now) }
    }

    mutating func set(_ key: Int, _ value: Int, timeToLive: TimeToLive, at now: Int64) {
        guard threshold > 0 else { return }
        let span: Int64?
        switch timeToLive {
        case .standard: span = self.timeToLive
        case .limited(let limit): span = limit.nanoseconds
        case .unlimited: span = nil
        }
        if let place = entries.firstIndex(where: { $0.key == key }) {
            entries.remove(at: place)
        } else if entries.count == threshold {
            let evicted = entries.removeLast()
            if isOver(evicted, at: now) {
                counters.expirations += 1
            } else {
                counters.evictions += 1
            }
        }
        entries.insert(Entry(key: key, value: value, endsAt: span.map { now + $0 }), at: 0)
    }

    mutating func add(_ key: Int, _ value: Int, timeToLive: TimeToLive, at now: Int64) -> Bool {
        guard threshold > 0, live(key, at: now) == nil else { return false }
        set(key, value, timeToLive: timeToLive, at: now)
        return true
    }

    mutating func delete(_ key: Int) -> Bool {
        guard let place = entries.firstIndex(where: { $0.key == key }) else { return false }
        entries.remove(at: place)
        counters.invalidations += 1
        return true
    }

    mutating func clear() {
        counters.invalidations += UInt64(entries.count)
        entries = []
    }
}

/// An instant in nanoseconds, short for tests.
func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

/// A span in nanoseconds, short for tests.
func span(_ nanoseconds: Int64) -> Instant.Span { Instant.Span(nanoseconds: nanoseconds) }
