import MonotonicTime
import Testing

@testable import Caching

@Suite("MemoizingCache")
struct MemoizingCacheTests {
    struct Refused: Error {}

    @Test("computes a call once, and another function's or other arguments' call by itself")
    func memoizes() {
        var memory = MemoizingCache<[Int], Int>(threshold: 10)
        var calls = 0
        func sum(_ numbers: [Int]) -> Int {
            calls += 1
            return numbers.reduce(0, +)
        }
        #expect(memory.memoize("sum", [1, 2], at: at(0)) { sum([1, 2]) } == 3)
        #expect(memory.memoize("sum", [1, 2], at: at(1)) { sum([1, 2]) } == 3)
        #expect(calls == 1)
        #expect(memory.memoize("sum", [2, 2], at: at(1)) { sum([2, 2]) } == 4)
        #expect(memory.memoize("total", [1, 2], at: at(1)) { sum([1, 2]) } == 3)
        #expect(calls == 3)
        #expect(memory.counters.hits == 1)
    }

    @Test("forgets one call, or all calls of one function")
    func forgets() {
        var memory = MemoizingCache<Int, Int>(threshold: 10)
        func answer(_ function: String, _ argument: Int, _ value: Int) -> Int {
            memory.memoize(function, argument, at: at(0)) { value }
        }
        #expect(answer("f", 1, 10) == 10)
        #expect(answer("f", 2, 20) == 20)
        #expect(answer("g", 1, 30) == 30)
        #expect(memory.deleteMemoized("f", 1) == true)
        #expect(memory.deleteMemoized("f", 1) == false)
        #expect(answer("f", 1, 11) == 11)
        #expect(answer("f", 2, 21) == 20)
        memory.deleteMemoized("f")
        #expect(answer("f", 1, 12) == 12)
        #expect(answer("f", 2, 22) == 22)
        #expect(answer("g", 1, 31) == 30)
        memory.clear()
        #expect(answer("g", 1, 32) == 32)
    }

    @Test("remembers no failure, and no result past its time to live")
    func failuresAndTime() {
        var memory = MemoizingCache<Int, Int>(threshold: 10, timeToLive: span(5))
        #expect(throws: Refused.self) {
            try memory.memoize("f", 1, at: at(0)) { () throws(Refused) in throw Refused() }
        }
        #expect(memory.memoize("f", 1, at: at(0)) { 1 } == 1)
        #expect(memory.memoize("f", 1, at: at(4)) { 2 } == 1)
        #expect(memory.memoize("f", 1, at: at(5)) { 3 } == 3)
    }
}
