import API
import Dispatch
import Synchronization
import Testing

@testable import ServerRuntime

@Suite("What takes long to find out")
struct LongLookTests {
    /// A look that waits until it is told to go on, and counts.
    private final class Watched: Sendable {
        let looks = Atomic<Int>(0)
        let begun = DispatchSemaphore(value: 0)
        let mayEnd = DispatchSemaphore(value: 0)

        func look() -> Int {
            let number = looks.add(1, ordering: .relaxed).newValue
            begun.signal()
            mayEnd.wait()
            return number
        }
    }

    /// What the askers were told, by their names.
    private final class Answers: Sendable {
        private let found = Mutex<[String: Int]>([:])
        private let arrived = DispatchSemaphore(value: 0)

        func take(_ name: String, _ result: Result<Int, Problem>) {
            found.withLock { $0[name] = (try? result.get()) ?? -1 }
            arrived.signal()
        }

        func wait(for count: Int) throws -> [String: Int] {
            for _ in 0..<count { try #require(arrived.wait(timeout: .now() + 60) == .success) }
            return found.withLock { $0 }
        }
    }

    @Test("Whoever asks while a look is under way gets the next one, with all others who do")
    func shared() throws {
        let desk = LongLook<Int>(name: "look")
        let watched = Watched()
        let answers = Answers()
        let ask = { (name: String) in
            desk.find {
                watched.look()
            } completion: {
                answers.take(name, $0)
            }
        }
        ask("first")
        try #require(watched.begun.wait(timeout: .now() + 60) == .success)
        for name in ["second", "third", "fourth"] { ask(name) }
        watched.mayEnd.signal()
        #expect(try answers.wait(for: 1) == ["first": 1])
        watched.mayEnd.signal()
        #expect(
            try answers.wait(for: 3) == ["first": 1, "second": 2, "third": 2, "fourth": 2])
    }

    @Test("A look that fails is told to all who wait, and the next question has a look of its own")
    func failing() throws {
        let desk = LongLook<Int>(name: "look")
        let answers = Answers()
        desk.find { () throws(Problem) in
            throw .unavailable("no disk")
        } completion: {
            answers.take("first", $0)
        }
        #expect(try answers.wait(for: 1) == ["first": -1])
        desk.find {
            7
        } completion: {
            answers.take("second", $0)
        }
        #expect(try answers.wait(for: 1)["second"] == 7)
    }
}
