internal import CFastCGI
internal import Glibc

/// A request's body, or what was wrong with it.
public enum Body: Sendable, Equatable {
    /// All of it; empty where the request has none.
    case complete([UInt8])
    /// Longer than the limit; to be answered with 413.
    case tooLarge
    /// It broke off, or was shorter than its `CONTENT_LENGTH`; to be answered with 400, if anybody
    /// is still there.
    case truncated

    /// The bytes of a complete body; nil where something was wrong with it.
    public var bytes: [UInt8]? {
        if case .complete(let bytes) = self { return bytes }
        return nil
    }

    /// How much of a body over the limit is read and thrown away. A connection whose body is longer
    /// still is closed, since what is left would be taken for the next request.
    private static let discardLimit = 64 << 20

    /// Reads to the end of the body, also where there is none: the record that says so must be
    /// consumed, or the next request of the connection is lost.
    static func read(
        from stream: UnsafeMutablePointer<FCGX_Stream>, declared: UnsafePointer<CChar>?, limit: Int,
        scratch: UnsafeMutableRawBufferPointer
    ) -> Body {
        let length = declared.flatMap(parseLength)
        if let declared, length == nil, declared.pointee != 0 {
            // Not a number: whatever comes cannot be checked against it.
            return discard(stream, scratch, asTooLarge: false)
        }
        let expected = length ?? 0
        guard expected <= limit else { return discard(stream, scratch, asTooLarge: true) }
        if expected == 0 {
            let byte = FCGX_GetChar(stream)
            if byte == EOF { return FCGX_GetError(stream) == 0 ? .complete([]) : .truncated }
            if length != nil { return discard(stream, scratch, asTooLarge: false) }
            return readUndeclared(stream, first: UInt8(truncatingIfNeeded: byte), limit, scratch)
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: expected) { room, count in
            count = room.withMemoryRebound(to: CChar.self) {
                Int(FCGX_GetStr($0.baseAddress, Int32(expected), stream))
            }
        }
        // libfcgi pays no heed to CONTENT_LENGTH: fewer bytes may have come, and more may follow.
        let hasEnded = FCGX_GetChar(stream) == EOF
        guard hasEnded else { return discard(stream, scratch, asTooLarge: false) }
        return bytes.count == expected && FCGX_GetError(stream) == 0 ? .complete(bytes) : .truncated
    }

    /// Reads a body without `CONTENT_LENGTH`, as of a chunked HTTP request.
    private static func readUndeclared(
        _ stream: UnsafeMutablePointer<FCGX_Stream>, first: UInt8, _ limit: Int,
        _ scratch: UnsafeMutableRawBufferPointer
    ) -> Body {
        var bytes = [first]
        while true {
            let count = fill(scratch, stream)
            if count == 0 { break }
            guard bytes.count + count <= limit else {
                return discard(stream, scratch, asTooLarge: true)
            }
            bytes.append(contentsOf: scratch[..<count])
        }
        return FCGX_GetError(stream) == 0 ? .complete(bytes) : .truncated
    }

    private static func discard(
        _ stream: UnsafeMutablePointer<FCGX_Stream>, _ scratch: UnsafeMutableRawBufferPointer,
        asTooLarge: Bool
    ) -> Body {
        var discarded = 0
        while discarded < discardLimit {
            let count = fill(scratch, stream)
            if count == 0 { break }
            discarded += count
        }
        return asTooLarge ? .tooLarge : .truncated
    }

    private static func fill(
        _ scratch: UnsafeMutableRawBufferPointer, _ stream: UnsafeMutablePointer<FCGX_Stream>
    ) -> Int {
        scratch.withMemoryRebound(to: CChar.self) {
            Int(FCGX_GetStr($0.baseAddress, Int32(clamping: $0.count), stream))
        }
    }

    /// The number in `CONTENT_LENGTH`; nil where it is empty or not one.
    private static func parseLength(_ text: UnsafePointer<CChar>) -> Int? {
        var value = 0
        var next = text
        while next.pointee != 0 {
            let digit = Int(next.pointee) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit), value < 1 << 50 else { return nil }
            value = value * 10 + digit
            next += 1
        }
        return next == text ? nil : value
    }
}
