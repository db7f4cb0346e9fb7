/// Books, sales and orders, the operations on them, and what those do to a store.
///
/// The module is pure: no I/O, no clock, no randomness, no Foundation. An operation is decided
/// where it is applied, by the rules in `CatalogRules.swift` and `OrderRules.swift`, and by nothing
/// but the state and the operation, so that every replica that applies the same log comes to the
/// same outcomes and the same state. The rules are written once, over the protocols `CatalogState`
/// and `OrderState`; `MemoryCatalog` and `MemoryOrders` keep the state in memory, the module
/// `Storage` keeps it in SQLite.
///
/// Terms:
/// - *operation*: what a client asks for, as it stands in the replicated log;
/// - *outcome*: what an operation came to, as it is told to the client;
/// - *sale*: one buy that succeeded, numbered 1, 2, 3 … by the catalog group;
/// - *order*: a sale with the order number that the order group gave it;
/// - *log time*: the greatest time of the operations so far, the only clock that the rules know.
///
/// Begin with `CatalogOperation`, `CatalogOutcome` and `CatalogRules.swift`.
public enum Bookstore {
    /// How long the outcome of an idempotency key is remembered, in milliseconds of log time: 25
    /// hours, so that the 24 that are promised hold between servers whose clocks differ.
    public static let keyRetention: Int64 = 25 * 60 * 60 * 1000

    /// How long the outcome of a change is remembered under its key, in milliseconds of log time:
    /// an hour, many times what servers take to send a change again.
    public static let changeRetention: Int64 = 60 * 60 * 1000

    /// How many keys at most an operation forgets: more than it records, so that the store shrinks
    /// after a busy day, and few enough that no operation has to wait for it.
    public static let keysForgottenAtOnce = 4
}
