internal import Glibc

/// The signals that a server listens to, taken by one thread instead of a handler.
///
/// ``block()`` comes before the first thread of the process: threads inherit the mask, and
/// libfcgi's own handlers, one for SIGUSR1 among them, then never run.
public enum Signals {
    /// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and ignores SIGPIPE, for this thread and all it
    /// starts.
    public static func block() {
        var set = terminationSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for a signal that asks the server to end.
    /// - Parameter onUserSignal: called at each SIGUSR1 that comes before.
    /// - Returns: its number: SIGTERM, SIGINT or SIGHUP.
    public static func waitForTermination(onUserSignal: () -> Void = {}) -> Int32 {
        var set = terminationSet()
        while true {
            var number: Int32 = 0
            while sigwait(&set, &number) != 0 {}
            guard number == SIGUSR1 else { return number }
            onUserSignal()
        }
    }

    private static func terminationSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&set, number) }
        return set
    }
}
