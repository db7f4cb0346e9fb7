public import API
import Glibc

/// Whether nginx will be able to listen.
public enum PortCheck {
    /// What keeps anybody from listening at an address; nil where nothing does. Nothing stays open.
    /// Ports that somebody may take in between are nginx's to complain about.
    /// - Parameter patience: how long to wait for the end of a connection that some program has
    ///   from that port, in seconds; for one that listens there nobody waits.
    public static func fault(at address: Address, patience: Int = 0) -> String? {
        let pauses = patience * 10
        for attempt in 0...pauses {
            switch obstacle(at: address) {
            case nil: return nil
            case .connection where attempt < pauses: usleep(100_000)
            case .connection:
                return "a connection of another program has the port of \(address); ports that the "
                    + "system does not give to connections are safe from that (sysctl "
                    + "net.ipv4.ip_local_port_range)"
            case .other(let fault): return fault
            }
        }
        return nil
    }

    private enum Obstacle {
        /// Nobody listens there, and yet the port is taken.
        case connection
        case other(String)
    }

    private static func obstacle(at address: Address) -> Obstacle? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var first: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(address.host, String(address.port), &hints, &first)
        guard result == 0, let entry = first else {
            return .other("\(address.host) is not known: \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(first) }
        let descriptor = socket(
            entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .other(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        // As nginx does: connections of an earlier run that are fading away are no obstacle.
        var on: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0,
            listen(descriptor, 1) == 0
        else {
            switch errno {
            case EADDRINUSE where !isAnswered(entry.pointee): return .connection
            case EADDRINUSE: return .other("another program listens at \(address) already")
            case EACCES:
                return .other(
                    "this user may not listen at \(address) (ports below 1024 are root's)")
            default: return .other("\(address): \(String(cString: strerror(errno)))")
            }
        }
        return nil
    }

    /// Whether somebody takes connections there, or nobody can tell.
    private static func isAnswered(_ entry: addrinfo) -> Bool {
        let descriptor = socket(
            entry.ai_family,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        guard connect(descriptor, entry.ai_addr, entry.ai_addrlen) != 0 else { return true }
        return errno != ECONNREFUSED
    }
}
