/// `orders.csv`: every order, for the administrator.
public enum OrdersCSV {
    /// The first line, without its end.
    public static let header =
        "OrderNumber,ItemNumber,Title,Topic,Cost,Timestamp,IdempotencyKey"

    /// The first line of one that also says how many copies each order is of.
    public static let headerWithQuantity = header + ",Quantity"

    /// Whether a query asks for the numbers of copies: `?with=quantity`. Without it the columns are
    /// those of the original store, in which an order is a copy.
    /// - Throws: 400 where it asks for something else.
    public static func hasQuantity(
        _ query: [(name: String, value: String)]
    ) throws(Problem) -> Bool {
        let wanted = query.filter { $0.name == "with" }.map(\.value)
        guard wanted.allSatisfy({ $0 == "quantity" }) else {
            throw .malformedRequest("with can only be quantity")
        }
        return !wanted.isEmpty
    }

    /// Adds an order's line to a text. `milliseconds` are counted from 1970, UTC; the cost is that
    /// of a copy. `quantity` is nil where the header has none.
    public static func append(
        orderNumber: Int64, itemNumber: Int64, title: String, topic: String, cents: Int64,
        milliseconds: Int64, idempotencyKey: some Collection<UInt8>, quantity: Int64? = nil,
        to text: inout CSVText
    ) {
        text.field(orderNumber)
        text.field(itemNumber)
        text.field(title)
        text.field(topic)
        text.field(cents: cents)
        text.field(Timestamp.text(milliseconds: milliseconds))
        text.field(utf8: idempotencyKey)
        if let quantity { text.field(quantity) }
        text.endLine()
    }
}
