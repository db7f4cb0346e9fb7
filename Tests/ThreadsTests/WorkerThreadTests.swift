import Dispatch
import Foundation
import Synchronization
import Testing
import Threads

@Suite struct `A thread` {
    @Test func `Joining waits for the end, however often and from wherever it is asked`() throws {
        let gate = SteadySemaphore()
        let hasEnded = Atomic<Bool>(false)
        let thread = try WorkerThread(name: "joined") {
            gate.wait()
            hasEnded.store(true, ordering: .releasing)
        }
        let waiters = DispatchGroup()
        let sawEnd = Atomic<Int>(0)
        for _ in 0..<4 {
            DispatchQueue.global().async(group: waiters) {
                thread.join()
                if hasEnded.load(ordering: .acquiring) { sawEnd.add(1, ordering: .relaxed) }
            }
        }
        gate.signal()
        waiters.wait()
        thread.join()
        let joined = sawEnd.load(ordering: .relaxed)
        #expect(joined == 4)
    }

    @Test func `It knows itself, and no other thread takes itself for it`() throws {
        let handover = Mutex<WorkerThread?>(nil)
        let mayLook = SteadySemaphore()
        let isItself = Atomic<Bool>(false)
        let thread = try WorkerThread(name: "itself") {
            mayLook.wait()
            let isCurrent = handover.withLock { $0?.isCurrent }
            isItself.store(isCurrent == true, ordering: .relaxed)
        }
        handover.withLock { $0 = thread }
        #expect(!thread.isCurrent)
        mayLook.signal()
        thread.join()
        let wasItself = isItself.load(ordering: .relaxed)
        #expect(wasItself)
    }

    @Test func `It bears its name, of which 15 bytes count`() throws {
        let name = Mutex("")
        try WorkerThread(name: "a-name-that-is-too-long") {
            let read = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            name.withLock { $0 = (read ?? "").trimmingCharacters(in: .newlines) }
        }.join()
        #expect(name.withLock { $0 } == "a-name-that-is-")
    }

    @Test func `One that nobody keeps does its work all the same`() {
        let done = SteadySemaphore()
        #expect(WorkerThread.run("dropped") { done.signal() })
        done.wait()
    }
}
