extension Configuration {
    /// Reads a file; relative paths in it are meant from its folder.
    public static func load(path: String) throws(ConfigurationError) -> Configuration {
        try draft(path: path).sound(path: path)
    }

    /// Reads a file as far as it can be understood, for whoever looks for further faults.
    /// - Throws: where it cannot be read at all.
    public static func draft(path: String) throws(ConfigurationError) -> ConfigurationDraft {
        let bytes: [UInt8]
        let folder: String
        do throws(FileFault) {
            bytes = try Files.read(path, limit: 1 << 20)
            folder = try Files.absoluteFolder(of: path)
        } catch {
            throw ConfigurationError(
                path: path, faults: [ConfigurationFault(message: "cannot be read: \(error)")],
                isPassing: error.isPassing)
        }
        return try draft(bytes, path: path, folder: folder)
    }

    /// Reads the text of a file and throws all of its faults at once.
    public static func parse(
        _ bytes: [UInt8], path: String = "config.json", folder: String
    ) throws(ConfigurationError) -> Configuration {
        try draft(bytes, path: path, folder: folder).sound(path: path)
    }

    private static func draft(
        _ bytes: [UInt8], path: String, folder: String
    ) throws(ConfigurationError) -> ConfigurationDraft {
        let document: JSON
        do throws(JSONFault) {
            document = try JSON(parsing: bytes)
        } catch {
            let fault = ConfigurationFault(message: "is not JSON: \(error)")
            throw ConfigurationError(path: path, faults: [fault])
        }
        var reader = ConfigurationReader(bytes: bytes)
        reader.read(document)
        return ConfigurationDraft(
            configuration: Configuration(
                servers: reader.servers, settings: reader.settings, folder: folder),
            faults: reader.faults.sorted { $0.line ?? 0 < $1.line ?? 0 })
    }
}

/// What a file says that may be faulty, and what is wrong with it.
public struct ConfigurationDraft: Sendable {
    /// The servers that could be read; a setting that could not has its default. It is sound only
    /// where there are no faults.
    public let configuration: Configuration
    /// In the order of the file.
    public let faults: [ConfigurationFault]

    /// Whether nothing is wrong with the value at a key, such as `settings.catalog`.
    public func isSound(at key: String) -> Bool {
        !faults.contains { $0.key?.lowercased() == key.lowercased() }
    }

    fileprivate func sound(path: String) throws(ConfigurationError) -> Configuration {
        guard faults.isEmpty else { throw ConfigurationError(path: path, faults: faults) }
        return configuration
    }
}

/// Goes through the whole document and collects what is wrong with it.
struct ConfigurationReader {
    let bytes: [UInt8]
    var servers: [Configuration.Server] = []
    var settings = Configuration.Settings()
    var faults: [ConfigurationFault] = []
    private var listenOffset: Int?

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func report(_ key: String?, at offset: Int?, _ message: String) {
        let line = offset.map { TextPosition.of($0, in: bytes).line }
        faults.append(ConfigurationFault(key: key, line: line, message: message))
    }

    mutating func read(_ document: JSON) {
        guard let members = document.members else {
            report(nil, at: document.offset, "the document must be an object, {…}")
            return
        }
        var offsets: [ServerID: Int] = [:]
        var settingsOffset: Int?
        for member in members {
            if member.name.lowercased() == "settings" {
                if settingsOffset != nil {
                    report("settings", at: member.offset, "stands here a second time")
                }
                settingsOffset = member.offset
                read(settings: member.value)
            } else if let id = ServerID(parsing: member.name) {
                if offsets[id] != nil {
                    report(
                        member.name, at: member.offset,
                        "\(id) stands here a second time (case does not matter, and a missing "
                            + "number means 1)")
                    continue
                }
                offsets[id] = member.offset
                read(server: id, member)
            } else {
                reportUnknown(member)
            }
        }
        checkCounts(offsets)
        checkClashes(offsets)
        checkTimes()
    }

