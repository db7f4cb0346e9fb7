public import Glibc

/// A call on a socket has failed.
public struct SocketFault: Error, CustomStringConvertible {
    /// Which call, on what, and why.
    public let description: String
    /// The system's number for it.
    public let code: Int32

    init(_ call: String) {
        code = errno
        description = "\(call): \(String(cString: strerror(code)))"
    }
}

/// Gives a closure the address of a TCP port as the system's calls take it.
public func withSocketAddress<Result>(
    host: String = "127.0.0.1", port: Int,
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
) rethrows -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    precondition(inet_pton(AF_INET, host, &address.sin_addr) == 1, "\(host) is no address")
    return try withUnsafePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

/// A TCP socket that is bound to a port of 127.0.0.1.
/// - Parameter port: 0 takes any that is free.
/// - Returns: the socket, for the caller to close, and its port.
public func bindSocket(to port: Int = 0) throws(SocketFault) -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SocketFault("socket") }
    if port != 0 {
        // As nginx does: connections of an earlier run that are fading away are no obstacle.
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withSocketAddress(port: port) { bind(descriptor, $0, $1) == 0 }
    let isNamed = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(descriptor, $0, &length) == 0
        }
    }
    guard isBound, isNamed else {
        defer { close(descriptor) }
        throw SocketFault("bind to port \(port)")
    }
    return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
}

/// A TCP socket that listens at a free port of 127.0.0.1.
/// - Returns: the socket, for the caller to close, and its port.
public func listeningSocket(backlog: Int32 = 64) throws(SocketFault) -> (
    descriptor: Int32, port: Int
) {
    let (descriptor, port) = try bindSocket()
    guard listen(descriptor, backlog) == 0 else {
        defer { close(descriptor) }
        throw SocketFault("listen at port \(port)")
    }
    return (descriptor, port)
}

/// A connection to a unix socket.
/// - Returns: the socket, for the caller to close.
public func connectedSocket(to path: String) throws(SocketFault) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
        errno = ENAMETOOLONG
        throw SocketFault("connect to \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SocketFault("socket") }
    let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
    }
    guard isConnected else {
        defer { close(descriptor) }
        throw SocketFault("connect to \(path)")
    }
    return descriptor
}
