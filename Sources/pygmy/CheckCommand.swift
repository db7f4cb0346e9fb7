import API
import ArgumentParser
import Console
import Deployment

/// `pygmy check`: is the configuration sound?
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says everything that is wrong with the configuration, with the key it is at.",
        discussion: """
            On a machine with a server, the folders for data, sockets and logs are looked at too: \
            whether they are there, or could be made, and could be written in, by whoever runs the \
            command; folders that belong to another user are left to that one. With a catalog \
            server, the CSV file that an empty catalog is filled from is read. The exit status is \
            78 where anything is wrong.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        let draft = try file.draft()
        let machine = LocalMachine()
        let site = Site(draft.configuration, isLocal: machine.has)
        let faults =
            (draft.faults + site.faults + folderFaults(site, draft)).map { "\(file.config): \($0)" }
            + catalogFaults(site, draft)
        guard faults.isEmpty else {
            for fault in faults { Standard.error(fault) }
            throw ExitCode.configuration
        }
        let here = site.servers.map(\.id.name).joined(separator: ", ")
        Standard.output(
            "\(file.config) is sound: \(site.configuration.servers.count) servers, on this machine "
                + (here.isEmpty ? "none" : here))
    }

    /// Folders that the servers of this machine could not make or write in.
    private func folderFaults(
        _ site: Site, _ draft: ConfigurationDraft
    ) -> [ConfigurationFault] {
        guard !site.servers.isEmpty else { return [] }
        let configuration = site.configuration
        let settings = configuration.settings
        let folders =
            [
                ("settings.dataDirectory", settings.dataDirectory),
                ("settings.runDirectory", settings.runDirectory),
                ("settings.logDirectory", settings.logDirectory),
            ]
            // What one server has made already may belong to somebody else.
            + site.servers.filter { $0.id.kind != .frontEnd }.map { server in
                ("settings.dataDirectory", configuration.dataDirectory(of: server.id))
            }.filter { Filesystem.exists($0.1) }
        // Whether the user that the servers run as may write in its own folders, no other can say.
        return folders.filter { !Filesystem.belongsToAnother($0.1) }.compactMap { key, path in
            guard draft.isSound(at: key),
                let obstacle = Filesystem.obstacle(toFolder: configuration.absolute(path))
            else { return nil }
            return ConfigurationFault(key: key, message: "\"\(path)\" \(obstacle)")
        }
    }

    /// A catalog that was filled once never looks at the file again. Where an address is faulty,
    /// the catalog server at it may be here.
    private func catalogFaults(_ site: Site, _ draft: ConfigurationDraft) -> [String] {
        let configuration = site.configuration
        let isNeeded =
            site.servers.contains { server in
                server.id.kind == .catalog
                    && !Filesystem.exists(configuration.dataDirectory(of: server.id))
            }
            || draft.faults.contains { fault in
                fault.key.flatMap(ServerID.init(parsing:))?.kind == .catalog
            }
        guard isNeeded, draft.isSound(at: "settings.catalog") else { return [] }
        let path = configuration.catalogFile
        do {
            try CatalogCSV.read(path: path) { _ in }
            return []
        } catch let faults as CSVFaults {
            return faults.lines(path: path)
        } catch {
            return ["\(file.config): settings.catalog: \(path) cannot be read: \(error)"]
        }
    }
}
