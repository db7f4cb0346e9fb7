public import API
import Glibc

/// Whether nginx will be able to listen.
public enum PortCheck {
    /// What keeps anybody from listening at an address now; nil where nothing does. Nothing stays
    /// open. Ports that somebody may take in between are nginx's to complain about.
    public static func fault(at address: Address) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var first: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(address.host, String(address.port), &hints, &first)
        guard result == 0, let entry = first else {
            return "\(address.host) is not known: \(String(cString: gai_strerror(result)))"
        }
        defer { freeaddrinfo(first) }
        let descriptor = socket(
            entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        // As nginx does: connections of an earlier run that are fading away are no obstacle.
        var on: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0,
            listen(descriptor, 1) == 0
        else {
            switch errno {
            case EADDRINUSE: return "another program listens at \(address) already"
            case EACCES:
                return "this user may not listen at \(address) (ports below 1024 are root's)"
            default: return "\(address): \(String(cString: strerror(errno)))"
            }
        }
        return nil
    }
}
