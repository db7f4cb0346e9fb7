import API
import ArgumentParser
import Console
import Deployment
import Durability
import Storage

/// `pygmy restore`: data directories of a backup.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Makes the data directories of this machine's servers from a backup.",
        discussion: """
            For a store that is lost as a whole. Where any replica is left, restore nothing: start \
            the servers with empty data directories, and they fetch everything from it.

            All servers, front ends included, must be stopped and their data directories moved \
            away, on every machine; then run this on every machine with the same backup, and start \
            the servers. What was sold after the backup was taken is not in it.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(
        parsing: .upToNextOption,
        help: "Only these servers, such as: --only catalogServer1 orderServer1")
    var only: [String] = []

    @Argument(help: "A folder that `pygmy backup` made.")
    var folder: String

    func run() throws {
        let configuration = try file.load()
        let servers = try file.site(of: configuration).servers(named: only)
        do throws(BackupFault) {
            let backup = BackupFolder(path: folder)
            let manifest = try backup.verified()
            try checkEmpty(configuration, servers)
            for server in servers where server.id.kind != .frontEnd {
                try restore(server.id, from: backup, configuration)
            }
            Standard.output(
                """
                \(manifest.catalog.count) sales and \(manifest.orders.count) orders are there \
                again. Restore this backup on the other machines too, before any server starts.
                """)
        } catch {
            Standard.error("pygmy: \(error)")
            throw error.exitCode
        }
    }

    /// A vote that is left of the lost store would keep this one from beginning.
    private func checkEmpty(
        _ configuration: Configuration, _ servers: [Configuration.Server]
    ) throws(BackupFault) {
        for server in servers {
            let path = configuration.dataDirectory(of: server.id)
            guard !Files.exists(path) || Files.isEmptyDirectory(path) else {
                throw BackupFault(
                    """
                    \(path) is not empty: stop \(server.id) and move it away first; what is in it \
                    belongs to the store from before
                    """, .validationFailure)
            }
        }
    }

    private func restore(
        _ id: ServerID, from backup: BackupFolder, _ configuration: Configuration
    ) throws(BackupFault) {
        let path = configuration.dataDirectory(of: id)
        do throws(StorageError) {
            let base = try Backup.restore(
                id.kind == .catalog ? .catalog : .orders,
                from: id.kind == .catalog ? backup.catalog : backup.orders, to: path,
                for: id.name)
            Standard.output("\(id): \(path) begins behind entry \(base)")
        } catch {
            throw BackupFault(error)
        }
    }
}
