import API
import ArgumentParser
import Bookstore
import Console
import Durability
import Storage

/// What a backup says of itself: `manifest.json` beside `catalog.db` and `orders.db`.
struct BackupManifest: Equatable {
    /// What it says of one group's copy.
    struct Part: Equatable {
        /// The server that it was taken from.
        var server: String
        /// The last log entry that is in it.
        var index: UInt64
        /// Its length.
        var bytes: Int
        /// A digest of all of its bytes.
        var digest: String
        /// Sales or orders in it.
        var count: Int64
    }

    /// When it was complete, in milliseconds since 1970.
    var time: Int64
    /// The release that took it.
    var version: String
    /// Books, sales and keys.
    var catalog: Part
    /// Orders.
    var orders: Part

    static let fileName = "manifest.json"
    static let catalogFile = "catalog.db"
    static let ordersFile = "orders.db"
    private static let format = 1

    /// The manifest as it is written.
    var bytes: [UInt8] {
        var text = JSONText(reservingCapacity: 512)
        text.object { document in
            document.member("format", Self.format)
            document.member("version", version)
            document.member("timeMilliseconds", time)
            for (name, part) in [("catalog", catalog), ("orders", orders)] {
                document.object(name) { object in
                    object.member("server", part.server)
                    object.member("index", part.index)
                    object.member("bytes", part.bytes)
                    object.member("digest", part.digest)
                    object.member("count", part.count)
                }
            }
        }
        return JSONText.indented(text.bytes)
    }

    init(time: Int64, version: String, catalog: Part, orders: Part) {
        self.time = time
        self.version = version
        self.catalog = catalog
        self.orders = orders
    }

    /// Reads a manifest.
    init(parsing bytes: [UInt8]) throws(BackupFault) {
        guard let document = try? JSON(parsing: bytes) else {
            throw BackupFault(
                "\(Self.fileName) is not JSON: it is damaged, or no backup", .damagedFiles)
        }
        guard document["format"]?.integer == Int64(Self.format) else {
            throw BackupFault(
                "\(Self.fileName) has another format than this release of pygmy knows",
                .damagedFiles)
        }
        guard let version = document["version"]?.string,
            let time = document["timeMilliseconds"]?.integer,
            let catalog = Self.part(document["catalog"]), let orders = Self.part(document["orders"])
        else { throw BackupFault("\(Self.fileName) is incomplete", .damagedFiles) }
        self.init(time: time, version: version, catalog: catalog, orders: orders)
    }

    private static func part(_ document: JSON?) -> Part? {
        guard let document, let server = document["server"]?.string,
            let index = document["index"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let bytes = document["bytes"]?.integer.flatMap({ Int(exactly: $0) }),
            let digest = document["digest"]?.string, let count = document["count"]?.integer
        else { return nil }
        return Part(server: server, index: index, bytes: bytes, digest: digest, count: count)
    }
}

/// Why there is no backup, or none that can be restored.
struct BackupFault: Error, CustomStringConvertible {
    let description: String
    /// What the command ends with.
    let exitCode: ExitCode

    init(_ description: String, _ exitCode: ExitCode) {
        self.description = description
        self.exitCode = exitCode
    }

    init(_ error: StorageError) {
        description = "\(error)"
        exitCode =
            switch error {
            case .damaged, .later: .damagedFiles
            default: .inputOutput
            }
    }
}

/// A folder with a backup in it.
struct BackupFolder {
    let path: String

    var catalog: String { "\(path)/\(BackupManifest.catalogFile)" }
    var orders: String { "\(path)/\(BackupManifest.ordersFile)" }

    /// Reads both copies and checks that each adds up, and that there is no order without its sale.
    func audit() throws(BackupFault) -> (catalog: CatalogAudit, orders: OrderAudit) {
        let books: CatalogAudit
        let orders: OrderAudit
        do throws(StorageError) {
            books = try Backup.auditCatalog(catalog).audit
            orders = try Backup.auditOrders(self.orders).audit
        } catch {
            throw BackupFault(error)
        }
        var faults = books.faults + orders.faults
        if orders.lastSaleNumber > books.counters.highestSaleNumber {
            faults.append("there are orders of sales that are not in it")
        }
        guard faults.isEmpty else {
            throw BackupFault(
                "\(path) does not add up: \(faults.joined(separator: "; "))", .damagedFiles)
        }
        return (books, orders)
    }

    /// Reads the manifest, and checks that both copies are the bytes that were written.
    func verified() throws(BackupFault) -> BackupManifest {
        let manifest = try BackupManifest(parsing: manifestBytes())
        for (file, part) in [(catalog, manifest.catalog), (orders, manifest.orders)] {
            guard try BackupFolder.digest(of: file) == part.digest else {
                throw BackupFault(
                    "\(file) is damaged: it is not what was written", .damagedFiles)
            }
        }
        _ = try audit()
        return manifest
    }

    private func manifestBytes() throws(BackupFault) -> [UInt8] {
        do throws(StorageError) {
            return try Files.read("\(path)/\(BackupManifest.fileName)", atMost: 1 << 20)
        } catch {
            throw BackupFault("\(path) is no backup: \(error)", .damagedFiles)
        }
    }

    /// A digest of a file, which need not resist anybody.
    static func digest(of path: String) throws(BackupFault) -> String {
        var digest = Digest()
        do throws(StorageError) {
            try Files.forEachChunk(of: path) { digest.combine($0) }
        } catch {
            throw BackupFault(error)
        }
        return String(digest.value, radix: 16)
    }
}
