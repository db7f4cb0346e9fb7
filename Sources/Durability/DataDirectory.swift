internal import Glibc
internal import Synchronization

/// The directory that holds everything a server must not forget: one server, one directory.
///
/// It bears the name of its server, the fingerprint of the catalog that was imported, and an
/// identity of 128 random bits that it gets when it is made: a server that lost its disk comes back
/// with another one. It is locked for as long as this object lives. It also knows which stores were
/// made in it, so that one that is missing is noticed instead of being taken for new.
///
/// May be used from any thread.
public final class DataDirectory: Sendable {
    /// Where it is.
    public let path: String
    /// The server's name.
    public let name: String
    /// 128 random bits, drawn when the directory was made.
    public let identity: [UInt8]

    /// The file of the log in it, where there is one.
    package static let logFileName = "log.db"
    /// The file of the first state in it, where there is one.
    package static let stateFileName = "state.db"

    private let lock: Int32
    private let found: Mutex<Identity>

    /// Opens `path`, or makes it, and locks it.
    ///
    /// - Parameters:
    ///   - path: the directory; those above it are made as well.
    ///   - name: the server's name, as in `config.json`.
    /// - Throws: `inUse`, `foreign`, `damaged`, `readOnly`, `diskFull`.
    public init(path: String, name: String) throws(StorageError) {
        self.path = path
        self.name = name
        try Files.makeDirectory(path)
        lock = try Self.lock(path)
        do throws(StorageError) {
            let file = path + "/identity"
            let found: Identity
            if Files.exists(file) {
                found = try Identity(reading: file)
                guard found.name == name else {
                    throw .foreign(
                        directory: path,
                        reason: "belongs to \(found.name), not to \(name): give \(name) a "
                            + "directory of its own")
                }
            } else {
                try Self.checkIsNew(path)
                found = Identity(name: name)
                try found.write(to: file)
            }
            identity = found.bits
            self.found = Mutex(found)
        } catch {
            Self.unlock(lock)
            throw error
        }
    }

    deinit {
        Self.unlock(lock)
    }

    /// Which catalog the directory was made for; empty where it was made for none so far.
    public var catalog: String {
        found.withLock { $0.catalog }
    }

    /// Remembers, durably, which catalog the directory was made for.
    /// - Parameter catalog: a text that tells the catalog apart from others. No line breaks.
    public func dedicate(to catalog: String) throws(StorageError) {
        try change { $0.catalog = catalog }
    }

    /// Whether a store was made here before. One that was and is not there is lost.
    package func has(_ store: String) -> Bool {
        found.withLock { $0.stores.contains(store) }
    }

    /// Remembers, durably, that a store was made here.
    package func add(_ store: String) throws(StorageError) {
        if has(store) { return }
        try change { $0.stores.append(store) }
    }

    private func change(_ body: (inout Identity) -> Void) throws(StorageError) {
        let result = found.withLock { found in
            var new = found
            body(&new)
            return Result { () throws(StorageError) in
                try new.write(to: path + "/identity")
                found = new
            }
        }
        try result.get()
    }

    private static func lock(_ path: String) throws(StorageError) -> Int32 {
        let file = path + "/lock"
        // Close-on-exec: a lock that a child inherited would outlive the server.
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .lastSystemError(file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .inUse(directory: path) : .systemError(code, file)
        }
        return descriptor
    }

    private static func unlock(_ descriptor: Int32) {
        // Not by closing alone: a child between its fork and its exec has the descriptor too, and
        // would hold the lock for that moment.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Without its identity file a directory must be empty: with a store in it, the file is lost.
    private static func checkIsNew(_ path: String) throws(StorageError) {
        for store in [logFileName, stateFileName]
        where Files.exists(path + "/" + store) {
            throw .damaged(
                file: path + "/identity", reason: "it is missing, but there is \(store)")
        }
    }
}

/// The content of the file `identity`: lines of a word and a value, the last one a digest.
private struct Identity {
    var bits: [UInt8]
    var name: String
    var catalog = ""
    var stores: [String] = []

    init(name: String) {
        self.name = name
        var random = SystemRandomNumberGenerator()
        bits = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    init(reading file: String) throws(StorageError) {
        let text = String(decoding: try Files.read(file, atMost: 1 << 16), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var values: [Substring: Substring] = [:]
        for line in lines {
            guard let space = line.firstIndex(of: " ") else { continue }
            values[line[..<space]] = line[line.index(after: space)...]
        }
        guard let name = values["name"], let catalog = values["catalog"],
            let identity = values["identity"], let bits = Hexadecimal.bytes(identity),
            bits.count == 16, let stores = values["stores"]
        else { throw .damaged(file: file, reason: "it is not as it was written") }
        self.name = String(name)
        self.catalog = String(catalog)
        self.bits = bits
        self.stores = stores.split(separator: " ").map(String.init)
        guard text == self.text else {
            throw .damaged(file: file, reason: "its digest does not match")
        }
    }

    func write(to file: String) throws(StorageError) {
        try Files.replace(file, with: Array(text.utf8))
    }

    var text: String {
        let content = """
            format 1
            name \(name)
            identity \(Hexadecimal.text(bits))
            catalog \(catalog)
            stores \(stores.joined(separator: " "))

            """
        return content + "digest \(Checksum.text(of: Array(content.utf8)))\n"
    }
}
