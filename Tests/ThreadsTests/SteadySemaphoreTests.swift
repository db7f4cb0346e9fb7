import Dispatch
import Synchronization
import Testing
import Threads

@Suite("A semaphore on the monotonic clock")
struct SteadySemaphoreTests {
    @Test("Who comes after the signal passes, once for each")
    func counts() {
        let semaphore = SteadySemaphore()
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        #expect(semaphore.wait(nanoseconds: 0))
        #expect(!semaphore.wait(nanoseconds: 0))
        #expect(!semaphore.wait(nanoseconds: -5))
    }

    @Test("A wait ends when its time is over, and not before")
    func ends() {
        let semaphore = SteadySemaphore()
        let clock = ContinuousClock()
        let start = clock.now
        #expect(!semaphore.wait(nanoseconds: 20_000_000))
        #expect(clock.now - start >= .milliseconds(20))
    }

    @Test("A signal ends a wait, however long it may be", arguments: [10_000_000_000, Int64.max])
    func wakes(_ nanoseconds: Int64) {
        let semaphore = SteadySemaphore()
        let passed = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            if semaphore.wait(nanoseconds: nanoseconds) { passed.signal() }
        }
        semaphore.signal()
        #expect(passed.wait(timeout: .now() + 60) == .success)
    }

    @Test("Each signal lets one of many pass")
    func many() {
        let semaphore = SteadySemaphore()
        let passed = Atomic<Int>(0)
        let done = DispatchGroup()
        for _ in 0..<8 {
            DispatchQueue.global().async(group: done) {
                for _ in 0..<1_000 {
                    semaphore.wait()
                    passed.add(1, ordering: .relaxed)
                }
            }
        }
        for _ in 0..<8_000 { semaphore.signal() }
        done.wait()
        #expect(passed.load(ordering: .relaxed) == 8_000)
        #expect(!semaphore.wait(nanoseconds: 0))
    }
}
