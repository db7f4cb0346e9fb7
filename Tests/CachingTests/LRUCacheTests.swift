import MonotonicTime
import TestSupport
import Testing

@testable import Caching

@Suite("LRUCache")
struct LRUCacheTests {
    @Test(
        "does what the plain model does, over thousands of random operations",
        arguments: [
            (seed: UInt64(1), threshold: 0), (2, 1), (3, 2), (4, 3), (5, 8), (6, 8), (7, 40),
        ])
    func agreesWithTheModel(seed: UInt64, threshold: Int) {
        var random = Lottery(seed: seed)
        var cache = LRUCache<Int, Int>(threshold: threshold, timeToLive: span(60))
        var model = LRUModel(threshold: threshold, timeToLive: 60)
        var now: Int64 = 0
        for step in 0..<8_000 {
            now += Int64.random(in: 0...4, using: &random)
            let key = Int.random(in: 0..<20, using: &random)
            let timeToLive: TimeToLive = [.standard, .limited(span(15)), .unlimited]
                .randomElement(using: &random, or: .standard)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40:
                #expect(cache.get(key, at: at(now)) == model.get(key, at: now))
            case 40..<70:
                cache.set(key, step, timeToLive: timeToLive, at: at(now))
                model.set(key, step, timeToLive: timeToLive, at: now)
            case 70..<80:
                #expect(
                    cache.add(key, step, timeToLive: timeToLive, at: at(now))
                        == model.add(key, step, timeToLive: timeToLive, at: now))
            case 80..<92:
                #expect(cache.delete(key) == model.delete(key))
            case 92..<99:
                #expect(cache.has(key, at: at(now)) == model.has(key, at: now))
            default:
                cache.clear()
                model.clear()
            }
            #expect(cache.keysByUse == model.entries.map(\.key))
            #expect(cache.counters == model.counters)
            expectSoundLinks(cache)
        }
    }

    /// The invariant of the structure, checked from inside.
    func expectSoundLinks(_ cache: LRUCache<Int, Int>) {
        #expect(cache.slots.count == cache.index.count)
        #expect(cache.slots.count <= cache.threshold)
        var seen = 0
        var newer: Int32 = -1
        var slot = cache.newest
        while slot != -1, seen <= cache.slots.count {
            #expect(cache.slots[Int(slot)].newer == newer)
            #expect(cache.index[cache.slots[Int(slot)].key] == slot)
            newer = slot
            slot = cache.slots[Int(slot)].older
            seen += 1
        }
        #expect(newer == cache.oldest)
        #expect(seen == cache.slots.count)
    }

    @Test("evicts the least recently used entry when one more than the threshold comes")
    func evicts() {
        var cache = LRUCache<String, Int>(threshold: 2)
        cache.set("a", 1, at: at(0))
        cache.set("b", 2, at: at(1))
        #expect(cache.get("a", at: at(2)) == 1)
        cache.set("c", 3, at: at(3))
        #expect(cache.keysByUse == ["c", "a"])
        #expect(cache.counters.evictions == 1)
    }

    @Test("an entry is over at the very instant at which its time to live ends")
    func expires() {
        var cache = LRUCache<Int, Int>(threshold: 4, timeToLive: span(10))
        cache.set(1, 1, at: at(100))
        cache.set(2, 2, timeToLive: .limited(span(3)), at: at(100))
        cache.set(3, 3, timeToLive: .unlimited, at: at(100))
        cache.set(4, 4, timeToLive: .limited(span(.max)), at: at(100))
        #expect(cache.get(2, at: at(102)) == 2)
        #expect(cache.get(2, at: at(103)) == nil)
        #expect(cache.get(1, at: at(109)) == 1)
        #expect(cache.get(1, at: at(110)) == nil)
        #expect(cache.get(3, at: at(.max - 1)) == 3)
        #expect(cache.get(4, at: at(.max - 1)) == 4)
        #expect(cache.counters.expirations == 2)
        #expect(cache.count == 2)
    }

    @Test("a value that is set again lives from then on")
    func setsAgain() {
        var cache = LRUCache<Int, Int>(threshold: 4, timeToLive: span(10))
        cache.set(1, 1, at: at(0))
        cache.set(1, 2, at: at(9))
        #expect(cache.entry(1, at: at(18))?.value == 2)
        #expect(cache.entry(1, at: at(18))?.storedAt == at(9))
        #expect(cache.count == 1)
    }

    @Test("add leaves alone what is there, and takes the place of what is over")
    func adds() {
        var cache = LRUCache<Int, Int>(threshold: 4, timeToLive: span(10))
        #expect(cache.add(1, 1, at: at(0)) == true)
        #expect(cache.add(1, 2, at: at(9)) == false)
        #expect(cache.get(1, at: at(9)) == 1)
        #expect(cache.add(1, 3, at: at(10)) == true)
        #expect(cache.get(1, at: at(10)) == 3)
    }

    @Test("has neither counts nor makes an entry recently used")
    func hasIsNoUse() {
        var cache = LRUCache<Int, Int>(threshold: 2)
        cache.set(1, 1, at: at(0))
        cache.set(2, 2, at: at(0))
        #expect(cache.has(1, at: at(0)))
        #expect(!cache.has(3, at: at(0)))
        cache.set(3, 3, at: at(0))
        #expect(!cache.has(1, at: at(0)))
        #expect(cache.counters.hits == 0)
        #expect(cache.counters.misses == 0)
    }

    @Test("the operations on many keys keep the order of the keys")
    func many() {
        var cache = LRUCache<Int, String>(threshold: 3)
        cache.setMany([(1, "one"), (2, "two"), (3, "three"), (4, "four")], at: at(0))
        #expect(cache.keysByUse == [4, 3, 2])
        #expect(cache.getMany([2, 1, 4], at: at(0)) == ["two", nil, "four"])
        #expect(cache.keysByUse == [4, 2, 3])
        #expect(cache.getDictionary([1, 3], at: at(0)) == [3: "three"])
        #expect(cache.deleteMany([3, 1, 4]) == 2)
        #expect(cache.keysByUse == [2])
        cache.clear()
        #expect(cache.count == 0)
        #expect(cache.counters.invalidations == 3)
    }

    @Test("what is removed is let go of at once, not when its place is used again")
    func releases() {
        final class Witness: Sendable {}
        var cache = LRUCache<Int, Witness>(threshold: 8)
        weak var witness: Witness?
        do {
            let value = Witness()
            witness = value
            cache.set(1, value, at: at(0))
            cache.set(2, Witness(), at: at(0))
        }
        #expect(witness != nil)
        cache.delete(1)
        #expect(witness == nil)
    }

    @Test("the hit ratio is that of all gets, and 0 before the first")
    func hitRatio() {
        var cache = LRUCache<Int, Int>(threshold: 2)
        #expect(cache.counters.hitRatio == 0)
        cache.set(1, 1, at: at(0))
        for key in [1, 1, 1, 2] { _ = cache.get(key, at: at(0)) }
        #expect(cache.counters.hitRatio == 0.75)
    }
}

extension Array {
    /// A random element, or a default where there is none.
    fileprivate func randomElement(
        using random: inout Lottery, or fallback: Element
    ) -> Element {
        randomElement(using: &random) ?? fallback
    }
}
