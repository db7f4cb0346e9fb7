/// The map of servers to addresses, and how they behave: what `config.json` says.
///
/// A value of this type is sound: everything that could be wrong with a file was found, all at
/// once, when it was read (`Configuration.load`).
public struct Configuration: Sendable, Equatable {
    /// One server and where it listens.
    public struct Server: Sendable, Hashable {
        /// Its name.
        public let id: ServerID
        /// The address of its own nginx server block.
        public let address: Address

        /// A server at an address.
        public init(_ id: ServerID, at address: Address) {
            self.id = id
            self.address = address
        }
    }

    /// All servers, by kind and number.
    public let servers: [Server]
    /// How they behave.
    public let settings: Settings
    /// The absolute path of the folder that relative paths are meant from: that of the file.
    public let folder: String

    /// A configuration that is known to be sound, as tests make it.
    public init(servers: [Server], settings: Settings = Settings(), folder: String) {
        self.servers = servers.sorted { $0.id < $1.id }
        self.settings = settings
        self.folder = folder
    }

    /// The server of that name.
    public subscript(id: ServerID) -> Server? { servers.first { $0.id == id } }

    /// The servers of a kind, in the order of their numbers.
    public func servers(of kind: ServerKind) -> [Server] { servers.filter { $0.id.kind == kind } }

    /// How the servers of a cluster behave. Every setting has a default.
    public struct Settings: Sendable, Equatable {
        /// Where clients find the store: nginx's public address.
        public var listen = Address(host: "127.0.0.1", port: 8080)
        /// Holds a folder with the database of each server; absolute or from the file's folder.
        public var dataDirectory = "data"
        /// Holds sockets, pid files, secrets.
        public var runDirectory = "run"
        /// Holds a log for each server.
        public var logDirectory = "log"
        /// The CSV file that an empty catalog is filled from.
        public var catalog = "catalog.csv"
        /// How long an entry of the cache lives.
        public var cacheTimeout: Duration = .seconds(100)
        /// How many entries the cache of a front end holds.
        public var cacheThreshold = 10_000
        /// What a book is restocked to.
        public var maximumStock = 50
        /// How often the catalog looks for books that are out of stock.
        public var restockInterval: Duration = .seconds(10)
        /// How often servers hear of each other.
        public var heartbeatInterval: Duration = .milliseconds(200)
        /// How long a lease holds, by the clock of its holder.
        public var leaseDuration: Duration = .milliseconds(800)
        /// What a request may take before the client is told that its outcome is unknown.
        public var requestTimeout: Duration = .seconds(8)
        /// Entries of the log that are kept for servers that were away.
        public var logRetention = 100_000
        /// Threads of a server for requests, those that stand by included.
        public var threads = 4

        /// The defaults.
        public init() {}
    }
}

/// One thing that is wrong with a configuration, and where it stands.
public struct ConfigurationFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key it is at, such as `settings.leaseDuration`; nil where it is the file as a whole.
    public let key: String?
    /// From 1, where it stands in the file.
    public let line: Int?
    /// What is wrong, with the value and with what is allowed.
    public let message: String

    /// A fault at a key, or of the file as a whole.
    public init(key: String? = nil, line: Int? = nil, message: String) {
        self.key = key
        self.line = line
        self.message = message
    }

    /// `settings.threads (line 8): …`
    public var description: String {
        let place = [key, line.map { key == nil ? "line \($0)" : "(line \($0))" }]
        let words = place.compactMap { $0 }.joined(separator: " ")
        return words.isEmpty ? message : "\(words): \(message)"
    }
}

/// Everything that is wrong with a configuration.
public struct ConfigurationError: PassingFault, Sendable, Equatable, CustomStringConvertible {
    /// The file as it was named.
    public let path: String
    /// At least one, in the order of the file.
    public let faults: [ConfigurationFault]
    /// Whether the file could not be read just now.
    public var isPassing = false

    /// One line for each fault, which begins with the file's name.
    public var description: String {
        faults.map { "\(path): \($0)" }.joined(separator: "\n")
    }
}
