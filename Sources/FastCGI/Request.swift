internal import CFastCGI
internal import Glibc

/// A request as the handler sees it, for as long as the handler runs.
///
/// Parameters are not copied: every accessor scans the few that the web server passes. On the path
/// that must be fast compare bytes (``withPath(_:)``, ``withParameter(_:_:)``) and build no
/// strings.
public struct Request: ~Copyable {
    /// The request's method.
    public enum Method: Hashable, Sendable {
        /// The methods of RFC 9110 that a server of this kind meets.
        case get, head, post, put, delete, options
        /// Any other, one in lower case too: methods are case-sensitive. Empty where there is none.
        case other
    }

    /// The method. The web server strips the body of an answer to `head` itself, so that a handler
    /// may treat it as `get`.
    public let method: Method

    /// The body, read to its end.
    public let body: Body

    // The NULL-terminated array of `NAME=value` strings that libfcgi made of the parameters.
    private let parameters: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init?(
        parameters: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
        stream: UnsafeMutablePointer<FCGX_Stream>?, bodyLimit: Int,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        // libfcgi has set both when `FCGX_Accept_r` returns 0.
        guard let parameters, let stream else { return nil }
        self.parameters = parameters
        method = Self.method(Self.find("REQUEST_METHOD", in: parameters))
        body = Body.read(
            from: stream, declared: Self.find("CONTENT_LENGTH", in: parameters), limit: bodyLimit,
            scratch: scratch)
    }

    // MARK: Parameters

    /// The value of a parameter, such as `REQUEST_ID`; nil where the web server passed none.
    /// - Throws: where it is not UTF-8. A key that cannot be read is not the same as no key.
    public func parameter(_ name: StaticString) throws(RequestError) -> String? {
        guard let value = Self.find(name, in: parameters) else { return nil }
        guard let text = String(validatingCString: value) else {
            throw .parameterNotUTF8(name: name.description)
        }
        return text
    }

    /// The bytes of a parameter's value, whatever they are; nil where there is none.
    public func parameterBytes(_ name: StaticString) -> [UInt8]? {
        withParameter(name) { value in
            value.withUnsafeBufferPointer { Array($0) }
        }
    }

    /// Calls with the bytes of a parameter's value, without copying them; nil where there is none.
    public func withParameter<Result, Failure: Error>(
        _ name: StaticString, _ body: (_ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let value = Self.find(name, in: parameters) else { return nil }
        return try Self.withBytes(of: value, count: strlen(value), body)
    }

    /// The value of a header by its HTTP name, as `header("Idempotency-Key")`; nil where the
    /// request has none or the web server does not pass it on.
    /// - Throws: where it is not UTF-8.
    public func header(_ name: StaticString) throws(RequestError) -> String? {
        var wanted: [UInt8] = []
        name.withUTF8Buffer { text in
            wanted.append(contentsOf: "HTTP_".utf8)
            for byte in text {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): wanted.append(byte - 32)
                case UInt8(ascii: "-"): wanted.append(UInt8(ascii: "_"))
                default: wanted.append(byte)
                }
            }
        }
        // CGI (RFC 3875, section 4.1) passes these two without the prefix.
        if wanted == Array("HTTP_CONTENT_TYPE".utf8) || wanted == Array("HTTP_CONTENT_LENGTH".utf8)
        {
            wanted.removeFirst(5)
        }
        let found = wanted.withUnsafeBufferPointer { Self.find($0, in: parameters) }
        guard let found else { return nil }
        guard let text = String(validatingCString: found) else {
            throw .parameterNotUTF8(name: name.description)
        }
        return text
    }

    // MARK: The target

    /// Calls with the bytes of the path as they were sent: percent-encoded, without the query.
    public func withPath<Result, Failure: Error>(
        _ body: (_ path: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let target = Self.find("REQUEST_URI", in: parameters) else {
            return try body(Span())
        }
        return try Self.withBytes(of: target, count: strcspn(target, "?#"), body)
    }

    /// The path's segments: split at each `/` as sent, then percent-decoded, so that an encoded
    /// slash stays inside its segment. A trailing slash adds none; `/` has none.
    ///
    /// Nil where the path does not begin with `/`, an escape is malformed, or a segment is not
    /// UTF-8 or contains NUL.
    public var pathSegments: [String]? {
        withPath { PercentCoding.segments(of: $0) }
    }

    /// The query's parameters, decoded, in their order; empty where there is no query.
    ///
    /// Nil where an escape is malformed or the result is not UTF-8 or contains NUL.
    public var query: [(name: String, value: String)]? {
        guard let target = Self.find("REQUEST_URI", in: parameters) else { return [] }
        let start = strcspn(target, "?#")
        guard target[start] == CChar(bitPattern: UInt8(ascii: "?")) else { return [] }
        let text = target + start + 1
        return Self.withBytes(of: text, count: strcspn(text, "#")) {
            PercentCoding.parameters(of: $0)
        }
    }

    // MARK: Finding

    private static func withBytes<Result, Failure: Error>(
        of text: UnsafePointer<CChar>, count: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let raw = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        return try body(UnsafeBufferPointer(start: raw, count: count).span)
    }

    private static func find(
        _ name: StaticString, in parameters: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> UnsafePointer<CChar>? {
        name.hasPointerRepresentation
            ? find(
                UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
                in: parameters) : nil
    }

    private static func find(
        _ name: UnsafeBufferPointer<UInt8>,
        in parameters: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> UnsafePointer<CChar>? {
        guard let start = name.baseAddress else { return nil }
        let prefix = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        var next = parameters
        while let entry = next.pointee {
            // `strncmp` ends at the entry's NUL, so that the byte after an equal prefix exists.
            if entry[0] == prefix[0], strncmp(entry, prefix, name.count) == 0,
                entry[name.count] == CChar(bitPattern: UInt8(ascii: "="))
            {
                return UnsafePointer(entry + name.count + 1)
            }
            next += 1
        }
        return nil
    }

    private static func method(_ name: UnsafePointer<CChar>?) -> Method {
        guard let name else { return .other }
        if strcmp(name, "GET") == 0 { return .get }
        if strcmp(name, "POST") == 0 { return .post }
        if strcmp(name, "PUT") == 0 { return .put }
        if strcmp(name, "DELETE") == 0 { return .delete }
        if strcmp(name, "HEAD") == 0 { return .head }
        if strcmp(name, "OPTIONS") == 0 { return .options }
        return .other
    }
}
