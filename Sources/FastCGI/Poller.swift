internal import CFastCGI
internal import Glibc
internal import Synchronization

/// The epoll set that all workers share.
///
/// A connection's entry carries the connection itself, retained from `add` until `release`; epoll
/// reports it once (`EPOLLONESHOT`) each time it is armed, so that two workers never get the same.
struct Poller: Sendable {
    /// What a report is about.
    enum Source {
        /// The workers shall end.
        case wakeup
        /// Somebody connects.
        case listener
        /// A connection has something to read, or has been closed by the other side.
        case connection(Connection, isClosed: Bool)
    }

    private let epoll: Int32
    private let wakeup: Int32
    private let reports: Reports
    private static let wakeupToken: UInt64 = 0
    private static let listenerToken: UInt64 = 1

    /// Makes a set.
    /// - Parameter isForOne: one worker at a time waits on it, so that reports can be fetched
    ///   several at a time: whoever takes its place finds those that it has not come to.
    init(isForOne: Bool) throws(FastCGIError) {
        reports = Reports(capacity: isForOne ? 32 : 1)
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemCall.failure("epoll_create1", "-") }
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeup >= 0 else {
            let failure = SystemCall.failure("eventfd", "-")
            Glibc.close(epoll)
            throw failure
        }
        // Level-triggered and never read: once set, every worker sees it.
        control(EPOLL_CTL_ADD, wakeup, UInt32(PYGMY_EPOLLIN), Self.wakeupToken)
    }

    /// Closes the set. Nobody may wait on it or arm anything any more.
    func close() {
        Glibc.close(epoll)
        Glibc.close(wakeup)
    }

    /// Makes every wait return ``Source/wakeup``, for ever.
    func wakeAll() {
        eventfd_write(wakeup, 1)
    }

    /// Puts the listening socket in the set, reported to one worker at a time.
    func add(listener: Int32) {
        control(
            EPOLL_CTL_ADD, listener, UInt32(PYGMY_EPOLLIN) | PYGMY_EPOLLONESHOT,
            Self.listenerToken)
    }

    /// Reports the listening socket again.
    func arm(listener: Int32) {
        control(
            EPOLL_CTL_MOD, listener, UInt32(PYGMY_EPOLLIN) | PYGMY_EPOLLONESHOT,
            Self.listenerToken)
    }

    /// Puts a connection in the set and keeps it alive until ``release(_:)``; false if the system
    /// has no room for it.
    func add(_ connection: Connection) -> Bool {
        let token = UInt64(UInt(bitPattern: Unmanaged.passRetained(connection).toOpaque()))
        if control(EPOLL_CTL_ADD, connection.descriptor, Self.connectionEvents, token) {
            return true
        }
        release(connection)
        return false
    }

    /// Reports a connection again.
    func arm(_ connection: Connection) {
        let token = UInt64(UInt(bitPattern: Unmanaged.passUnretained(connection).toOpaque()))
        control(EPOLL_CTL_MOD, connection.descriptor, Self.connectionEvents, token)
    }

    /// Gives up what `add` retained, for a connection that is about to be closed.
    func release(_ connection: Connection) {
        Unmanaged.passUnretained(connection).release()
    }

    /// Waits until ``wakeAll()`` has been called; false when the time is over before.
    func waitForEnd(_ timeout: Duration) -> Bool {
        var descriptor = pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, SystemCall.milliseconds(timeout)) == 1
    }

    /// Whether there are reports that were fetched with others and taken by nobody yet.
    var hasFetched: Bool { reports.areWaiting }

    /// Waits for one report; nil when the time is over.
    func next(timeoutMilliseconds: Int32) -> Source? {
        guard let event = reports.next(of: epoll, timeoutMilliseconds) else { return nil }
        switch event.data.u64 {
        case Self.wakeupToken: return .wakeup
        case Self.listenerToken: return .listener
        default:
            // The pointer is that of a connection which `add` retained, and a connection that is
            // armed has not been released: only the party it was reported to does that.
            guard let pointer = UnsafeRawPointer(bitPattern: UInt(event.data.u64)) else {
                return nil
            }
            let connection = Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
            let closed =
                UInt32(PYGMY_EPOLLRDHUP) | UInt32(PYGMY_EPOLLHUP) | UInt32(PYGMY_EPOLLERR)
            return .connection(connection, isClosed: event.events & closed != 0)
        }
    }

    private static var connectionEvents: UInt32 {
        UInt32(PYGMY_EPOLLIN) | UInt32(PYGMY_EPOLLRDHUP) | PYGMY_EPOLLONESHOT
    }

    @discardableResult
    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64)
        -> Bool
    {
        pygmy_epoll_control(epoll, operation, descriptor, events, token) == 0
    }
}

/// What epoll has reported and no worker has taken yet.
private final class Reports: Sendable {
    private let capacity: Int
    private let waiting = Mutex<[epoll_event]>([])

    init(capacity: Int) { self.capacity = capacity }

    var areWaiting: Bool { capacity > 1 && waiting.withLock { !$0.isEmpty } }

    /// The next report, fetched from an epoll set where none is left.
    func next(of epoll: Int32, _ timeoutMilliseconds: Int32) -> epoll_event? {
        if capacity > 1, let event = waiting.withLock({ $0.popLast() }) { return event }
        return withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: capacity) { events in
            let count = epoll_wait(
                epoll, events.baseAddress, Int32(capacity), timeoutMilliseconds)
            guard count > 0 else { return nil }
            // The last of the array is taken first.
            if count > 1 {
                waiting.withLock { $0.insert(contentsOf: events[1..<Int(count)].reversed(), at: 0) }
            }
            return events[0]
        }
    }
}
