internal import Glibc
internal import Synchronization
internal import TestSupport

/// Ports of this machine that nobody listens on, each given out once.
enum Ports {
    // Below the range the kernel takes from for outgoing connections, and begun at a place of this
    // process's own, so that two test runs beside each other hardly ever meet.
    private static let next = Mutex(18_000 + Int(getpid() % 1000) * 12)

    static func take() -> Int {
        next.withLock { next in
            while true {
                next += 1
                if next >= 32_000 { next = 18_000 }
                if isFree(next) { return next }
            }
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        guard let (descriptor, _) = try? bindSocket(to: port) else { return false }
        close(descriptor)
        return true
    }
}
