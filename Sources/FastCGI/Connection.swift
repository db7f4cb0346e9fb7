internal import CFastCGI
internal import Glibc
internal import Logging
internal import Synchronization

/// One connection of the web server, with the libfcgi request that is read from and answered on it.
///
/// Invariant: one party at a time uses `request`. While the connection is parked nobody does. The
/// worker whom epoll hands it to does until the handler has returned, except for the output stream,
/// which belongs to whoever claimed the ``Responder``. Then whoever comes second of "the handler
/// has returned" and "the answer is written" finishes the request and parks the connection again.
final class Connection: Sendable {
    // Sound by the invariant above: each hand-over goes through an atomic exchange in `Responder`
    // or through epoll and the list of its reports, so that it is ordered in memory. The pointer
    // itself never changes.
    nonisolated(unsafe) private let request: UnsafeMutablePointer<FCGX_Request>
    let descriptor: Int32
    let core: ServerCore

    init(descriptor: Int32, core: ServerCore) {
        self.descriptor = descriptor
        self.core = core
        request = .allocate(capacity: 1)
        // Without a listening socket of its own: it must fail rather than accept.
        FCGX_InitRequest(request, -1, FCGI_FAIL_ACCEPT_ON_INTR)
    }

    deinit {
        request.deallocate()
    }

    /// Reads one request; nil where there is none, or it was refused. Called by the worker that
    /// epoll handed the connection to.
    func read(scratch: UnsafeMutableRawBufferPointer) -> Request? {
        switch inspect(scratch) {
        case .whole: break
        case .nothing:
            park()
            return nil
        case .ended:
            close()
            return nil
        case .refused(let reason):
            core.logger.warning("closed a connection: \(reason)")
            close()
            return nil
        }
        request.pointee.ipcFd = descriptor
        request.pointee.keepConnection = 1
        // A plain close. Otherwise libfcgi waits up to two seconds for the other side to close.
        request.pointee.detached = 1
        guard FCGX_Accept_r(request) == 0 else {
            // libfcgi has closed the descriptor.
            core.logger.warning("closed a connection: libfcgi could not parse the request")
            core.forget(self)
            return nil
        }
        return Request(
            parameters: request.pointee.envp, stream: request.pointee.in,
            bodyLimit: core.configuration.bodyLimit, scratch: scratch)
    }

    /// The stream the answer is written to. For the party that claimed the responder only.
    var output: UnsafeMutablePointer<FCGX_Stream> { request.pointee.out }

    /// Writes what libfcgi still holds, frees the request's memory, and parks or closes.
    func finish() {
        // Counted first: who has received the answer shall not find it still in flight.
        core.finished.add(1, ordering: .relaxed)
        // `FCGX_Finish_r`, step by step, because the registry must forget the descriptor before its
        // number can be used again.
        var mustClose = request.pointee.keepConnection == 0
        if FCGX_FClose(request.pointee.err) != 0 { mustClose = true }
        if FCGX_FClose(request.pointee.out) != 0 {
            core.logger.info("an answer was not sent: the web server closed the connection")
            mustClose = true
        }
        // A body that was not read to its end would be taken for the next request.
        if FCGX_GetError(request.pointee.in) != 0 || FCGX_HasSeenEOF(request.pointee.in) == 0 {
            mustClose = true
        }
        if mustClose {
            core.forget(self)
            FCGX_Free(request, 1)
        } else {
            FCGX_Free(request, 0)
            park()
        }
    }

    /// Breaks an answer off, so that the web server sees that it is not whole.
    func abort() {
        core.finished.add(1, ordering: .relaxed)
        core.forget(self)
        FCGX_Free(request, 1)
    }

    /// Closes a connection that no request is being served on.
    func close() {
        core.forget(self)
        Glibc.close(descriptor)
    }

    /// Lets epoll hand the connection to a worker when something comes.
    private func park() {
        // From here on another worker may already be using the connection.
        core.poller.arm(self)
    }

    private enum Inspection {
        case whole
        case nothing
        case ended
        case refused(String)
    }

    /// Peeks at what has come until it is the whole beginning of a request, or never will be.
    private func inspect(_ scratch: UnsafeMutableRawBufferPointer) -> Inspection {
        // Most requests are far smaller, and what is peeked at is copied.
        var size = min(4096, scratch.count)
        var patience: Patience?
        while true {
            let count = recv(
                descriptor, scratch.baseAddress, size,
                Int32(MSG_PEEK | MSG_DONTWAIT))
            if count == 0 { return .ended }
            if count < 0 {
                switch errno {
                case EINTR: continue
                case EAGAIN: return .nothing
                case ECONNRESET: return .ended
                default: return .refused("recv failed: \(SystemCall.message(errno))")
                }
            }
            var check = RecordCheck(parameterLimit: core.configuration.parameterLimit)
            switch check.examine(UnsafeRawBufferPointer(rebasing: scratch[..<count])) {
            case .whole: return .whole
            case .malformed: return .refused("what came is not a FastCGI request")
            case .tooLarge: return .refused("the request's parameters are over the limit")
            case .incomplete: break
            }
            if count == size {
                guard size < scratch.count else {
                    return .refused("the request's parameters are over the limit")
                }
                size = scratch.count
                continue
            }
            if patience == nil {
                patience = Patience(descriptor: descriptor)
                guard patience != nil else {
                    return .refused("there is no descriptor to wait for the rest with")
                }
            } else if patience?.waitForMore(core.configuration.receiveTimeout) != true {
                return .refused("the rest of the request's parameters did not come")
            }
        }
    }
}

/// Waits for more bytes on a socket that has unread ones, which `poll` cannot.
///
/// An edge-triggered epoll set reports only what comes after the last report. Needed only where the
/// web server's write was split, which for a block of parameters is rare.
private struct Patience: ~Copyable {
    private let epoll: Int32

    init?(descriptor: Int32) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
        let events = UInt32(PYGMY_EPOLLIN) | UInt32(PYGMY_EPOLLRDHUP) | PYGMY_EPOLLET
        _ = pygmy_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, events, 0)
        // Takes the report of what is there already; the caller peeks once more after this.
        var event = epoll_event()
        epoll_wait(epoll, &event, 1, 0)
    }

    deinit { Glibc.close(epoll) }

    /// Whether something came before the time was over.
    func waitForMore(_ timeout: Duration) -> Bool {
        var event = epoll_event()
        guard epoll_wait(epoll, &event, 1, SystemCall.milliseconds(timeout)) == 1 else {
            return false
        }
        return event.events & (UInt32(PYGMY_EPOLLRDHUP) | UInt32(PYGMY_EPOLLHUP)) == 0
    }
}
