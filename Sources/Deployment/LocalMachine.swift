public import API
import Glibc

/// The addresses of this machine.
public struct LocalMachine: Sendable {
    private let addresses: Set<String>

    /// Asks the kernel for the addresses of all interfaces.
    public init() {
        var addresses: Set<String> = ["127.0.0.1", "::1"]
        var first: UnsafeMutablePointer<ifaddrs>?
        if getifaddrs(&first) == 0 {
            defer { freeifaddrs(first) }
            var next = first
            while let interface = next {
                if let address = interface.pointee.ifa_addr,
                    let text = LocalMachine.text(address)
                {
                    addresses.insert(text)
                }
                next = interface.pointee.ifa_next
            }
        }
        self.addresses = addresses
    }

    /// A machine with known addresses, for tests.
    public init(addresses: Set<String>) { self.addresses = addresses }

    /// Whether an address is on this machine; names are resolved.
    public func has(_ address: Address) -> Bool {
        if address.isLoopback || addresses.contains(address.host) { return true }
        return LocalMachine.resolve(address.host).contains { addresses.contains($0) }
    }

    private static func resolve(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var texts: [String] = []
        var next = first
        while let entry = next {
            if let address = entry.pointee.ai_addr, let text = text(address) { texts.append(text) }
            next = entry.pointee.ai_next
        }
        return texts
    }

    /// The numeric form of an IPv4 or IPv6 address; nil for other families.
    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let length: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = MemoryLayout<sockaddr_in>.size
        case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var host = [CChar](repeating: 0, count: 128)
        guard
            getnameinfo(
                address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { return nil }
        // The address of a link names its interface: fe80::1%eth0.
        let bytes = host.prefix { $0 != 0 && $0 != 0x25 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self)
    }
}
