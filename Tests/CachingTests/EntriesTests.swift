import Caching
import MonotonicTime
import Testing

@Suite("What an administrator sees of a cache")
struct EntriesTests {
    private func cache(at now: Instant) -> CoherentCache<Int, String> {
        var cache = CoherentCache<Int, String>(threshold: 10, timeToLive: .seconds(100))
        let source = LeaseSource(viewNumber: 1, incarnation: 1, grantor: "catalogServer1")
        _ = cache.grant(from: source, sentAt: now, duration: .seconds(10), at: now)
        for key in 1...3 {
            guard case .startFill(let token) = cache.lookup(key, at: now) else { continue }
            _ = cache.completeFill(token, value: "book \(key)", cacheable: true, at: now)
        }
        return cache
    }

    @Test("Entries are listed with their age, and looking at them is no use, hit or miss")
    func listed() {
        let start = Instant(nanoseconds: 1_000_000_000_000)
        let cache = cache(at: start)
        let counters = cache.counters
        let later = start + .seconds(4)
        #expect(cache.keys(at: later).map(\.key).sorted() == [1, 2, 3])
        #expect(cache.keys(at: later).allSatisfy { $0.age == .seconds(4) })
        #expect(cache.peek(2, at: later)?.value == "book 2")
        #expect(cache.peek(4, at: later) == nil)
        #expect(cache.counters == counters)
    }

    @Test("What may no longer be served is not shown")
    func lapsed() {
        let start = Instant(nanoseconds: 1_000_000_000_000)
        let cache = cache(at: start)
        #expect(cache.keys(at: start + .seconds(10)).isEmpty)
        #expect(cache.peek(1, at: start + .seconds(10)) == nil)
    }
}
