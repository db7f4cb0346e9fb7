/// Reads JSON from bytes; strict, and bounded in depth so that no document overflows the stack.
struct JSONParser {
    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        // A byte order mark is no part of JSON, but editors on some systems put it there.
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    mutating func document() throws(JSONFault) -> JSON {
        skipSpace()
        guard position < bytes.count else { throw fault("the document is empty") }
        let document = try value()
        skipSpace()
        guard position == bytes.count else { throw fault("something follows the document") }
        return document
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ message: String, at offset: Int? = nil) -> JSONFault {
        JSONFault(message, at: offset ?? position, in: bytes)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            position += 1
        }
    }

    private mutating func value() throws(JSONFault) -> JSON {
        let start = position
        switch current {
        case UInt8(ascii: "{"): return JSON(value: .object(try members()), offset: start)
        case UInt8(ascii: "["): return JSON(value: .array(try elements()), offset: start)
        case UInt8(ascii: "\""): return JSON(value: .string(try string()), offset: start)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || byte.isASCIIDigit:
            return JSON(value: .number(try number()), offset: start)
        case nil: throw fault("the document ends where a value is expected")
        default: throw fault("a value is expected here")
        }
    }

    private mutating func word(_ word: String, _ value: JSON.Value) throws(JSONFault) -> JSON {
        let start = position
        guard bytes[start...].starts(with: word.utf8) else {
            throw fault("a value is expected here")
        }
        position += word.utf8.count
        return JSON(value: value, offset: start)
    }

    private mutating func descend() throws(JSONFault) {
        depth += 1
        guard depth <= maximumDepth else { throw fault("more than \(maximumDepth) levels deep") }
        position += 1
        skipSpace()
    }

    private mutating func members() throws(JSONFault) -> [JSON.Member] {
        try descend()
        defer { depth -= 1 }
        var members: [JSON.Member] = []
        if current == UInt8(ascii: "}") {
            position += 1
            return members
        }
        while true {
            let start = position
            guard current == UInt8(ascii: "\"") else {
                throw fault("a name in double quotes is expected here")
            }
            let name = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw fault("a colon is expected here") }
            position += 1
            skipSpace()
            members.append(JSON.Member(name: name, offset: start, value: try value()))
            if try isLast(closing: UInt8(ascii: "}")) { return members }
        }
    }

    private mutating func elements() throws(JSONFault) -> [JSON] {
        try descend()
        defer { depth -= 1 }
        var elements: [JSON] = []
        if current == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            elements.append(try value())
            if try isLast(closing: UInt8(ascii: "]")) { return elements }
        }
    }

    /// Steps over the comma or the closing bracket behind a member or an element.
    private mutating func isLast(closing: UInt8) throws(JSONFault) -> Bool {
        skipSpace()
        let closingText = String(UnicodeScalar(closing))
        if current == closing {
            position += 1
            return true
        }
        guard current == UInt8(ascii: ",") else {
            throw fault("a comma or \(closingText) is expected here")
        }
        position += 1
        skipSpace()
        if current == closing { throw fault("a comma stands before \(closingText)") }
        return false
    }

    private mutating func number() throws(JSONFault) -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        try digits()
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw fault("a number does not begin with 0", at: firstDigit)
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = current, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONFault) {
        guard let first = current, first.isASCIIDigit else { throw fault("a digit is expected") }
        while let byte = current, byte.isASCIIDigit { position += 1 }
    }

    private mutating func string() throws(JSONFault) -> String {
        let start = position
        position += 1
        var unescaped: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: unescaped, as: UTF8.self) else {
                    throw fault("the string is not UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &unescaped)
            case 0..<0x20:
                throw fault("a control character stands in a string, write it as an escape")
            default:
                unescaped.append(byte)
                position += 1
            }
        }
        throw fault("the string has no closing quote", at: start)
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONFault) {
        let start = position - 1
        guard let byte = current else { throw fault("the document ends in an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0c)
        case UInt8(ascii: "n"): unescaped.append(0x0a)
        case UInt8(ascii: "r"): unescaped.append(0x0d)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal(start)
            if (0xd800..<0xdc00).contains(code) {
                guard bytes[position...].starts(with: [0x5c, 0x75]) else {
                    throw fault("half of a surrogate pair stands alone", at: start)
                }
                position += 2
                let low = try hexadecimal(start)
                guard (0xdc00..<0xe000).contains(low) else {
                    throw fault("half of a surrogate pair stands alone", at: start)
                }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = UnicodeScalar(code) else {
                throw fault("half of a surrogate pair stands alone", at: start)
            }
            unescaped.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw fault("there is no such escape", at: start)
        }
    }

    private mutating func hexadecimal(_ start: Int) throws(JSONFault) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("four hexadecimal digits belong behind \\u", at: start) }
        position += 4
        return code
    }
}