    private mutating func reportUnknown(_ member: JSON.Member) {
        if SettingKey.named(member.name) != nil {
            report(
                member.name, at: member.offset,
                "is a setting, it belongs inside \"settings\": {…}")
            return
        }
        let digits =
            Int(String(member.name.reversed().prefix { $0.isNumber }.reversed()))
            .map(String.init) ?? ""
        // The name itself where the number alone is wrong.
        let names = ServerKind.allCases.map(\.rawValue).flatMap { [$0, $0 + digits] }
            .filter { $0 != member.name }
        let nearest = Spelling.nearest(to: member.name, among: names + ["settings"])
        report(
            member.name, at: member.offset,
            "is no server and no setting; did you mean \"\(nearest)\"? Names are "
                + "frontEndServer, catalogServer and orderServer with a number from 1 to "
                + "\(ServerID.maximumNumber)")
    }

    private mutating func read(server id: ServerID, _ member: JSON.Member) {
        guard let text = member.value.string else {
            report(
                member.name, at: member.value.offset,
                "must be an address in quotes, such as \"127.0.0.1:8081\"")
            return
        }
        do throws(AddressFault) {
            let address = try Address(parsing: text)
            guard !address.isWildcard else {
                report(
                    member.name, at: member.value.offset,
                    "\"\(text)\" stands for any address, but the other servers need one that "
                        + "they can reach")
                return
            }
            servers.append(Configuration.Server(id, at: address))
        } catch {
            report(member.name, at: member.value.offset, "\"\(text)\" \(error)")
        }
    }

    private mutating func read(settings document: JSON) {
        guard let members = document.members else {
            report("settings", at: document.offset, "must be an object, {…}")
            return
        }
        var seen: [SettingKey] = []
        for member in members {
            let key = "settings.\(member.name)"
            guard let setting = SettingKey.named(member.name) else {
                let nearest = Spelling.nearest(
                    to: member.name, among: SettingKey.allCases.map(\.rawValue))
                report(
                    key, at: member.offset,
                    "there is no such setting; did you mean \"\(nearest)\"?")
                continue
            }
            guard !seen.contains(setting) else {
                report(key, at: member.offset, "stands here a second time")
                continue
            }
            seen.append(setting)
            if setting == .listen { listenOffset = member.value.offset }
            do throws(SettingFault) {
                try setting.read(member.value, into: &settings)
            } catch {
                report(key, at: member.value.offset, error.message)
            }
        }
    }

    private mutating func checkCounts(_ offsets: [ServerID: Int]) {
        for kind in ServerKind.allCases {
            let count = offsets.keys.filter { $0.kind == kind }.count
            guard !(1...5).contains(count) else { continue }
            report(
                kind.rawValue, at: nil,
                count == 0
                    ? "there is none; one to five are needed, such as \"\(kind.rawValue)1\": "
                        + "\"127.0.0.1:8081\""
                    : "there are \(count); one to five are allowed")
        }
    }

    private mutating func checkClashes(_ offsets: [ServerID: Int]) {
        for (index, server) in servers.enumerated() {
            let earlier = servers[..<index].first { $0.address.clashes(with: server.address) }
            if let other = earlier {
                report(
                    server.id.name, at: offsets[server.id],
                    "\(server.address) is the address of \(other.id) already")
            }
            if server.address.clashes(with: settings.listen) {
                report(
                    "settings.listen", at: listenOffset ?? offsets[server.id],
                    "\(settings.listen)\(listenOffset == nil ? " (the default)" : "") is the "
                        + "address of \(server.id) already")
            }
        }
    }

    /// A time that could not be read is compared with none.
    private mutating func checkTimes() {
        let faulty = Set(faults.compactMap { $0.key?.lowercased() })
        func areRead(_ keys: SettingKey...) -> Bool {
            faulty.isDisjoint(with: keys.map { "settings.\($0.rawValue)".lowercased() })
        }
        let lease = settings.leaseDuration
        let heartbeat = settings.heartbeatInterval
        if areRead(.leaseDuration, .heartbeatInterval), lease <= heartbeat * 2 {
            report(
                "settings.leaseDuration", at: nil,
                "\(seconds(lease)) is too short, it must be more than twice heartbeatInterval "
                    + "(\(seconds(heartbeat)))")
        }
        if areRead(.leaseDuration, .requestTimeout), settings.requestTimeout <= lease * 2 {
            report(
                "settings.requestTimeout", at: nil,
                "\(seconds(settings.requestTimeout)) is too short, it must be more than twice "
                    + "leaseDuration (\(seconds(lease))), or no request outlives a failure")
        }
    }
}
