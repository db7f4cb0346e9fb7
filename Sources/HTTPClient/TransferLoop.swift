internal import CCurl
internal import Glibc

/// Drives all transfers of a client. Lives on the client's thread and is used by no other.
final class TransferLoop {
    private let inbox: Inbox
    private let sockets: SocketSet
    private let multi: UnsafeMutableRawPointer
    private let configuration: HTTPClient.Configuration
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    /// Handles for reuse, which saves libcurl setting them up.
    private var idleHandles: [UnsafeMutableRawPointer] = []
    private static let idleHandleLimit = 64
    private var line: WaitingLine

    init(
        inbox: Inbox, sockets: SocketSet, configuration: HTTPClient.Configuration
    ) throws(HTTPClientError) {
        self.inbox = inbox
        self.sockets = sockets
        self.configuration = configuration
        line = WaitingLine(limit: configuration.connectionsPerAddress)
        guard let multi = curl_multi_init() else { throw .unavailable("out of memory") }
        self.multi = multi
        // How many connections are kept when nobody uses them.
        _ = pygmy_curl_multi_set_long(
            multi, CURLMOPT_MAXCONNECTS, configuration.connectionsPerAddress)
        _ = pygmy_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let result = sockets.watch(multi)
        guard result == CURLM_OK else {
            throw .unavailable(String(cString: curl_multi_strerror(result)))
        }
    }

    // With the connections, while the set that closes their sockets is still there.
    deinit { curl_multi_cleanup(multi) }

    /// Works until the shutdown.
    func run() {
        while true {
            let (submissions, isShutDown) = inbox.take()
            if isShutDown {
                end(submissions)
                return
            }
            for submission in submissions { admit(submission) }
            expire()
            runTimer()
            // A completion may have brought something new: it needs no wakeup.
            let events = sockets.wait(inbox.letLoopWait(), until: line.nextExpiry)
            inbox.noteLoopIsAwake()
            for event in events { act(on: event.socket, event.mask) }
            finishCompleted()
        }
    }

    /// Lets libcurl do what it has put off, such as to begin with a transfer.
    private func runTimer() {
        while sockets.takeTimer() {
            act(on: CURL_SOCKET_TIMEOUT, 0)
            finishCompleted()
        }
    }

    private func act(on socket: Int32, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, mask, &running)
    }

    /// Begins with a request, or has it wait for a connection.
    private func admit(_ submission: Submission) {
        guard submission.timeout > .zero else {
            submission.completion(.failure(.notSent))
            return
        }
        guard line.admit(submission, at: .now) else { return }
        if let error = start(submission, timeout: submission.timeout) {
            fail(submission, error)
        }
    }

    /// Fails a request that was admitted and not begun with.
    private func fail(_ submission: Submission, _ error: HTTPClientError) {
        submission.completion(.failure(error))
        admitNext(to: submission.request.authority)
    }

    /// A request to an address has ended: begins with one that waits, where there is one.
    private func admitNext(to authority: String) {
        while let next = line.ended(authority) {
            let left = next.deadline - .now
            let error =
                left > .zero ? start(next.submission, timeout: left) : HTTPClientError.notSent
            guard let error else { return }
            next.submission.completion(.failure(error))
        }
    }

    /// Ends what has waited for a connection until its time was over.
    private func expire() {
        guard line.nextExpiry != nil else { return }
        for submission in line.expire(at: .now) { submission.completion(.failure(.notSent)) }
    }

    /// Hands a request to libcurl; gives what keeps it from that, nil for nothing.
    private func start(_ submission: Submission, timeout: Duration) -> HTTPClientError? {
        guard let handle = idleHandles.popLast() ?? makeHandle() else {
            return .unavailable("out of memory")
        }
        let transfer = Transfer(submission, timeout: timeout, configuration)
        if let reason = transfer.prepare(handle) {
            recycle(handle)
            return .invalidRequest(reason)
        }
        transfers[handle] = transfer
        let result = curl_multi_add_handle(multi, handle)
        guard result == CURLM_OK else {
            transfers[handle] = nil
            recycle(handle)
            return .unavailable(String(cString: curl_multi_strerror(result)))
        }
        return nil
    }

    /// Ends the transfers that libcurl is done with, or begins with them once more.
    private func finishCompleted() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle
            else { continue }
            // The message is gone with the removal of its handle.
            let code = pygmy_curl_message_result(message)
            curl_multi_remove_handle(multi, handle)
            guard let transfer = transfers.removeValue(forKey: handle) else { continue }
            if transfer.metClosedConnection(code, handle), transfer.prepareAgain(handle) {
                transfers[handle] = transfer
                if curl_multi_add_handle(multi, handle) == CURLM_OK { continue }
                transfers[handle] = nil
            }
            let result = transfer.result(code, handle)
            recycle(handle)
            transfer.completion(result)
            admitNext(to: transfer.authority)
        }
    }

    private func end(_ submissions: [Submission]) {
        let open = transfers
        transfers = [:]
        for handle in open.keys {
            curl_multi_remove_handle(multi, handle)
            curl_easy_cleanup(handle)
        }
        for handle in idleHandles { curl_easy_cleanup(handle) }
        idleHandles = []
        // In the order of nothing in particular: they all failed at once.
        for transfer in open.values { transfer.completion(.failure(.shutDown)) }
        for submission in line.removeAll() + submissions {
            submission.completion(.failure(.shutDown))
        }
    }

    private func recycle(_ handle: UnsafeMutableRawPointer) {
        if idleHandles.count < Self.idleHandleLimit {
            _ = pygmy_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 0)
            // An idle handle shall not hold on to its last body, which may be large.
            _ = pygmy_curl_set_text(handle, CURLOPT_COPYPOSTFIELDS, nil)
            idleHandles.append(handle)
        } else {
            curl_easy_cleanup(handle)
        }
    }

    /// A handle with everything set that is the same for all requests.
    private func makeHandle() -> UnsafeMutableRawPointer? {
        guard let handle = curl_easy_init() else { return nil }
        // Signals are the program's; an empty proxy overrules the environment's.
        _ = pygmy_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = pygmy_curl_set_text(handle, CURLOPT_PROXY, "")
        _ = pygmy_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http")
        _ = pygmy_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        _ = pygmy_curl_set_long(handle, CURLOPT_TCP_NODELAY, 1)
        _ = pygmy_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        sockets.manageSockets(of: handle)
        // The path is what the caller says, dots and all.
        _ = pygmy_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        let (seconds, attoseconds) = configuration.connectTimeout.components
        _ = pygmy_curl_set_long(
            handle, CURLOPT_CONNECTTIMEOUT_MS,
            max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)))
        Transfer.install(on: handle)
        return handle
    }
}
