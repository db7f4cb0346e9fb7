internal import CFastCGI
internal import Glibc

/// libfcgi as a whole.
enum Library {
    /// The result of `FCGX_Init`, which is called once for the process.
    private static let result: Int32 = {
        // libfcgi takes these signals over where they have their default; SIGTERM would then end
        // nothing, and set a flag that makes it refuse connections.
        let signals = [SIGPIPE, SIGUSR1, SIGTERM]
        let before = signals.map { signal in
            var action = sigaction()
            sigaction(signal, nil, &action)
            return action
        }
        let result = FCGX_Init()
        for (signal, action) in zip(signals, before) {
            var action = action
            sigaction(signal, &action, nil)
        }
        // A write to a connection that the web server has closed shall fail, not kill.
        signal(SIGPIPE, SIG_IGN)
        return result
    }()

    /// Makes libfcgi ready. Any thread, any number of times.
    static func initialise() throws(FastCGIError) {
        guard result == 0 else { throw .library(code: result) }
    }
}
