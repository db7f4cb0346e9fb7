internal import Durability

/// What a server keeps on its disk, in SQLite through GRDB.
///
/// A server has one `DataDirectory`, which it locks. In it are
/// - `LogStore`, the log of its group, durable when an append returns;
/// - `CatalogStore` or `OrderStore`, what the log has come to. It is not durable at every commit:
///   what a loss of power takes from it is applied again from the log, which is trimmed only up to
///   `durableThrough`;
/// - `AcceptorStore` (of `Durability`), what an acceptor of the view register has promised.
///
/// A store that is damaged, or is not the one that belongs to the others, is not opened, and
/// nothing in it is changed: `StorageError` says which file it is and what to do.
public enum Storage {}
