internal import CCurl
internal import Glibc

/// What libcurl waits for, in an epoll set: its sockets, its next timer, and whoever wakes the
/// loop. Belongs to the loop's thread.
///
/// libcurl's own `curl_multi_poll` asks the kernel for every connection each time, and
/// `curl_multi_perform` looks at every transfer; both cost the more the more are under way. A
/// connection that is kept stays in the set between its requests: so the next one costs no call.
final class SocketSet {
    /// A socket that something has happened on, with libcurl's `CURL_CSELECT_` bits.
    struct Event {
        let socket: Int32
        let mask: Int32
    }

    private let epoll: Int32
    private let wakeup: Wakeup
    /// What libcurl waits for on each socket, as epoll's bits.
    private var wanted: [Int32: UInt32] = [:]
    /// What is in the epoll set.
    private var registered: [Int32: UInt32] = [:]
    /// The sockets that were opened here, of which the close is noticed as well.
    private var own: Set<Int32> = []
    /// When libcurl wants to be called without an event.
    private var timer: ContinuousClock.Instant?

    /// How many events are taken at a time.
    private static let capacity = 64

    init(_ wakeup: Wakeup) throws(HTTPClientError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else {
            throw .unavailable("epoll_create1: \(String(cString: strerror(errno)))")
        }
        self.wakeup = wakeup
        _ = pygmy_curl_epoll_control(
            epoll, EPOLL_CTL_ADD, wakeup.descriptor, pygmy_curl_epoll_in)
    }

    deinit { close(epoll) }

    /// Has libcurl tell this set what it waits for; for as long as the multi handle lives.
    func watch(_ multi: UnsafeMutableRawPointer) -> CURLMcode {
        pygmy_curl_multi_watch(
            multi,
            { _, socket, what, context, _ in
                SocketSet.from(context).want(what, of: socket)
                return 0
            },
            { _, milliseconds, context in
                SocketSet.from(context).timer =
                    milliseconds < 0
                    ? nil : ContinuousClock.now + .milliseconds(Int64(milliseconds))
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Has a handle open and close its sockets here. They are not inherited by processes that the
    /// program starts.
    func manageSockets(of handle: UnsafeMutableRawPointer) {
        _ = pygmy_curl_manage_sockets(
            handle,
            { context, _, address in
                guard let address else { return -1 }
                let socket = socket(
                    address.pointee.family,
                    address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
                    address.pointee.protocol)
                guard socket >= 0 else { return socket }
                // The port that the system chooses may be one that a server of this machine is to
                // listen at: then this connection is no obstacle for it, nor what is left of it.
                var on: Int32 = 1
                setsockopt(
                    socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
                SocketSet.from(context).noteNew(socket)
                return socket
            },
            { context, socket in
                SocketSet.from(context).forget(socket)
                return close(socket)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> SocketSet {
        guard let context else { preconditionFailure("libcurl gives back what it was given") }
        // Sound: the loop keeps the set until the multi handle, and with it every connection, is
        // gone.
        return Unmanaged<SocketSet>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: What is waited for

    private func want(_ what: Int32, of socket: Int32) {
        guard what != CURL_POLL_REMOVE else {
            wanted[socket] = nil
            // Of others it is not known when they are closed, and whose the number is then.
            if !own.contains(socket) { unregister(socket) }
            return
        }
        var events: UInt32 = 0
        if what & CURL_POLL_IN != 0 { events |= pygmy_curl_epoll_in }
        if what & CURL_POLL_OUT != 0 { events |= pygmy_curl_epoll_out }
        wanted[socket] = events
        register(socket, for: events)
    }

    private func register(_ socket: Int32, for events: UInt32) {
        guard registered[socket] != events else { return }
        // Should what is noted here not be so, the other way is right.
        let operations = [EPOLL_CTL_MOD, EPOLL_CTL_ADD]
        let isDone = (registered[socket] == nil ? operations.reversed() : operations).contains {
            pygmy_curl_epoll_control(epoll, $0, socket, events) == 0
        }
        registered[socket] = isDone ? events : nil
    }

    private func unregister(_ socket: Int32) {
        guard registered.removeValue(forKey: socket) != nil else { return }
        _ = pygmy_curl_epoll_control(epoll, EPOLL_CTL_DEL, socket, 0)
    }

    /// A socket has been opened. libcurl closes one that never was connected without a word, and
    /// takes the next one of that number for the same.
    private func noteNew(_ socket: Int32) {
        own.insert(socket)
        registered[socket] = nil
        if let events = wanted[socket] { register(socket, for: events) }
    }

    private func forget(_ socket: Int32) {
        unregister(socket)
        wanted[socket] = nil
        own.remove(socket)
    }

    // MARK: Waiting

    /// Whether the timer has run out; it is then set no more.
    func takeTimer() -> Bool {
        guard let timer, timer <= ContinuousClock.now else { return false }
        self.timer = nil
        return true
    }

    /// Waits for events, the timer, or a wakeup.
    /// - Parameters:
    ///   - mayWait: false to only see what is there.
    ///   - limit: when to wait no longer; nil for no such time.
    func wait(_ mayWait: Bool, until limit: ContinuousClock.Instant?) -> [Event] {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.capacity) { events in
            let count = epoll_wait(
                epoll, events.baseAddress, Int32(Self.capacity), mayWait ? timeLeft(limit) : 0)
            return events.prefix(max(0, Int(count))).compactMap { event in
                withUnsafePointer(to: event) {
                    self.event(pygmy_curl_epoll_descriptor($0), event.events)
                }
            }
        }
    }

    private func event(_ socket: Int32, _ events: UInt32) -> Event? {
        if socket == wakeup.descriptor {
            wakeup.take()
            return nil
        }
        guard let wanted = wanted[socket] else {
            // A kept connection that the server has closed. libcurl finds that out when it wants to
            // use it.
            unregister(socket)
            return nil
        }
        var mask: Int32 = 0
        if events & pygmy_curl_epoll_in != 0 { mask |= CURL_CSELECT_IN }
        if events & pygmy_curl_epoll_out != 0 { mask |= CURL_CSELECT_OUT }
        if events & pygmy_curl_epoll_broken != 0 {
            // It shows in what libcurl does next.
            if wanted & pygmy_curl_epoll_in != 0 { mask |= CURL_CSELECT_IN }
            if wanted & pygmy_curl_epoll_out != 0 { mask |= CURL_CSELECT_OUT }
        }
        return Event(socket: socket, mask: mask)
    }

    /// Until the timer runs out or the limit comes, in whole milliseconds, rounded up; -1 for ever.
    private func timeLeft(_ limit: ContinuousClock.Instant?) -> Int32 {
        guard let end = [timer, limit].compactMap({ $0 }).min() else { return -1 }
        let (seconds, attoseconds) = (end - ContinuousClock.now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let milliseconds =
            seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }
}

/// Wakes the loop from any thread.
final class Wakeup: Sendable {
    /// Readable once somebody has called ``call()``.
    let descriptor: Int32

    init() throws(HTTPClientError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw .unavailable("eventfd: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func call() { eventfd_write(descriptor, 1) }

    /// Makes it unreadable until the next call.
    func take() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
