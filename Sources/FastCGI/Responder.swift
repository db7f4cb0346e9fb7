internal import CFastCGI
internal import Logging
internal import Synchronization

/// The right to answer one request, once, now or later, from any thread.
///
/// The first answer counts and the others are ignored, so that an outcome and a timeout may race. A
/// responder that is dropped without an answer sends 500 and logs it. No thread waits while an
/// answer is outstanding.
///
/// Sending writes to the web server's socket. An answer up to the socket's buffer (some 200 KiB)
/// does not wait for the web server to read it; a longer one may, at most for the send timeout, and
/// should come from a thread that can afford that.
public final class Responder: Sendable {
    /// The bits of `state`.
    private enum Bit {
        /// Somebody answers, or has answered.
        static let claimed: UInt8 = 1
        /// The claimant streams the body.
        static let streaming: UInt8 = 2
        /// A thread is inside of ``Responder/write(_:)``.
        static let writing: UInt8 = 4
        /// Everything is written.
        static let answered: UInt8 = 8
        /// The handler has returned, and nobody reads the request's parameters any more.
        static let returned: UInt8 = 16
    }

    /// Told once of an answer, when it is written or, for one that is streamed, begun.
    public typealias Observer = @Sendable (_ status: Int) -> Void

    private let connection: Connection
    private let observer: Observer?
    private let state = Atomic<UInt8>(0)

    init(_ connection: Connection, observer: Observer?) {
        self.connection = connection
        self.observer = observer
    }

    deinit {
        // The worker holds the responder until the handler has returned, so nobody else uses the
        // connection now.
        let state = state.load(ordering: .acquiring)
        if state & Bit.answered != 0 { return }
        if state & Bit.claimed != 0 {
            connection.core.logger.error("an answer was begun and not finished")
            connection.abort()
        } else {
            connection.core.logger.error("a request was dropped without an answer")
            let response = Response(
                status: 500, headers: [("Content-Type", "application/problem+json")],
                body: Array(#"{"title":"Internal Server Error","status":500}"#.utf8))
            let writer = AnswerWriter(connection.output)
            writer.write(response.encodedHead)
            writer.write(response.body)
            observer?(500)
            connection.finish()
        }
    }

    // MARK: Whole answers

    /// Sends an answer; false where there has been one already.
    @discardableResult
    public func send(_ response: Response) -> Bool {
        send(status: response.status) { writer in
            writer.write(response.encodedHead)
            writer.write(response.body)
        }
    }

    /// Sends an answer of pieces, head first, with nothing allocated in between:
    ///
    ///     responder.send { writer in
    ///         writer.write(cached.head)           // "Status: 200 OK\r\n…"
    ///         writer.write("Age: ")
    ///         writer.write(decimal: seconds)
    ///         writer.write("\r\n\r\n")
    ///         writer.write(cached.body)
    ///     }
    ///
    /// The closure is called before this returns, or never where there has been an answer already.
    /// - Parameter status: what an observer is told; the closure writes it, where it is not 200.
    @discardableResult
    public func send(
        status: Int = 200, _ write: (borrowing AnswerWriter) -> Void
    ) -> Bool {
        guard claim() else { return false }
        write(AnswerWriter(connection.output))
        observer?(status)
        complete()
        return true
    }

    // MARK: Streaming

    /// Begins a long answer whose body follows with ``write(_:)`` and ends with ``finish()``; false
    /// where there has been an answer already.
    ///
    /// Dropping the responder before `finish` cuts the connection, so that the client sees that the
    /// answer is not whole. Call the three from one thread at a time, one that may wait.
    public func begin(status: Int, headers: [(String, String)]) -> Bool {
        guard claim() else { return false }
        state.bitwiseOr(Bit.streaming, ordering: .relaxed)
        observer?(status)
        let writer = AnswerWriter(connection.output)
        writer.write(Response.encodedHead(status: status, headers: headers))
        writer.write("\r\n")
        return true
    }

    /// Writes a part of the body; waits while the web server is slower than the caller.
    /// - Throws: ``FastCGIError/connectionLost`` where nobody takes it any more; drop the
    ///   responder.
    public func write(_ bytes: [UInt8]) throws(FastCGIError) {
        let before = state.bitwiseOr(Bit.writing, ordering: .acquiring).oldValue
        precondition(
            before & (Bit.streaming | Bit.answered | Bit.writing) == Bit.streaming,
            "write is for a streamed answer, between begin and finish, from one thread at a time")
        AnswerWriter(connection.output).write(bytes)
        let isLost = FCGX_GetError(connection.output) != 0
        state.bitwiseAnd(~Bit.writing, ordering: .releasing)
        if isLost { throw .connectionLost }
    }

    /// Ends a streamed answer.
    public func finish() {
        let before = state.load(ordering: .acquiring)
        precondition(
            before & (Bit.streaming | Bit.answered | Bit.writing) == Bit.streaming,
            "finish is for a streamed answer, once, after begin")
        complete()
    }

    // MARK: Ownership

    private func claim() -> Bool {
        state.bitwiseOr(Bit.claimed, ordering: .acquiring).oldValue & Bit.claimed == 0
    }

    /// The answer is written: the connection goes on, now or when the handler returns.
    private func complete() {
        let before = state.bitwiseOr(Bit.answered, ordering: .acquiringAndReleasing).oldValue
        if before & Bit.returned != 0 { connection.finish() }
    }

    /// Called by the worker when the handler has returned.
    func handlerReturned() {
        let before = state.bitwiseOr(Bit.returned, ordering: .acquiringAndReleasing).oldValue
        if before & Bit.answered != 0 { connection.finish() }
    }
}
