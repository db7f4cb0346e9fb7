extension JSONText {
    /// Appends a JSON string with its quotes.
    public static func append(quoted string: String, to bytes: inout [UInt8]) {
        append(quotedUTF8: string.utf8, to: &bytes)
    }

    /// Appends bytes that are valid UTF-8 as a JSON string with its quotes.
    public static func append(quotedUTF8 utf8: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { buffer in
            append(escaping: buffer, to: &bytes)
        }
        if isDone == nil {
            Array(utf8).withUnsafeBufferPointer { append(escaping: $0, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Copies the stretches between the characters that need an escape in one go each.
    private static func append(escaping buffer: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8])
    {
        var start = 0
        for index in buffer.indices {
            let byte = buffer[index]
            // DEL may stand in JSON as it is; U+2028 and U+2029 too.
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                continue
            }
            bytes.append(contentsOf: buffer[start..<index])
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0a: bytes.append(UInt8(ascii: "n"))
            case 0x0c: bytes.append(UInt8(ascii: "f"))
            case 0x0d: bytes.append(UInt8(ascii: "r"))
            case 0..<0x20:
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(hexadecimal[Int(byte >> 4)])
                bytes.append(hexadecimal[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(contentsOf: buffer[start...])
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// Appends a whole number.
    public static func append(decimal number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        append(magnitude: number.magnitude, to: &bytes)
    }

    /// Appends an amount of money: 1005 cents are `10.05`.
    public static func append(cents: Int64, to bytes: inout [UInt8]) {
        if cents < 0 { bytes.append(UInt8(ascii: "-")) }
        append(magnitude: cents.magnitude / 100, to: &bytes)
        let rest = UInt8(cents.magnitude % 100)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + rest / 10)
        bytes.append(UInt8(ascii: "0") + rest % 10)
    }

    private static func append(magnitude: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Valid compact JSON as a person reads it in a browser: two spaces a level, a newline at the
    /// end. What is not JSON comes back without harm, but not prettier.
    public static func indented(_ compact: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(compact.count * 2)
        var depth = 0
        var isInString = false
        var isEscaped = false
        func newline() {
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * max(depth, 0)))
        }
        for (index, byte) in compact.enumerated() {
            if isInString {
                bytes.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                bytes.append(byte)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                bytes.append(byte)
                // An empty object or array stays on its line; the codes of the pair differ by 2.
                if index + 1 < compact.count, compact[index + 1] != byte + 2 {
                    depth += 1
                    newline()
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if index > 0, compact[index - 1] != byte - 2 {
                    depth -= 1
                    newline()
                }
                bytes.append(byte)
            case UInt8(ascii: ","):
                bytes.append(byte)
                newline()
            case UInt8(ascii: ":"):
                bytes.append(byte)
                bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
