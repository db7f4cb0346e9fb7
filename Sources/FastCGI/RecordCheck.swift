/// Looks at the first bytes of a request before libfcgi parses them.
///
/// libfcgi allocates what a parameter's length field says, limits nothing, and can be crashed by
/// lengths near 2³¹ and by management records. So the records are peeked at and passed on only if
/// they are a well-formed begin of a responder request (FastCGI specification 1.0, sections 3 and
/// 5.1) whose parameter block is whole and within the limit; management records, which nginx never
/// sends, are refused. Then `FCGX_Accept_r` can neither fail nor wait.
struct RecordCheck {
    /// What the bytes so far are.
    enum Verdict: Equatable {
        /// A request whose parameters are all there.
        case whole
        /// The beginning of one.
        case incomplete
        /// Something else.
        case malformed
        /// A parameter block over the limit.
        case tooLarge
    }

    private enum RecordType {
        static let beginRequest: UInt8 = 1
        static let parameters: UInt8 = 4
    }

    /// How many bytes of parameters one request may have.
    let parameterLimit: Int

    private var totalBytes = 0
    /// Bytes of the current name and value that are still to come.
    private var skip = 0
    /// The length of the name, once it is known and until that of the value is.
    private var nameLength = -1
    private var length = 0
    private var lengthBytesLeft = 0

    /// Makes a check for one request.
    init(parameterLimit: Int) {
        self.parameterLimit = parameterLimit
    }

    /// Looks at the first bytes of a request, all that have come. Use a new check for each call.
    mutating func examine(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        guard bytes.count >= 16 else { return Self.examineStart(bytes) }
        // The begin record: version 1, a request number, 8 bytes of content, role 1 (responder).
        guard bytes[0] == 1, bytes[1] == RecordType.beginRequest, bytes[2] | bytes[3] != 0,
            bytes[4] == 0, bytes[5] == 8, bytes[8] == 0, bytes[9] == 1
        else { return .malformed }
        var position = 16 + Int(bytes[6])
        while position + 8 <= bytes.count {
            guard bytes[position] == 1, bytes[position + 1] == RecordType.parameters,
                bytes[position + 2] == bytes[2], bytes[position + 3] == bytes[3]
            else { return .malformed }
            let content = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            let padding = Int(bytes[position + 6])
            position += 8
            if content == 0 {
                guard skip == 0, nameLength < 0, lengthBytesLeft == 0 else { return .malformed }
                return Self.examineBody(bytes, from: position + padding)
            }
            totalBytes += content
            guard totalBytes <= parameterLimit else { return .tooLarge }
            let end = min(position + content, bytes.count)
            guard follow(bytes, from: position, to: end) else { return .tooLarge }
            position += content + padding
        }
        return .incomplete
    }

    /// Follows name-value pairs, which may go on in the next record; false where one is too long.
    private mutating func follow(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int)
        -> Bool
    {
        var position = start
        while position < end {
            if skip > 0 {
                let count = min(skip, end - position)
                position += count
                skip -= count
                continue
            }
            let byte = bytes[position]
            position += 1
            if lengthBytesLeft > 0 {
                length = length << 8 | Int(byte)
                lengthBytesLeft -= 1
            } else if byte < 0x80 {
                length = Int(byte)
            } else {
                length = Int(byte & 0x7f)
                lengthBytesLeft = 3
            }
            guard lengthBytesLeft == 0 else { continue }
            guard length <= parameterLimit else { return false }
            if nameLength < 0 {
                nameLength = length
            } else {
                skip = nameLength + length
                nameLength = -1
            }
        }
        return true
    }

    /// Whether fewer bytes than a begin record can still become one.
    private static func examineStart(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        if bytes.count > 0 && bytes[0] != 1 { return .malformed }
        if bytes.count > 1 && bytes[1] != RecordType.beginRequest { return .malformed }
        return .incomplete
    }

    /// Refuses management records among those of the body that can be seen.
    private static func examineBody(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Verdict {
        var position = start
        while position + 8 <= bytes.count {
            guard bytes[position] == 1, bytes[position + 2] | bytes[position + 3] != 0 else {
                return .malformed
            }
            let content = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            position += 8 + content + Int(bytes[position + 6])
        }
        return .whole
    }
}
