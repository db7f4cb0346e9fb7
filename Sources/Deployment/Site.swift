public import API

/// The servers of a cluster that are on one machine, and whether clients are received there.
public struct Site: Sendable, Equatable {
    /// The whole cluster.
    public let configuration: Configuration
    /// The servers that are here.
    public let servers: [Configuration.Server]

    /// The servers whose address is on a machine, as `isLocal` says. Clients are received where
    /// `listen` and at least one front end are.
    public init(_ configuration: Configuration, isLocal: (Address) -> Bool) {
        self.configuration = configuration
        servers = configuration.servers.filter { isLocal($0.address) }
        let listen = configuration.settings.listen
        receivesClients =
            (listen.isWildcard || isLocal(listen))
            && servers.contains { $0.id.kind == .frontEnd }
    }

    /// Whether the public listener is here.
    public let receivesClients: Bool

    /// The front ends that are here.
    public var frontEnds: [Configuration.Server] { servers.filter { $0.id.kind == .frontEnd } }

    /// Every address on which nginx listens here, with the key that it has in the configuration.
    public var listeners: [(key: String, address: Address)] {
        (receivesClients ? [("settings.listen", configuration.settings.listen)] : [])
            + servers.map { ($0.id.name, $0.address) }
    }
}
