/// An answer in the form that is convenient to make. For one that is sent over and over, encode the
/// head once with ``encodedHead(status:headers:)`` and write it with a ``Responder``'s writer.
public struct Response: Sendable {
    /// The HTTP status, 200 to 599.
    public var status: Int
    /// The headers, in their order. `Content-Length` is added where it is missing.
    public var headers: [(String, String)]
    /// The body.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The bytes of a status and headers as the web server takes them (RFC 3875, section 6),
    /// without the empty line that ends them, so that more headers can follow.
    ///
    /// Line breaks and other control characters in names and values become spaces: nobody adds a
    /// header by way of another's value.
    public static func encodedHead(status: Int, headers: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + headers.count * 48)
        bytes.append(contentsOf: "Status: ".utf8)
        bytes.append(contentsOf: String(status).utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: reason(status).utf8)
        bytes.append(contentsOf: "\r\n".utf8)
        for (name, value) in headers {
            append(name, to: &bytes)
            bytes.append(contentsOf: ": ".utf8)
            append(value, to: &bytes)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        return bytes
    }

    /// The head of this answer, with its `Content-Length` and the empty line.
    var encodedHead: [UInt8] {
        var bytes = Self.encodedHead(status: status, headers: headers)
        // A 204 or 304 has no body, and a length would be that of another answer (RFC 9110, 8.6).
        let hasLength = headers.contains { name, _ in
            name.utf8.count == 14 && name.lowercased() == "content-length"
        }
        if !hasLength && status != 204 && status != 304 {
            bytes.append(contentsOf: "Content-Length: ".utf8)
            bytes.append(contentsOf: String(body.count).utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        for place in start..<bytes.count where bytes[place] < 0x20 || bytes[place] == 0x7f {
            bytes[place] = UInt8(ascii: " ")
        }
    }

    /// The reason phrases of RFC 9110, section 15, and RFC 6585.
    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 425: "Too Early"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 507: "Insufficient Storage"
        default: "Unknown"
        }
    }
}

extension StaticString {
    /// The text's bytes.
    fileprivate var utf8: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
