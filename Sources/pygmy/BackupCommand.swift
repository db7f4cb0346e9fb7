import API
import ArgumentParser
import Bookstore
import Console
import Durability
import Glibc
import HTTPClient

/// `pygmy backup`: a consistent copy of a store's data, taken while it runs.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the data of a running store into a new folder.",
        discussion: """
            The folder gets catalog.db, orders.db and manifest.json, complete and checked, or it \
            is not made. The orders are copied first: every order in a backup has its sale in it, \
            and a sale whose order came too late gets it when the backup is restored with \
            `pygmy restore`. The store goes on meanwhile.
            """)

    @OptionGroup var file: ConfigurationOption

    @Argument(help: "The folder to be made.")
    var folder: String

    /// How often the catalog is copied anew where the server that was asked lagged behind.
    private static let attempts = 10

    func run() throws {
        let configuration = try file.load()
        do throws(BackupFault) {
            try run(configuration)
        } catch {
            Standard.error("pygmy: \(error)")
            throw error.exitCode
        }
    }

    private func run(_ configuration: Configuration) throws(BackupFault) {
        guard !Files.exists(folder) || Files.isEmptyDirectory(folder) else {
            throw BackupFault(
                "\(folder) is not empty: name a folder that is to be made", .validationFailure)
        }
        let secret: Secret
        do throws(CredentialsFault) {
            secret = try Credentials.load(configuration, makesFiles: false).clusterSecret
        } catch {
            throw BackupFault("\(error)", .configuration)
        }
        var target = folder
        while target.count > 1, target.last == "/" { target.removeLast() }
        let unfinished = BackupFolder(path: target + ".unfinished")
        let lock = try prepare(unfinished.path)
        defer { close(lock) }
        do throws(BackupFault) {
            let manifest = try fill(unfinished, configuration, secret)
            try finish(unfinished.path, as: target)
            Standard.output(
                """
                \(folder): \(manifest.catalog.count) sales at entry \(manifest.catalog.index) of \
                the catalog (\(manifest.catalog.server)), \(manifest.orders.count) orders at entry \
                \(manifest.orders.index) (\(manifest.orders.server)); all of it adds up.
                """)
        } catch {
            try? Files.removeTree(unfinished.path)
            throw error
        }
    }

    private func fill(
        _ folder: BackupFolder, _ configuration: Configuration, _ secret: Secret
    ) throws(BackupFault) -> BackupManifest {
        let fetch = SnapshotFetch(secret: secret, client: HTTPClient())
        let orders = try copy(.order, configuration, fetch, to: folder.orders, "orders")
        var attempt = 1
        while true {
            let catalog = try copy(.catalog, configuration, fetch, to: folder.catalog, "catalog")
            do throws(BackupFault) {
                let audit = try folder.audit()
                return try write(
                    BackupManifest(
                        time: Int64(time(nil)) * 1000, version: API.version,
                        catalog: part(
                            catalog, try BackupFolder.digest(of: folder.catalog),
                            audit.catalog.sales),
                        orders: part(
                            orders, try BackupFolder.digest(of: folder.orders),
                            audit.orders.orders)), to: folder)
            } catch {
                // A replica may lag behind what the primary has answered, for a moment.
                guard attempt < Self.attempts else { throw error }
                attempt += 1
                usleep(200_000)
            }
        }
    }

    private func write(
        _ manifest: BackupManifest, to folder: BackupFolder
    ) throws(BackupFault) -> BackupManifest {
        do throws(StorageError) {
            try Files.replace("\(folder.path)/\(BackupManifest.fileName)", with: manifest.bytes)
        } catch {
            throw BackupFault(error)
        }
        return manifest
    }

    /// From the last server of the kind as a rule, which is a backup more often than the first.
    private func copy(
        _ kind: ServerKind, _ configuration: Configuration, _ fetch: SnapshotFetch,
        to path: String, _ title: String
    ) throws(BackupFault) -> SnapshotFetch.Copy {
        var progress = Progress("copying the \(title)", .bytes)
        defer { progress.finish() }
        return try fetch.fetch(
            from: configuration.servers(of: kind).reversed(), to: path, progress: &progress)
    }

    private func part(
        _ copy: SnapshotFetch.Copy, _ digest: String, _ count: Int64
    ) -> BackupManifest.Part {
        .init(
            server: copy.server.name, index: copy.index, bytes: copy.bytes, digest: digest,
            count: count)
    }

    /// Makes the folder, or empties the one of a backup that broke off.
    /// - Returns: a descriptor that holds the folder's lock, which goes with the process.
    private func prepare(_ path: String) throws(BackupFault) -> Int32 {
        do throws(StorageError) {
            try Files.makeDirectory(path)
        } catch {
            throw BackupFault(error)
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("\(path) cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw BackupFault("another backup is being made in \(path)", .unavailable)
        }
        do throws(StorageError) {
            try Files.removeFiles(in: path)
        } catch {
            close(descriptor)
            throw BackupFault(error)
        }
        return descriptor
    }

    private func finish(_ path: String, as target: String) throws(BackupFault) {
        do throws(StorageError) {
            try Files.syncDirectory(path)
            try Files.rename(path, to: target)
        } catch {
            throw BackupFault(error)
        }
    }
}
