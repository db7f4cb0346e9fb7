internal import API
internal import Bookstore
internal import Console
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
    ///
    /// What was imported is never read again, so a file that was edited since changes nothing, and
    /// a line in the log says so. Another file than the one that was imported is a mistake.
    /// - Returns: the digest of the file that was imported, now or before.
    /// - Throws: `foreign` where another file was imported before.
    static func run(
        into store: CatalogStore, from path: String, named name: String,
        _ directory: DataDirectory, _ logger: Logger
    ) throws -> String {
        let fingerprint = try fingerprint(of: path)
        if try store.isImported {
            // A crash may have come between the import and the note of it.
            if directory.catalog.isEmpty, let fingerprint {
                try directory.dedicate(to: "\(fingerprint) \(name)")
            }
            let made = directory.catalog.split(separator: " ", maxSplits: 1).map(String.init)
            guard made.count == 2 else { return "" }
            if let fingerprint, fingerprint != made[0] {
                guard name == made[1] else {
                    throw StorageError.foreign(
                        directory: directory.path,
                        reason: "was made for the catalog \(made[1]), and \(name) is another one: "
                            + "name the one that it was made for, or give this one a new data "
                            + "directory")
                }
                logger.warning(
                    """
                    \(path) was changed since it was imported; it is read only into an empty data \
                    directory
                    """
                )
            }
            return made[0]
        }
        let start = BootClock.now()
        do {
            let imported = try importBooks(into: store, from: path, logger)
            try directory.dedicate(to: "\(fingerprint ?? "") \(name)")
            let seconds = (BootClock.now() - start).seconds
            let books = imported == 1 ? "1 book" : "\(imported) books"
            logger.notice("imported \(books) from \(path) in \(seconds) s")
            return fingerprint ?? ""
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

    private static func importBooks(
        into store: CatalogStore, from path: String, _ logger: Logger
    ) throws -> Int {
        var count = 0
        let start = BootClock.now()
        var lastTold = start
        return try store.importBooks { keep in
            let tell = { (done: Int, total: Int) in
                let now = BootClock.now()
                guard now - lastTold >= .seconds(2), done > 0, total > 0 else { return }
                lastTold = now
                logger.notice("\(progress(of: done, total, books: count, after: now - start))")
            }
            try CatalogCSV.read(path: path, progress: tell) { row in
                count += 1
                try keep(
                    Book(
                        itemNumber: row.itemNumber, title: row.fields.title,
                        topic: row.fields.topic, cost: Cents(row.fields.cents),
                        stock: row.fields.stock))
            }
            if lastTold > start { logger.notice("importing: indexing the titles") }
        } ?? 0
    }

    /// How far an import is that takes a while.
    static func progress(
        of done: Int, _ total: Int, books: Int, after time: Instant.Span
    ) -> String {
        let share = Double(done) / Double(total)
        let left = Int((time.seconds * max(0, 1 - share) / share).rounded(.up))
        return "importing: \(books) books, \(Int(share * 100)) % of the file, "
            + "\(Int(Double(books) / time.seconds)) books a second, about \(left) s left"
    }
}
