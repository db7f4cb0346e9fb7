public import API
internal import Synchronization
internal import Threads

/// Something that takes long to find out, such as an audit, and that several may ask for. One look
/// is under way at a time, on a thread of its own; whoever asks meanwhile gets what the next one
/// finds, together with all others who do: what was there before a question is in its answer, and
/// many questions cost no more than two.
public final class LongLook<Value: Sendable>: Sendable {
    /// Gets what was found, once, on the thread that looks.
    public typealias Completion = @Sendable (Result<Value, Problem>) -> Void

    private struct Desk {
        var waiting: [Completion] = []
        /// How the last who asked has it found.
        var look: (@Sendable () throws(Problem) -> Value)?
        var isLooking = false
    }

    private let desk = Mutex(Desk())
    private let name: String

    /// Makes a desk where nobody waits.
    /// - Parameter name: of the thread that looks.
    public init(name: String) { self.name = name }

    /// Gives what a look finds that begins now or, where one is under way, then. Any thread; does
    /// not wait.
    /// - Parameter look: finds it. The last that is given is made for all who wait.
    public func find(
        _ look: @escaping @Sendable () throws(Problem) -> Value, completion: @escaping Completion
    ) {
        let mustStart = desk.withLock { desk in
            desk.waiting.append(completion)
            desk.look = look
            defer { desk.isLooking = true }
            return !desk.isLooking
        }
        guard mustStart else { return }
        let isRunning = WorkerThread.run(name) { [self] in
            while let (look, waiting) = next() {
                let result = Result { () throws(Problem) in try look() }
                for completion in waiting { completion(result) }
            }
        }
        guard !isRunning else { return }
        let waiting = desk.withLock { desk in
            defer { desk = Desk() }
            return desk.waiting
        }
        for completion in waiting { completion(.failure(.overloaded())) }
    }

    /// Those who wait now, and how to find it; nil, and the thread ends, where nobody does.
    private func next() -> (look: @Sendable () throws(Problem) -> Value, waiting: [Completion])? {
        desk.withLock { desk in
            defer { desk.waiting = [] }
            guard let look = desk.look, !desk.waiting.isEmpty else {
                desk = Desk()
                return nil
            }
            return (look, desk.waiting)
        }
    }
}
