internal import API
internal import FastCGI

/// A client's request with all that its answer may depend on, taken out of FastCGI's parameters so
/// that it can be kept, and made up in tests.
struct IncomingRequest: Sendable {
    var method: Request.Method
    /// The method as it was sent.
    var methodName: String
    /// The decoded segments of the path; nil where they cannot be decoded.
    var segments: [String]?
    /// The decoded parameters of the query; nil where they cannot be decoded.
    var query: [(name: String, value: String)]? = []
    var requestID = ""
    /// The `traceparent` header, where a valid one came.
    var traceParent: String?
    /// What this request's own requests carry on.
    var trace: Trace { Trace(requestID: requestID, parent: traceParent, journey: journey) }
    /// Where its time goes.
    let journey = Journey()
    var body = Body.complete([])
    /// Whether a person reads the answer.
    var isIndented = false
    var authorization: [UInt8] = []
    var contentType: String?
    var idempotencyKey: [UInt8]?
    /// The key of a buy that brings none of its own.
    var defaultKey: [UInt8]?
    /// Whether it came by the public listener, which alone gives every request such a key.
    var isPublic: Bool { defaultKey != nil }
    var ifMatch: String?
    var ifNoneMatch: [UInt8]?
    /// What is left of the request's time in milliseconds, where the sender says so.
    var timeout: Int64?

    /// A request of a method and a path, as a test makes it.
    init(_ method: Request.Method, _ methodName: String, segments: [String]?) {
        self.method = method
        self.methodName = methodName
        self.segments = segments
    }

    /// Takes everything out of a request.
    init(_ request: borrowing Request) {
        method = request.method
        methodName = Self.text(request.parameterBytes("REQUEST_METHOD"))
        segments = request.pathSegments
        query = request.query
        requestID = Self.requestID(request)
        traceParent = Self.value(request.parameterBytes("HTTP_TRACEPARENT")).map { Self.text($0) }
        body = request.body
        isIndented = Self.prefersHTML(request)
        authorization = request.parameterBytes("HTTP_AUTHORIZATION") ?? []
        contentType = Self.value(request.parameterBytes("CONTENT_TYPE")).map { Self.text($0) }
        idempotencyKey = Self.value(request.parameterBytes("HTTP_IDEMPOTENCY_KEY"))
        defaultKey = Self.value(request.parameterBytes("DEFAULT_IDEMPOTENCY_KEY"))
        ifMatch = Self.value(request.parameterBytes("HTTP_IF_MATCH")).map { Self.text($0) }
        ifNoneMatch = Self.ifNoneMatch(request)
        timeout = Self.value(request.parameterBytes("HTTP_X_REQUEST_TIMEOUT"))
            .flatMap { Int64(Self.text($0)) }
    }

    /// nginx's id of a request; empty where it gives none.
    static func requestID(_ request: borrowing Request) -> String {
        text(request.parameterBytes("REQUEST_ID"))
    }

    /// Whether a person reads the answer.
    static func prefersHTML(_ request: borrowing Request) -> Bool {
        request.withParameter("HTTP_ACCEPT") { value in
            value.withUnsafeBufferPointer { Accept.prefersHTML(accept: $0) }
        } ?? false
    }

    /// The tags that the client has; nil where it has none.
    static func ifNoneMatch(_ request: borrowing Request) -> [UInt8]? {
        value(request.parameterBytes("HTTP_IF_NONE_MATCH"))
    }

    /// An empty parameter is one that nginx has no value for.
    private static func value(_ bytes: [UInt8]?) -> [UInt8]? {
        bytes.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func text(_ bytes: [UInt8]?) -> String {
        String(decoding: bytes ?? [], as: UTF8.self)
    }
}
