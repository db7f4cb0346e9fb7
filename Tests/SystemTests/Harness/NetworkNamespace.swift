internal import ChildProcess
internal import Foundation
internal import Glibc

/// A network of its own inside this machine (see network_namespaces(7)), made by `ip netns add`.
final class NetworkNamespace: Sendable {
    let name: String

    init(name: String) throws {
        self.name = name
        try Self.run(["netns", "add", name])
    }

    /// Runs `ip` on it.
    func ip(_ arguments: String...) throws {
        try Self.run(["-n", name] + arguments)
    }

    /// The words before a command that runs it inside.
    var entering: [String] { [Self.program, "netns", "exec", name] }

    /// Runs a program inside to its end, which must be a good one.
    @discardableResult
    func run(_ words: String..., input: String? = nil) throws -> CommandResult {
        let words = entering + words
        let result = try Command.run(words[0], Array(words.dropFirst()), input: input)
        guard result.status == .exited(0) else {
            throw HarnessError("\(words.joined(separator: " ")): \(result.errors)")
        }
        return result
    }

    /// Does something while the calling thread is inside: sockets stay where they were made.
    func inside<Result>(_ body: () -> Result) throws -> Result {
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let away = open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        defer {
            close(home)
            close(away)
        }
        guard home >= 0, away >= 0, Self.setns(away, Self.network) == 0 else {
            throw HarnessError("cannot enter network \(name): \(String(cString: strerror(errno)))")
        }
        defer {
            // A thread that stayed there would do the wrong thing from here on.
            precondition(Self.setns(home, Self.network) == 0, "cannot leave network \(name)")
        }
        return body()
    }

    /// Removes it; what is still in it keeps it alive.
    func remove() {
        try? Self.run(["netns", "delete", name])
    }

    /// CLONE_NEWNET, which Glibc's headers show to GNU sources only.
    private static let network: Int32 = 0x4000_0000
    private static let program: String =
        ["/usr/sbin/ip", "/sbin/ip"].first { (path: String) in access(path, X_OK) == 0 }
        ?? "/usr/bin/ip"

    /// setns(2), which Glibc's headers show to GNU sources only too.
    private static let setns: @convention(c) (Int32, Int32) -> Int32 = {
        guard let symbol = dlsym(nil, "setns") else { preconditionFailure("no setns in Glibc") }
        // That is its type in sched.h.
        return unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
    }()

    fileprivate static func run(_ arguments: [String]) throws {
        let result = try Command.run(program, arguments)
        guard result.status == .exited(0) else {
            throw HarnessError("ip \(arguments.joined(separator: " ")): \(result.errors)")
        }
    }
}

/// Hosts that reach each other through a router, which can be told to lose what one sends to
/// another.
///
/// Each host is a network namespace of its own, with the address `10.77.N.2`; the router is one
/// too, and clients are in it. Nothing of it can be seen or reached from the machine's own network.
final class HostNetwork: Sendable {
    /// What is lost on the way.
    enum Loss: String, CaseIterable, Sendable {
        /// Every packet: the sender is not heard, whatever it says.
        case packets
        /// Only what asks: requests are lost, answers are not. The receiver can still ask the
        /// sender.
        case requests
    }

    let router: NetworkNamespace
    let hosts: [NetworkNamespace]
    /// The port on which every server listens.
    let serverPort: Int

    /// Makes a network of so many hosts.
    init(hosts count: Int, serverPort: Int) throws {
        let stem = Self.prefix + "\(getpid())-\(Ports.take())"
        self.serverPort = serverPort
        let router = try NetworkNamespace(name: stem)
        var made = [router]
        var isComplete = false
        defer { if !isComplete { for namespace in made { namespace.remove() } } }
        try router.ip("link", "set", "lo", "up")
        for number in 1...count {
            let host = try NetworkNamespace(name: "\(stem)-\(number)")
            made.append(host)
            try router.ip(
                "link", "add", "host\(number)", "type", "veth", "peer", "name", "eth0", "netns",
                host.name)
            try router.ip("address", "add", "10.77.\(number).1/24", "dev", "host\(number)")
            try router.ip("link", "set", "host\(number)", "up")
            try host.ip("address", "add", "\(Self.address(of: number))/24", "dev", "eth0")
            try host.ip("link", "set", "lo", "up")
            try host.ip("link", "set", "eth0", "up")
            try host.ip("route", "add", "default", "via", "10.77.\(number).1")
        }
        self.router = router
        hosts = Array(made.dropFirst())
        try router.run("/bin/sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        try nft(
            """
            table ip cuts {
                set packets { type ipv4_addr . ipv4_addr; }
                set requests { type ipv4_addr . ipv4_addr; }
                chain forward {
                    type filter hook forward priority 0;
                    ip saddr . ip daddr @packets drop
                    tcp dport \(serverPort) ip saddr . ip daddr @requests drop
                }
            }
            """)
        isComplete = true
    }

    /// The address of a host, counted from 1.
    static func address(of host: Int) -> String { "10.77.\(host).2" }

    /// Loses what one host sends to another from now on.
    func cut(_ loss: Loss, from sender: Int, to receivers: [Int]) throws {
        let pairs = receivers.map { "\(Self.address(of: sender)) . \(Self.address(of: $0))" }
        try nft("add element ip cuts \(loss.rawValue) { \(pairs.joined(separator: ", ")) }")
    }

    /// Loses nothing any more.
    func heal() throws {
        try nft("flush set ip cuts packets\nflush set ip cuts requests")
    }

    func remove() {
        for host in hosts + [router] { host.remove() }
    }

    private func nft(_ rules: String) throws {
        try router.run("nft", "-f", "-", input: rules + "\n")
    }

    private static let prefix = "pygmy-test-"

    /// Why this machine does not let us make one; nil where it does. What an earlier run that was
    /// killed left behind is removed.
    private static let obstacle: String? = {
        guard geteuid() == 0 else { return "only root makes network namespaces" }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for name in names where name.hasPrefix(prefix) {
            let owner = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }) ?? 0
            if kill(owner, 0) != 0 { try? NetworkNamespace.run(["netns", "delete", name]) }
        }
        do {
            try HostNetwork(hosts: 2, serverPort: 1).remove()
            return nil
        } catch {
            return "\(error)"
        }
    }()

    /// Whether this machine lets us make one; where it does not, the reason is printed, once.
    static let isPossible: Bool = {
        guard let obstacle else { return true }
        print("Tests that cut the network between hosts are skipped: \(obstacle)")
        return false
    }()
}
