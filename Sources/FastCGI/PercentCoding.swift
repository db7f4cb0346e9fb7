/// Percent-decoding (RFC 3986, section 2.1) that refuses what it cannot decode faithfully.
enum PercentCoding {
    /// The segments of a path; see ``Request/pathSegments``.
    static func segments(of path: Span<UInt8>) -> [String]? {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        var start = 1
        for position in 1...path.count {
            let isEnd = position == path.count
            guard isEnd || path[position] == UInt8(ascii: "/") else { continue }
            // What follows a trailing slash is no segment.
            if isEnd && start == position { break }
            guard let segment = decode(path, from: start, to: position, plusIsSpace: false) else {
                return nil
            }
            segments.append(segment)
            start = position + 1
        }
        return segments
    }

    /// The parameters of a query, as HTML forms encode them: `+` is a space.
    static func parameters(of query: Span<UInt8>) -> [(name: String, value: String)]? {
        var parameters: [(name: String, value: String)] = []
        var start = 0
        for position in 0...query.count {
            let isEnd = position == query.count
            guard isEnd || query[position] == UInt8(ascii: "&") else { continue }
            if start < position {
                var equals = start
                while equals < position && query[equals] != UInt8(ascii: "=") { equals += 1 }
                guard let name = decode(query, from: start, to: equals, plusIsSpace: true),
                    let value = decode(
                        query, from: min(equals + 1, position), to: position, plusIsSpace: true)
                else { return nil }
                parameters.append((name, value))
            }
            start = position + 1
        }
        return parameters
    }

    /// Decodes a part; nil where an escape is malformed, or the result has a NUL or is not UTF-8.
    static func decode(_ bytes: Span<UInt8>, from start: Int, to end: Int, plusIsSpace: Bool)
        -> String?
    {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(end - start)
        var position = start
        while position < end {
            var byte = bytes[position]
            if byte == UInt8(ascii: "%") {
                guard position + 2 < end, let high = hexadecimal(bytes[position + 1]),
                    let low = hexadecimal(bytes[position + 2])
                else { return nil }
                byte = high << 4 | low
                position += 2
            } else if plusIsSpace && byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            guard byte != 0 else { return nil }
            decoded.append(byte)
            position += 1
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
