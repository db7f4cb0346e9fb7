/// An amount of money in cents.
public struct Cents: Hashable, Comparable, Sendable {
    /// The amount in cents.
    public var amount: Int64

    /// Makes an amount of that many cents.
    public init(_ amount: Int64) {
        self.amount = amount
    }

    /// Reads an amount such as `10`, `10.5` or `10.00`: digits, and at most two after a point.
    public init?(decimal text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, !whole.isEmpty, whole.count <= 12,
            parts.count == 1 || (1...2).contains(parts[1].count)
        else { return nil }
        var digits = Array(whole)
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        digits += fraction
        digits += Array(repeating: UInt8(ascii: "0"), count: 2 - fraction.count)
        var amount: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            amount = amount * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        self.amount = amount
    }

    /// Whether the left amount is the smaller one.
    public static func < (left: Cents, right: Cents) -> Bool {
        left.amount < right.amount
    }
}

extension Cents: CustomStringConvertible {
    /// The amount with two decimals, as in `10.00`.
    public var description: String {
        let cents = amount.magnitude % 100
        return "\(amount < 0 ? "-" : "")\(amount.magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}
