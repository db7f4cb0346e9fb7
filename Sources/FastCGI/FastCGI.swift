/// A FastCGI responder behind nginx: libfcgi parses and frames, this module owns the sockets.
///
/// Begin with ``Server``: it listens on a unix socket and calls a handler for every ``Request``.
/// The handler answers through a ``Responder``, at once or later, from any thread:
///
///     let server = Server(socketPath: "run/front.sock", logger: logger) { request, responder in
///         responder.send(Response(status: 200, body: Array("hello".utf8)))
///     }
///     try server.start()
///     …
///     server.stop()
///
/// Terms. A *connection* is one that nginx keeps open and sends one request after another on. It is
/// *parked* while it waits in the epoll set for the next request and belongs to nobody, and *busy*
/// from the moment a worker takes it until its answer is written. A *worker* is one of a few
/// threads; it parses requests and runs the handler, and never waits for an answer: a connection
/// whose answer is *deferred* holds no thread at all. That is why a few workers are enough for any
/// number of kept connections and of waiting requests. Only the workers *on duty* wait at the epoll
/// set; the others stand by in case that one of them is held up (``Roster``). In libfcgi's usual
/// shape, a thread a connection, idle connections that nginx keeps hold the threads and requests on
/// other connections wait until nginx gives up on them.
///
/// Who can write to the socket is trusted to be a web server, but not to be in good health: what a
/// request begins with is looked at before libfcgi sees it (``RecordCheck``), because libfcgi
/// believes every length it is told.

/// What can go wrong in this module outside of a request.
public enum FastCGIError: Error, Equatable, CustomStringConvertible {
    /// A system call failed while the server was made ready; `errno` as the system gave it.
    case system(call: String, path: String, errno: Int32)
    /// libfcgi could not be initialised.
    case library(code: Int32)
    /// ``Server/start()`` was called a second time.
    case startedTwice
    /// The web server closed the connection, or took longer than the send timeout, before all of
    /// the answer was written.
    case connectionLost

    /// One line for a log.
    public var description: String {
        switch self {
        case .system(let call, let path, let number):
            "\(call) failed for \(path): \(SystemCall.message(number))"
        case .library(let code): "libfcgi could not be initialised (\(code))"
        case .startedTwice: "the server has been started before"
        case .connectionLost: "the web server closed the connection before the answer was written"
        }
    }
}

/// What a request can have wrong that its handler should answer with 400.
public enum RequestError: Error, Equatable {
    /// The parameter of this name is not UTF-8.
    case parameterNotUTF8(name: String)
}
