/// Problems with what was asked, whatever the state of the store.
extension Problem {
    /// 400: the request is not what HTTP or this store understands.
    public static func malformedRequest(_ detail: String) -> Problem {
        Problem("malformed-request", 400, "The request is malformed", detail)
    }

    /// 400: the segment where a number belongs is none.
    public static func notANumber(_ segment: some StringProtocol, of thing: String = "item")
        -> Problem
    {
        let shown = segment.unicodeScalars.count > 40 ? "\(segment.prefix(40))…" : "\(segment)"
        return Problem(
            "not-a-number", 400, "That is not a number",
            "\"\(shown)\" is not an \(thing) number; only the digits 0 to 9 make one")
    }

    /// 400: the `Idempotency-Key` header cannot be used.
    public static func invalidKey(_ fault: IdempotencyKeyFault) -> Problem {
        Problem(
            "malformed-request", 400, "The request is malformed",
            "The Idempotency-Key cannot be used: \(fault); 1 to "
                + "\(IdempotencyKeyHeader.maximumCharacters) printable characters are allowed")
    }

    /// 401: the secret or token is missing or wrong.
    public static func unauthorized(_ what: String = "administrator's token") -> Problem {
        Problem(
            "unauthorized", 401, "Not authorized",
            "This needs the \(what) as Authorization: Bearer …"
        ).with(header: "WWW-Authenticate", "Bearer realm=\"pygmy\"")
    }

    /// 404: there is no such route.
    public static func notFound(_ path: some StringProtocol) -> Problem {
        let shown = path.unicodeScalars.count > 80 ? "\(path.prefix(80))…" : "\(path)"
        return Problem("not-found", 404, "Not found", "There is nothing at \(shown)")
    }

    /// 404: the cache has no entry for a book; that says nothing about the book.
    public static func notCached(itemNumber: Int64) -> Problem {
        Problem("not-found", 404, "Not found", "Book \(itemNumber) is not cached here")
            .with("itemNumber", itemNumber)
    }

    /// 405: the route is there, the method is not. `allowed` as in `["GET", "HEAD"]`.
    public static func methodNotAllowed(_ method: String, allowed: [String]) -> Problem {
        let list = allowed.joined(separator: ", ")
        return Problem(
            "method-not-allowed", 405, "Method not allowed",
            "\(method.prefix(40)) is not possible here, only \(list)"
        ).with(header: "Allow", list)
    }

    /// 412: the book is not in the state that `If-Match` or `If-None-Match` names.
    public static func preconditionFailed(itemNumber: Int64, etag: String?) -> Problem {
        Problem(
            "precondition-failed", 412, "The precondition failed",
            "Book \(itemNumber) is not in the state that the request expects"
        ).with("itemNumber", itemNumber).with("etag", etag)
    }

    /// 413: the body is longer than `limit` bytes.
    public static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            "body-too-large", 413, "The body is too large",
            "The body may have \(limit) bytes at most")
    }

    /// 414: the path and query are too long.
    public static func uriTooLong(limit: Int) -> Problem {
        Problem(
            "uri-too-long", 414, "The URI is too long",
            "Path and query may have \(limit) bytes at most")
    }

    /// 415: the body has another type than `application/json`.
    public static func unsupportedMediaType(_ found: String?) -> Problem {
        let found =
            found.map { "Content-Type is \"\($0.prefix(80))\"" } ?? "There is no Content-Type"
        return Problem(
            "unsupported-media-type", 415, "Unsupported media type",
            "\(found); the body must be application/json")
    }

    /// 422: the body is JSON but no book. All faults at once.
    public static func invalidBook(_ faults: [String]) -> Problem {
        Problem(
            "invalid-book", 422, "That is not a book", faults.joined(separator: "; ")
        ).with("faults", faults)
    }

    /// 431: a header is longer than `limit` bytes, or all of them are together than the four
    /// buffers of that length that nginx has for them.
    public static func headersTooLarge(limit: Int) -> Problem {
        Problem(
            "headers-too-large", 431, "The headers are too large",
            "A header may have \(limit) bytes at most, and all of them together about \(4 * limit)")
    }
}
