internal import Glibc

/// The small things that every system call needs.
enum SystemCall {
    /// The system's words for an error number.
    static func message(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }

    /// Fails with what `errno` says now.
    static func failure(_ call: String, _ path: String) -> FastCGIError {
        .system(call: call, path: path, errno: errno)
    }

    /// A duration as the `timeval` that socket options take; never zero, which would mean for ever.
    static func timeval(_ duration: Duration) -> Glibc.timeval {
        let (seconds, attoseconds) = max(duration, .milliseconds(1)).components
        return Glibc.timeval(
            tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }

    /// A duration in whole milliseconds as `poll` and `epoll_wait` take it.
    static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = max(duration, .zero).components
        let count = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: count)
    }
}
