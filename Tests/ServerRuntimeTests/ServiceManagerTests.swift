import Glibc
import Testing

@testable import ServerRuntime

/// A datagram socket as a service manager has it.
private final class NotifySocket {
    private let descriptor: Int32

    /// - Parameter path: a path, or `@` and a name.
    init(_ path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(2 + name.count + (name[0] == 0 ? 0 : 1))
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
            }
        }
        precondition(bound == 0, "\(path) cannot be bound")
    }

    deinit { close(descriptor) }

    func receive() -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? "" : String(decoding: bytes[..<count], as: UTF8.self)
    }
}

@Suite("Service manager")
struct ServiceManagerTests {
    private static let unique = "\(getpid())-\(UInt32.random(in: 0 ... .max))"

    @Test(
        "A message arrives at a socket in the file system and at an abstract one",
        arguments: ["/tmp/pygmy-notify-\(unique)", "@pygmy-notify-\(unique)"])
    func arrives(path: String) {
        let socket = NotifySocket(path)
        defer { unlink(path) }
        #expect(ServiceManager.send("READY=1\n", to: path))
        #expect(socket.receive() == "READY=1\n")
    }

    @Test(
        "A socket that is not there, or no path at all, is no fault of the server",
        arguments: [
            "/tmp/pygmy-nobody-\(unique)", "", "relative", String(repeating: "/x", count: 90),
        ])
    func nobody(path: String) {
        #expect(!ServiceManager.send("READY=1\n", to: path))
    }
}
