/// A request to another server.
public struct HTTPRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// Host and port, as `127.0.0.1:8083`.
    public var authority: String
    /// Path and query, percent-encoded, beginning with `/`.
    public var path: String
    /// The headers, in their order. Control characters in them make the request invalid.
    public var headers: [(String, String)]
    /// The body; empty for none.
    public var body: [UInt8]
    /// Whether it goes at once, however many are under way: for the few messages on which leases
    /// hang.
    public var isUrgent: Bool

    /// Makes a request.
    public init(
        method: String = "GET", authority: String, path: String, headers: [(String, String)] = [],
        body: [UInt8] = [], isUrgent: Bool = false
    ) {
        self.method = method
        self.authority = authority
        self.path = path
        self.headers = headers
        self.body = body
        self.isUrgent = isUrgent
    }
}

/// An answer of another server, whatever its status.
public struct HTTPResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The body, decoded from its transfer coding.
    public let body: [UInt8]
    /// The header lines as they came, each with its line break.
    private let head: [UInt8]

    /// Whether this is nginx's answer for a server that was not there, and was sent nothing.
    public var isOfAbsentServer: Bool {
        status == 502 && header("X-Upstream-Bytes-Sent") == "0"
    }

    /// Makes an answer, for tests of whoever receives one.
    public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        var head: [UInt8] = []
        for (name, value) in headers { head.append(contentsOf: "\(name): \(value)\r\n".utf8) }
        self.init(status: status, head: head, body: body)
    }

    init(status: Int, head: [UInt8], body: [UInt8]) {
        self.status = status
        self.head = head
        self.body = body
    }

    /// The value of the first header of a name, in whatever case either is written; nil where there
    /// is none. Bytes that are not UTF-8 show as U+FFFD.
    public func header(_ name: String) -> String? {
        let wanted = Array(name.utf8)
        for line in lines where line.name.elementsEqual(wanted, by: Self.equalIgnoringCase) {
            return String(decoding: line.value, as: UTF8.self)
        }
        return nil
    }

    /// All headers, in their order.
    public var headers: [(String, String)] {
        lines.map {
            (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
        }
    }

    private var lines: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
        head.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 }
            let value = line[(colon + 1)...].drop(while: isBlank)
            let end = value.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? value.startIndex
            return (line[..<colon], value[..<end])
        }
    }

    /// Compares header names, which are ASCII.
    private static func equalIgnoringCase(_ left: UInt8, _ right: UInt8) -> Bool {
        func lowered(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
        }
        return lowered(left) == lowered(right)
    }
}
