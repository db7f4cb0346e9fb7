internal import API
internal import Bookstore
internal import Durability
internal import Glibc
internal import Logging
internal import MonotonicTime
internal import ServerRuntime
internal import Storage

/// Fills an empty catalog from a CSV file.
enum CatalogImport {
    /// A digest of the file that names the catalog; nil where there is no such file, as may be once
    /// it was imported.
    static func fingerprint(of path: String) throws(StartFailure) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StartFailure(
                "\(path): cannot be read: \(String(cString: strerror(errno)))",
                exitStatus: ExitStatus.configuration)
        }
        defer { close(descriptor) }
        // FNV-1a, 64 bits: it tells files apart that people mix up, and need not resist anybody.
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw StartFailure(
                    "\(path): cannot be read: \(String(cString: strerror(errno)))",
                    exitStatus: ExitStatus.configuration)
            }
            if count == 0 { return String(digest, radix: 16) }
            for byte in buffer[..<count] {
                digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
        }
    }

    /// Imports the file unless that was done before: all of its books, or none and every fault.
    /// - Throws: `foreign` where another file was imported before.
    static func run(
        into store: CatalogStore, from path: String, _ directory: DataDirectory, _ logger: Logger
    ) throws {
        let fingerprint = try fingerprint(of: path)
        if try store.isImported {
            guard let fingerprint else { return }
            try directory.check(catalog: fingerprint)
            // A crash may have come between the import and the note of it.
            if directory.catalog.isEmpty { try directory.dedicate(to: fingerprint) }
            return
        }
        let start = BootClock.now()
        do {
            let imported = try importBooks(into: store, from: path)
            try directory.dedicate(to: fingerprint ?? "")
            let seconds = (BootClock.now() - start).seconds
            logger.notice("imported \(imported) books from \(path) in \(seconds) s")
        } catch let faults as CSVFaults {
            throw StartFailure(
                faults.lines(path: path).joined(separator: "\n"),
                exitStatus: ExitStatus.configuration)
        } catch let fault as FileFault {
            throw StartFailure(
                "\(path): \(fault): an empty catalog is filled from this file",
                exitStatus: ExitStatus.configuration)
        }
    }

    private static func importBooks(into store: CatalogStore, from path: String) throws -> Int {
        try store.importBooks { keep in
            try CatalogCSV.read(path: path) { row in
                try keep(
                    Book(
                        itemNumber: row.itemNumber, title: row.fields.title,
                        topic: row.fields.topic, cost: Cents(row.fields.cents),
                        stock: row.fields.stock))
            }
        } ?? 0
    }
}
