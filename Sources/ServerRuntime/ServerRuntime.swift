/// What the three kinds of server share: how a program starts, logs, keeps time, counts, and stops.
///
/// Begin with ``ServerProgram``, which a main calls: it reads the configuration, opens the socket,
/// runs a ``Service`` and stops it on SIGTERM. ``ServerEnvironment`` is what a service is given.
/// Everything here runs on plain threads (``WorkerThread``); nothing is an actor.

internal import Glibc
public import MonotonicTime

/// The clock of leases and deadlines: CLOCK_BOOTTIME, which never jumps and counts suspended time.
public enum BootClock {
    /// The time now. Any thread; a read without a system call on Linux (vDSO).
    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// The clock of people: what is written into orders, and never compared for a lease.
public enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z. Any thread.
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
