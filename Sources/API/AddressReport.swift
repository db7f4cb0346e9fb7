/// Where servers listen, as heartbeats between servers tell it: so one whose configuration was
/// written before a server became a voter learns where that one is.
///
/// It travels in the query of `PUT /heartbeat`, an `at` for each server
/// (`?at=catalogServer3=10.0.0.3:8083&at=…`).
public struct AddressReport: Sendable {
    /// Servers' names and the addresses of their listeners, by name.
    public let addresses: [(name: String, address: Address)]

    /// Makes a report.
    public init(_ addresses: [(name: String, address: Address)]) {
        self.addresses = addresses.sorted { $0.name < $1.name }
    }

    /// Reads the query of a heartbeat; what cannot be read is left out.
    public init(query: [(name: String, value: String)]) {
        self.init(
            query.compactMap { name, value in
                guard name == "at", let split = value.firstIndex(of: "="),
                    let id = ServerID(parsing: String(value[..<split])),
                    let address = try? Address(parsing: String(value[split...].dropFirst()))
                else { return nil }
                return (id.name, address)
            })
    }

    /// The query of a heartbeat, without the question mark.
    public var query: String {
        addresses.map { name, address in "at=\(PercentEncoding.encode("\(name)=\(address)"))" }
            .joined(separator: "&")
    }
}
