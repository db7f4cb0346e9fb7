/// Threads of the system and what they wait at: ``WorkerThread`` and ``SteadySemaphore``.
///
/// The servers are threads and `Mutex`, and nothing in them is an actor: libfcgi, libcurl and
/// SQLite block.
public enum Threads {}
