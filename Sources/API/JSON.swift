/// A JSON document (RFC 8259) as it was written: members in order, duplicates and positions kept.
///
/// Configuration faults name lines, and bodies that repeat a member are refused; a reader that
/// fills a dictionary can do neither. Numbers stay text, so that a cost of 10.10 is never rounded.
public struct JSON: Sendable {
    /// What the document says at one place.
    public enum Value: Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// The number as it was written.
        case number(String)
        /// The string with its escapes resolved.
        case string(String)
        /// The elements of an array.
        case array([JSON])
        /// The members of an object in their order, duplicates included.
        case object([Member])
    }

    /// One member of an object.
    public struct Member: Sendable {
        /// The name with its escapes resolved.
        public let name: String
        /// Where the name begins, in bytes from the start of the document.
        public let offset: Int
        /// What stands after the colon.
        public let value: JSON
    }

    /// What stands here.
    public let value: Value
    /// Where it begins, in bytes from the start of the document.
    public let offset: Int

    /// Reads a whole document of at most `maximumDepth` nested arrays and objects.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONFault) {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        self = try parser.document()
    }

    init(value: Value, offset: Int) {
        self.value = value
        self.offset = offset
    }

    /// The first member of that name, where this is an object that has one.
    public subscript(name: String) -> JSON? {
        members?.first { $0.name == name }?.value
    }

    /// The members, where this is an object.
    public var members: [Member]? {
        if case .object(let members) = value { members } else { nil }
    }

    /// The elements, where this is an array.
    public var elements: [JSON]? {
        if case .array(let elements) = value { elements } else { nil }
    }

    /// The string, where this is one.
    public var string: String? {
        if case .string(let string) = value { string } else { nil }
    }

    /// The truth value, where this is one.
    public var bool: Bool? {
        if case .bool(let bool) = value { bool } else { nil }
    }

    /// The whole number, where this is one that fits. `5.0` is one, as JSON Schema has it.
    public var integer: Int64? {
        guard case .number(let text) = value else { return nil }
        if let integer = Int64(text) { return integer }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isWhole = parts.count == 2 && parts[1].utf8.allSatisfy { $0 == UInt8(ascii: "0") }
        return isWhole ? Int64(parts[0]) : nil
    }

    /// The number, where this is one.
    public var double: Double? {
        if case .number(let text) = value { Double(text) } else { nil }
    }

    /// The number as it was written, where this is one.
    public var number: String? {
        if case .number(let text) = value { text } else { nil }
    }
}

/// Why a document is not JSON, and where.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// In bytes from the start of the document.
    public let offset: Int
    /// From 1.
    public let line: Int
    /// From 1, in characters.
    public let column: Int
    /// What was found or was missing.
    public let message: String

    /// `line 3, column 5: …`.
    public var description: String { "line \(line), column \(column): \(message)" }

    init(_ message: String, at offset: Int, in bytes: [UInt8]) {
        self.message = message
        self.offset = offset
        (line, column) = TextPosition.of(offset, in: bytes)
    }
}

/// Turns offsets into what an editor shows.
enum TextPosition {
    /// The line and the column, both from 1, of a byte; columns count Unicode scalars.
    static func of(_ offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == 0x0a {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}
