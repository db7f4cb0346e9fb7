internal import Glibc
internal import Synchronization

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
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
