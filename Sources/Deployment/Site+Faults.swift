public import API

extension Site {
    /// Why this machine has nothing to run; nil where it has.
    public var absence: ConfigurationFault? {
        guard servers.isEmpty else { return nil }
        let addresses = configuration.servers.map { "\($0.address)" }.joined(separator: ", ")
        return ConfigurationFault(
            key: "config.json", message: "none of the addresses (\(addresses)) is on this machine")
    }

    /// What keeps any machine from running its part, though the configuration is sound: a path is
    /// none that nginx or a socket can have.
    public var faults: [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        let settings = configuration.settings
        let paths = [
            ("settings.runDirectory", settings.runDirectory),
            ("settings.logDirectory", settings.logDirectory),
        ]
        for (key, path) in paths where path.contains("$") {
            faults.append(
                ConfigurationFault(
                    key: key, message: "\"\(path)\" has a dollar sign, which nginx cannot write"))
        }
        for server in configuration.servers {
            let path = configuration.socketPath(of: server.id)
            guard path.utf8.count > Site.socketPathLimit else { continue }
            faults.append(
                ConfigurationFault(
                    key: "settings.runDirectory",
                    message: "\"\(settings.runDirectory)\" is too long: a socket's path has at "
                        + "most \(Site.socketPathLimit) bytes, and \(path) has "
                        + "\(path.utf8.count)"))
            break
        }
        return faults
    }

    /// What `sockaddr_un` holds, less the zero at its end.
    static let socketPathLimit = 107
}
