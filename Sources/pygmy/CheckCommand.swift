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
            On a machine with a catalog server the CSV file that an empty catalog is filled from \
            is read too. The exit status is 78 where anything is wrong.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        let configuration = try file.load()
        let machine = LocalMachine()
        let site = Site(configuration, isLocal: machine.has)
        let faults = site.faults.map { "\(file.config): \($0)" } + catalogFaults(site)
        guard faults.isEmpty else {
            for fault in faults { Standard.error(fault) }
            throw ExitCode.configuration
        }
        let here = site.servers.map(\.id.name).joined(separator: ", ")
        Standard.output(
            "\(file.config) is sound: \(configuration.servers.count) servers, on this machine "
                + (here.isEmpty ? "none" : here))
    }

    /// A catalog that was filled once never looks at the file again.
    private func catalogFaults(_ site: Site) -> [String] {
        let configuration = site.configuration
        let isNeeded = site.servers.contains { server in
            server.id.kind == .catalog
                && !Filesystem.exists(configuration.dataDirectory(of: server.id))
        }
        guard isNeeded else { return [] }
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
