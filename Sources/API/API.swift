/// What is said on the wire, and where: the configuration, the names of servers, bodies, problems.
///
/// Begin with `Configuration` (who the servers are, where they listen, how they behave), then
/// `Problem` (every error a client can be told), then `Bodies` (every answer that is not one).
/// `JSONText` writes JSON, `JSON` reads it, `CSVReader` and `CSVText` do the same for CSV, and
/// `BuyBatch`, `BuyResults` and `LookupBatch` are binary, for what travels together.
///
/// The module is pure but for what programs need in the same way: it reads `config.json` and
/// `catalog.csv`, reads or creates the two secret files, and asks the kernel for random bytes. It
/// does not import Foundation, which would cost every server several megabytes of memory.
public enum API {
    /// The release that the programs report.
    public static let version = "0.1.0"
}
