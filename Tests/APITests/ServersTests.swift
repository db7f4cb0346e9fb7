import API
import Testing

@Suite struct `Names of servers` {
    @Test(arguments: [
        ("frontEndServer1", ServerID(.frontEnd, 1)), ("FrontEndServer", ServerID(.frontEnd, 1)),
        ("CATALOGSERVER2", ServerID(.catalog, 2)), ("orderserver", ServerID(.order, 1)),
        ("OrderServer999", ServerID(.order, 999)),
    ])
    func `A name is read whatever its case, and a missing number is 1`(
        _ name: String, _ id: ServerID
    ) {
        #expect(ServerID(parsing: name) == id)
    }

    @Test(arguments: [
        "", "server", "catalog", "catalogServer0", "catalogServer01", "catalogServer1000",
        "catalogServer-1", "catalogServer1a", "catalogServer١", " catalogServer1",
        "catalogServer99999999999999999999",
    ])
    func `Anything else is no server's name`(_ name: String) {
        #expect(ServerID(parsing: name) == nil)
    }

    @Test func `Servers are ordered by kind and number`() {
        let sorted = [
            ServerID(.order, 1), ServerID(.catalog, 10), ServerID(.catalog, 2),
            ServerID(.frontEnd, 3),
        ].sorted().map(\.name)
        #expect(sorted == ["frontEndServer3", "catalogServer2", "catalogServer10", "orderServer1"])
    }
}

@Suite struct Addresses {
    @Test(arguments: [
        ("127.0.0.1:8081", "127.0.0.1", 8081), ("[::1]:80", "::1", 80),
        ("Store-1.Example.org:65535", "store-1.example.org", 65535),
        ("localhost:1", "localhost", 1),
    ])
    func `Host and port are told apart`(_ text: String, _ host: String, _ port: Int) throws {
        let address = try Address(parsing: text)
        #expect(address == Address(host: host, port: port))
        #expect(address.description == text.lowercased())
    }

    @Test(arguments: [
        ("127.0.0.1", "port"), ("127.0.0.1:", "port"), ("127.0.0.1:0", "port"),
        ("127.0.0.1:65536", "port"), ("127.0.0.1:+80", "port"), ("127.0.0.1:8 0", "port"),
        (":8080", "host"), ("127.0.0.256:80", "IPv4"), ("1.2.3:80", "IPv4"), ("::1:80", "brackets"),
        ("[::1]", "port"), ("[::1", "bracket"), ("[nonsense]:80", "IPv6"), ("a b:80", "host name"),
        ("http://a:80", "brackets"), ("-a:80", "host name"), ("a..b:80", "host name"), ("", "port"),
    ])
    func `What is wrong with an address is said`(_ text: String, _ word: String) {
        let fault = #expect(throws: AddressFault.self) { try Address(parsing: text) }
        #expect(fault?.description.contains(word) == true)
    }

    @Test func `Addresses clash where one port is bound twice`() {
        let loopback = Address(host: "127.0.0.1", port: 80)
        #expect(loopback.clashes(with: Address(host: "localhost", port: 80)))
        #expect(loopback.clashes(with: Address(host: "0.0.0.0", port: 80)))
        #expect(!loopback.clashes(with: Address(host: "127.0.0.2", port: 80)))
        #expect(!loopback.clashes(with: Address(host: "0.0.0.0", port: 81)))
    }
}
