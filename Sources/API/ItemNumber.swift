/// What the last segment of `/lookup/{itemNumber}` can be.
public enum ItemNumber: Sendable, Hashable {
    /// The number of a book that may exist.
    case number(Int64)
    /// A number, but none that a book has: 0, or one beyond 64 bits.
    case ofNoBook
    /// Not a number.
    case malformed

    /// Reads a path segment after percent-decoding. Only ASCII digits make a number: no sign, no
    /// space, no digits of other scripts.
    public static func parse(_ segment: some Sequence<UInt8>) -> ItemNumber {
        var number: Int64 = 0
        var isEmpty = true
        var isTooLarge = false
        for byte in segment {
            guard byte.isASCIIDigit else { return .malformed }
            isEmpty = false
            let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowAgain) = tenfold.addingReportingOverflow(Int64(byte - 0x30))
            isTooLarge = isTooLarge || overflow || overflowAgain
            number = isTooLarge ? 0 : sum
        }
        if isEmpty { return .malformed }
        return isTooLarge || number == 0 ? .ofNoBook : .number(number)
    }

    /// Reads a path segment after percent-decoding.
    public static func parse(_ segment: some StringProtocol) -> ItemNumber { parse(segment.utf8) }
}

/// What makes a buy happen at most once, however often it is sent.
public struct IdempotencyKey: Sendable, Hashable {
    /// Compared byte by byte: keys that only look alike are different keys.
    public let bytes: [UInt8]

    /// The most characters (Unicode scalars) a key can have.
    public static let maximumCharacters = 255

    /// Takes a key as a header carried it; throws what is wrong with it, for a person.
    public init(validating bytes: some Collection<UInt8>) throws(IdempotencyKeyFault) {
        guard !bytes.isEmpty else { throw IdempotencyKeyFault("it is empty") }
        guard bytes.count <= 4 * IdempotencyKey.maximumCharacters else { throw .tooLong }
        let bytes = Array(bytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw IdempotencyKeyFault("it is not UTF-8")
        }
        guard text.unicodeScalars.count <= IdempotencyKey.maximumCharacters else { throw .tooLong }
        guard text.unicodeScalars.allSatisfy(\.isPrintable) else {
            throw IdempotencyKeyFault("it has a control character")
        }
        self.bytes = bytes
    }

    /// The key as text, for bodies and logs.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Why a key cannot be used.
public struct IdempotencyKeyFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rest of a sentence that began with the key.
    public let description: String

    init(_ description: String) { self.description = description }

    static let tooLong = IdempotencyKeyFault(
        "it is longer than \(IdempotencyKey.maximumCharacters) characters")
}

extension UnicodeScalar {
    /// Whether the scalar may stand on one line of text.
    var isPrintable: Bool {
        if value < 0x7f { return value >= 0x20 }
        if value < 0xa0 { return false }
        return value != 0x2028 && value != 0x2029
    }
}
