internal import CFastCGI
internal import Glibc

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
    private static let wakeupToken: UInt64 = 0
    private static let listenerToken: UInt64 = 1

    init() throws(FastCGIError) {
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

    /// Waits for one report; nil when the time is over.
    func next(timeoutMilliseconds: Int32) -> Source? {
        var event = epoll_event()
        guard epoll_wait(epoll, &event, 1, timeoutMilliseconds) == 1 else { return nil }
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
