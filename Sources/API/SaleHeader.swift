/// The headers in which catalog and order servers compare how far they know the sales.
///
/// After a forced view the catalog may have lost sales that have orders. An order server says with
/// every batch of buys up to where it knows them; a catalog that knows less sells nothing, for it
/// would give their numbers to others, until the order group has told it of them.
public enum SaleHeader {
    /// Every number up to this one is that of a sale.
    public static let last = "X-Last-Sale"
    /// The greatest number of a sale.
    public static let highest = "X-Highest-Sale"
}
