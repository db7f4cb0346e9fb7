/// Problems that nginx finds before a server of the store sees the request.
extension Problem {
    /// 404, where the path is not at hand.
    public static func notFound() -> Problem {
        Problem("not-found", 404, "Not found", "There is nothing at this path")
    }

    /// 405, where the method is not at hand.
    public static func methodNotAllowed(allowed: [String]) -> Problem {
        let list = allowed.joined(separator: ", ")
        return Problem(
            "method-not-allowed", 405, "Method not allowed", "Only \(list) are possible here"
        ).with(header: "Allow", list)
    }

    /// 408: the request did not arrive in time.
    public static func requestTimeout() -> Problem {
        Problem(
            "request-timeout", 408, "The request took too long",
            "The request did not arrive in time")
    }

    /// 411: a body has no length.
    public static func lengthRequired() -> Problem {
        Problem(
            "length-required", 411, "The length is required",
            "A body needs a Content-Length or chunks")
    }

    /// 416: the part of a file that was asked for is not there.
    public static func rangeNotSatisfiable() -> Problem {
        Problem(
            "range-not-satisfiable", 416, "There is no such range",
            "The file has no such part")
    }

    /// 501: a transfer coding or method that nginx does not know.
    public static func notImplemented() -> Problem {
        Problem(
            "not-implemented", 501, "Not implemented",
            "The request uses a part of HTTP that is not served here")
    }

    /// 505: another version of HTTP.
    public static func versionNotSupported() -> Problem {
        Problem(
            "version-not-supported", 505, "HTTP version not supported",
            "HTTP/1.0 and HTTP/1.1 are served here")
    }
}
