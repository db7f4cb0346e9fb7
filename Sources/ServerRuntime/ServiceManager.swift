internal import Glibc

/// Tells the service manager that started this process how it stands: sd_notify(3), of which one
/// datagram to `$NOTIFY_SOCKET` is all there is to it. Elsewhere it does nothing.
public enum ServiceManager {
    /// Says that requests are taken from now on.
    public static func ready() { notify("READY=1\nSTATUS=Serving\n") }

    /// Says that the end has begun.
    public static func stopping() { notify("STOPPING=1\n") }

    /// Sends a message to the socket that the environment names.
    /// - Returns: whether it was sent; false where no socket is named.
    @discardableResult
    static func notify(_ message: String) -> Bool {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return false }
        return send(message, to: path)
    }

    /// - Parameter path: of a socket in the file system, or `@` and a name without one.
    static func send(_ message: String, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard name.count > 1, name.count < room, name[0] == 0x2f || name[0] == 0x40 else {
            return false
        }
        // The first byte of an abstract name is NUL, and its length counts.
        let isAbstract = name[0] == 0x40
        if isAbstract { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let header = MemoryLayout<sockaddr_un>.size - room
        let length = socklen_t(header + name.count + (isAbstract ? 0 : 1))
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        let sent = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == bytes.count
    }
}
