public import API
public import FastCGI
internal import MonotonicTime
public import ServerRuntime

/// A request to a catalog or order server, copied out of FastCGI so that it can be answered later.
public struct InternalRequest: Sendable {
    /// The method.
    public var method: Request.Method
    /// The path's segments, decoded.
    public var segments: [String]
    /// The query's parameters, decoded.
    public var query: [(name: String, value: String)]
    /// Path and query as they were sent.
    public var target: String
    /// The body.
    public var body: [UInt8]
    /// The key of a buy, where one came.
    public var idempotencyKey: [UInt8]?
    /// The entity tags that a change demands, or `*`.
    public var ifMatch: [UInt8]?
    /// The entity tags that a change forbids, or `*`.
    public var ifNoneMatch: [UInt8]?
    /// Up to where the sender knows the sales, where it says so.
    public var highestSale: Int64?
    /// Whose request it is for, and until when.
    public var context: RequestContext
    /// Whether it showed the cluster's secret.
    public var isAuthorized: Bool
    /// Whether a server of the group has passed it on already.
    public var isForwarded: Bool

    /// Copies a request.
    /// - Throws: the problem to answer with, where path, query or body are malformed.
    public init(
        _ request: borrowing Request, in environment: ServerEnvironment, bodyLimit: Int
    ) throws(Problem) {
        guard let segments = request.pathSegments else {
            throw .malformedRequest("The path is not percent-encoded UTF-8 without NUL")
        }
        guard let query = request.query else {
            throw .malformedRequest("The query is not percent-encoded UTF-8 without NUL")
        }
        switch request.body {
        case .complete(let bytes): body = bytes
        case .tooLarge: throw .bodyTooLarge(limit: bodyLimit)
        case .truncated:
            throw .malformedRequest("The body is shorter than its Content-Length says")
        }
        self.segments = segments
        self.query = query
        method = request.method
        target =
            request.parameterBytes("REQUEST_URI").map { String(decoding: $0, as: UTF8.self) } ?? "/"
        idempotencyKey = request.parameterBytes("HTTP_IDEMPOTENCY_KEY")
        ifMatch = request.parameterBytes("HTTP_IF_MATCH")
        ifNoneMatch = request.parameterBytes("HTTP_IF_NONE_MATCH")
        highestSale = request.parameterBytes("HTTP_X_HIGHEST_SALE")
            .flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        context = RequestContext(
            request, requestTimeout: environment.configuration.settings.requestTimeout)
        let authorization = request.parameterBytes("HTTP_AUTHORIZATION") ?? []
        isAuthorized = environment.credentials.clusterSecret.matches(authorization: authorization)
        isForwarded = request.parameterBytes("HTTP_X_FORWARDED_BY") != nil
    }

    /// A whole number of the query that is not negative.
    /// - Throws: 400 where it is something else.
    public func count(_ name: String, default standard: Int64, limit: Int64) throws(Problem)
        -> Int64
    {
        guard let text = query.last(where: { $0.name == name })?.value else { return standard }
        guard let number = Int64(text), number >= 0,
            text.utf8.allSatisfy({ (48...57).contains($0) })
        else {
            throw .malformedRequest("\(name) must be a whole number, 0 or greater")
        }
        return min(number, limit)
    }

    /// The book's number in the last segment of the path.
    /// - Throws: 400 where it is no number, 404 where no book can have it.
    public func itemNumber() throws(Problem) -> Int64 {
        let segment = segments.last ?? ""
        switch ItemNumber.parse(segment) {
        case .number(let number): return number
        case .ofNoBook: throw .noSuchBook(nil)
        case .malformed: throw .notANumber(segment)
        }
    }

    /// Checks that the request shows the cluster's secret.
    /// - Throws: 401.
    public func requireSecret() throws(Problem) {
        if !isAuthorized { throw .unauthorized("cluster's secret") }
    }

    /// The name of the method.
    public var methodName: String {
        switch method {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: "This method"
        }
    }

    /// Checks the method.
    /// - Throws: 405 with what is allowed.
    public func require(_ methods: [Request.Method]) throws(Problem) {
        if methods.contains(method) { return }
        var names: [String] = []
        for method in methods {
            switch method {
            case .get: names += ["GET"]
            case .head: names += ["HEAD"]
            case .post: names += ["POST"]
            case .put: names += ["PUT"]
            case .delete: names += ["DELETE"]
            case .options: names += ["OPTIONS"]
            case .other: break
            }
        }
        throw .methodNotAllowed(methodName, allowed: names)
    }
}
