internal import Dispatch
public import Synchronization

/// A queue that one thread drains: whatever gathered while it was busy is handed over at once.
///
/// Inlined where it is used, so that it is compiled for what is in it.
public final class DrainingQueue<Element: Sendable>: Sendable {
    @usableFromInline struct State {
        @usableFromInline var elements: [Element] = []
        @usableFromInline var isClosed = false

        @inlinable init() {}
    }

    @usableFromInline let state = Mutex(State())
    @usableFromInline let arrivals = Arrivals()

    /// Makes an empty queue.
    @inlinable public init() {}

    /// Adds an element. Any thread; never waits.
    /// - Returns: whether it was taken; false once the queue is closed.
    @discardableResult @inlinable
    public func append(_ element: Element) -> Bool {
        let (taken, wasEmpty) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            state.elements.append(element)
            return (true, state.elements.count == 1)
        }
        if wasEmpty { arrivals.signal() }
        return taken
    }

    /// Takes everything there is; waits where there is nothing.
    /// - Returns: the elements in the order they came; nil once the queue is closed and empty.
    @inlinable
    public func takeAll() -> [Element]? {
        while true {
            let (taken, isClosed) = state.withLock { state -> ([Element], Bool) in
                let taken = state.elements
                state.elements = []
                return (taken, state.isClosed)
            }
            if !taken.isEmpty { return taken }
            if isClosed { return nil }
            arrivals.wait()
        }
    }

    /// Takes no more; the thread that drains the queue sees what is left and then nil.
    @inlinable
    public func close() {
        state.withLock { $0.isClosed = true }
        arrivals.signal()
    }
}

/// What the draining thread of a queue waits for.
@usableFromInline
final class Arrivals: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    @usableFromInline init() {}
    @usableFromInline func signal() { semaphore.signal() }
    @usableFromInline func wait() { semaphore.wait() }
}
