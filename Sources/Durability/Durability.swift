/// Files that survive a loss of power: what every server has, with or without a database.
///
/// Begin with ``DataDirectory``, which a server locks for as long as it runs. ``AcceptorStore``
/// keeps an acceptor's promises in it; the module `Storage` keeps the log and the state of a
/// replica. What can go wrong is a ``StorageError``. No database is linked here, so that a front
/// end stays small.
public enum Durability {}
