import Glibc

/// Where a server listens: a host and a TCP port, written `host:port` or `[::1]:port`.
public struct Address: Sendable, Hashable, CustomStringConvertible {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 1 to 65535.
    public let port: Int

    /// An address of parts that are known to be right.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; throws what is wrong with it, in words for a person.
    public init(parsing text: String) throws(AddressFault) {
        let host: Substring
        let port: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw AddressFault("has no closing bracket, write [::1]:8081")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.first == ":" else { throw AddressFault("has no port, write [\(host)]:8081") }
            port = rest.dropFirst()
            guard Address.isIPv6(host) else {
                throw AddressFault("\"\(host)\" is not an IPv6 address")
            }
        } else {
            guard let colon = text.lastIndex(of: ":") else {
                throw AddressFault("has no port, write host:port, such as 127.0.0.1:8081")
            }
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            if host.contains(":") {
                throw AddressFault("looks like IPv6, which goes in brackets: [::1]:8081")
            }
            try Address.check(host: host)
        }
        guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(port), (1...65535).contains(number)
        else { throw AddressFault("port \"\(port)\" is out of range, 1 to 65535 are allowed") }
        self.init(host: host.lowercased(), port: number)
    }

    /// `host:port`, with brackets around IPv6.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Where it is reached from this machine: the loopback address where it stands for any.
    public var reachable: Address {
        guard isWildcard else { return self }
        return Address(host: host == "::" ? "::1" : "127.0.0.1", port: port)
    }

    /// Whether the host stands for every address of the machine.
    public var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    /// Whether the host is this machine whatever the machine is called.
    public var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// Whether two servers cannot listen on both on one machine.
    public func clashes(with other: Address) -> Bool {
        guard port == other.port else { return false }
        return isWildcard || other.isWildcard || canonicalHost == other.canonicalHost
    }

    private var canonicalHost: String { host == "localhost" ? "127.0.0.1" : host }

    private static func isIPv6(_ host: Substring) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(host), &address) == 1
    }

    private static func check(host: Substring) throws(AddressFault) {
        guard !host.isEmpty else {
            throw AddressFault("has no host, write host:port, such as 127.0.0.1:8081")
        }
        if host.utf8.allSatisfy({ $0 == 0x2e || (0x30...0x39).contains($0) }) {
            var address = in_addr()
            guard inet_pton(AF_INET, String(host), &address) == 1 else {
                throw AddressFault("\"\(host)\" is not an IPv4 address")
            }
            return
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            host.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-")
                    && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { byte in
                        byte == 0x2d || byte == 0x5f || byte.isASCIILetterOrDigit
                    }
            }
        guard isName else { throw AddressFault("\"\(host)\" is not a host name") }
    }
}

/// What is wrong with an address, as the end of a sentence that began with the address.
public struct AddressFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The end of the sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension UInt8 {
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }

    var isASCIILetterOrDigit: Bool {
        isASCIIDigit || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}
