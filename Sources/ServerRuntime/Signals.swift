internal import Glibc

/// The signals that end a server, taken by one thread instead of a handler.
///
/// ``block()`` comes before the first thread of the process: threads inherit the mask, and libfcgi's
/// own handlers then never run.
public enum Signals {
    /// Blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE, for this thread and all it starts.
    public static func block() {
        var set = terminationSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for a signal that asks the server to end.
    /// - Returns: its number: SIGTERM, SIGINT or SIGHUP.
    public static func waitForTermination() -> Int32 {
        var set = terminationSet()
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    private static func terminationSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }
}
