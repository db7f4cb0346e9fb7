/// What the last segment of `/lookup/{itemNumber}` can be.
public enum ItemNumber: Sendable, Hashable {
    /// The number of a book that may exist.
    case number(Int64)
    /// A number, but none that a book has: 0, or one beyond what JSON numbers carry exactly.
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
        return isTooLarge || !BookRule.itemNumbers.contains(number) ? .ofNoBook : .number(number)
    }

    /// Reads a path segment after percent-decoding.
    public static func parse(_ segment: some StringProtocol) -> ItemNumber { parse(segment.utf8) }
}
