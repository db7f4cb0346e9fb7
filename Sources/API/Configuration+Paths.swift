extension Configuration {
    /// The absolute form of a path that is meant from the file's folder.
    public func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return folder == "/" ? "/\(path)" : "\(folder)/\(path)"
    }

    /// The folder of a server's database.
    public func dataDirectory(of id: ServerID) -> String {
        absolute("\(settings.dataDirectory)/\(id.name)")
    }

    /// The folder of sockets, pid files and secrets.
    public var runDirectory: String { absolute(settings.runDirectory) }

    /// The folder of logs.
    public var logDirectory: String { absolute(settings.logDirectory) }

    /// The CSV file that an empty catalog is filled from.
    public var catalogFile: String { absolute(settings.catalog) }

    /// The socket on which a server takes requests from nginx, as nginx is told it: from the
    /// configuration's folder where the setting is relative. A socket's path has 107 bytes at
    /// most, and folders can be deep: servers and nginx work in the configuration's folder.
    public func socketPath(of id: ServerID) -> String { "\(settings.runDirectory)/\(id.name).sock" }

    /// The absolute path of a server's socket.
    public func absoluteSocketPath(of id: ServerID) -> String { absolute(socketPath(of: id)) }

    /// The file with a server's process number.
    public func pidFile(of id: ServerID) -> String { "\(runDirectory)/\(id.name).pid" }

    /// The file that a server's standard error goes to.
    public func logFile(of id: ServerID) -> String { "\(logDirectory)/\(id.name).log" }

    /// The file with the secret that servers show each other.
    public var clusterSecretFile: String { "\(runDirectory)/cluster.secret" }

    /// The file with the token that an administrator shows.
    public var adminTokenFile: String { "\(runDirectory)/admin.token" }
}
