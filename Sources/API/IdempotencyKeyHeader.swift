/// What an `Idempotency-Key` header may carry: 1 to 255 printable characters.
public enum IdempotencyKeyHeader {
    /// The most characters (Unicode scalars) a key can have.
    public static let maximumCharacters = 255

    /// The key's bytes, which are all that is ever compared; throws what is wrong with them.
    public static func validated(
        _ bytes: some Collection<UInt8>
    ) throws(IdempotencyKeyFault) -> [UInt8] {
        guard !bytes.isEmpty else { throw IdempotencyKeyFault("it is empty") }
        guard bytes.count <= 4 * maximumCharacters else { throw .tooLong }
        let bytes = Array(bytes)
        // nginx's own keys and most others: nothing to decode.
        if bytes.count <= maximumCharacters, bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) {
            return bytes
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw IdempotencyKeyFault("it is not UTF-8")
        }
        guard text.unicodeScalars.count <= maximumCharacters else { throw .tooLong }
        guard text.unicodeScalars.allSatisfy(\.isPrintable) else {
            throw IdempotencyKeyFault("it has a control character")
        }
        return bytes
    }
}

/// Why a key cannot be used.
public struct IdempotencyKeyFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rest of a sentence that began with the key.
    public let description: String

    init(_ description: String) { self.description = description }

    static let tooLong = IdempotencyKeyFault(
        "it is longer than \(IdempotencyKeyHeader.maximumCharacters) characters")
}

extension UnicodeScalar {
    /// Whether the scalar may stand on one line of text.
    var isPrintable: Bool {
        if value < 0x7f { return value >= 0x20 }
        if value < 0xa0 { return false }
        return value != 0x2028 && value != 0x2029
    }
}
