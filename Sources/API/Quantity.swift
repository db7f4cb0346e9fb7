/// How many copies a buy asks for: `?quantity=3`, one where it is not said.
public enum Quantity {
    /// What one buy can ask for.
    public static let range: ClosedRange<UInt32> = 1...1000

    /// Reads the parameter of a query.
    /// - Throws: 400 where it is anything but one whole number of the range.
    public static func parse(
        _ query: [(name: String, value: String)]
    ) throws(Problem) -> UInt32 {
        let values = query.filter { $0.name == "quantity" }.map(\.value)
        guard let text = values.first else { return 1 }
        guard values.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let quantity = UInt32(text), range.contains(quantity)
        else {
            throw .malformedRequest(
                "quantity must be one whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return quantity
    }
}
