import Glibc

/// A secret that a request shows as `Authorization: Bearer …`.
public struct Secret: Sendable {
    private let bytes: [UInt8]

    /// A secret of 1 to 1,024 characters that a header can carry; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...1024).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.bytes = bytes
    }

    /// What goes into the `Authorization` header of a request.
    public var authorization: String { "Bearer \(String(decoding: bytes, as: UTF8.self))" }

    /// Whether an `Authorization` header shows this secret. Takes the same time for every header
    /// of a length, so that a secret cannot be found out letter by letter.
    public func matches(authorization: some Collection<UInt8>) -> Bool {
        let header = Array(authorization)
        guard header.count > 7,
            zip(header, "bearer ".utf8).allSatisfy({ ($0 | 0x20) == $1 || $0 == $1 })
        else { return false }
        let shown = header.dropFirst(7).drop { $0 == 0x20 }
        var difference = shown.count ^ bytes.count
        for (index, byte) in shown.enumerated() {
            difference |= Int(byte ^ bytes[index % bytes.count])
        }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible {
    /// Nothing that a log must not hold.
    public var description: String { "(secret)" }
}

/// The two secrets of a cluster.
public struct Credentials: Sendable {
    /// What servers show each other.
    public let clusterSecret: Secret
    /// What an administrator shows.
    public let adminToken: Secret

    /// Secrets that are known.
    public init(clusterSecret: Secret, adminToken: Secret) {
        self.clusterSecret = clusterSecret
        self.adminToken = adminToken
    }

    /// Takes each secret from the environment (`PYGMY_CLUSTER_SECRET`, `PYGMY_ADMIN_TOKEN`) or
    /// from its file, and makes the file where there is none. Servers that start at the same time
    /// agree on one.
    /// - Parameter makesFiles: whether a file that is not there is made, which is the servers' to
    ///   do: nobody would know a secret that whoever asks them makes.
    public static func load(
        _ configuration: Configuration, makesFiles: Bool = true,
        environment: (String) -> String? = systemEnvironment
    ) throws(CredentialsFault) -> Credentials {
        func secret(_ variable: String, _ path: String) throws(CredentialsFault) -> Secret {
            try Credentials.secret(variable, path, makesFile: makesFiles, environment)
        }
        return Credentials(
            clusterSecret: try secret("PYGMY_CLUSTER_SECRET", configuration.clusterSecretFile),
            adminToken: try secret("PYGMY_ADMIN_TOKEN", configuration.adminTokenFile))
    }

    /// A variable of this process's environment.
    public static func systemEnvironment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func secret(
        _ variable: String, _ path: String, makesFile: Bool, _ environment: (String) -> String?
    ) throws(CredentialsFault) -> Secret {
        if let text = environment(variable), !text.isEmpty {
            guard let secret = Secret(text) else {
                throw CredentialsFault(
                    "\(variable) must be 1 to 1024 printable ASCII characters without a space")
            }
            return secret
        }
        let file = SecretFile(path: path)
        if makesFile { return try file.load() }
        guard let secret = try file.read() else {
            throw CredentialsFault(
                "\(path) is not there: the servers make it when they start (or set \(variable))")
        }
        return secret
    }
}

/// Why a secret cannot be used, and what to do.
public struct CredentialsFault: PassingFault, Sendable, Equatable, CustomStringConvertible {
    /// For a person.
    public let description: String
    /// Whether a file could not be read or written just now.
    public let isPassing: Bool

    init(_ description: String, isPassing: Bool = false) {
        self.description = description
        self.isPassing = isPassing
    }
}

/// A file that only its owner reads and that comes into being complete.
struct SecretFile {
    let path: String

    func load() throws(CredentialsFault) -> Secret {
        if let secret = try read() { return secret }
        try create()
        guard let secret = try read() else {
            throw CredentialsFault(
                "\(path): it is a link to a file that is not there, or vanished while it was made")
        }
        return secret
    }

    /// Nil where there is no such file.
    func read() throws(CredentialsFault) -> Secret? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw fault("cannot be read", .last)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault("cannot be read", .last) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CredentialsFault("\(path): must be a file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CredentialsFault(
                "\(path): others can read or change this secret; run: chmod 600 \(path)")
        }
        let text: String
        do throws(FileFault) {
            text = String(decoding: try Files.read(descriptor, limit: 4096), as: UTF8.self)
        } catch {
            throw fault("cannot be read", error)
        }
        let trimmed = String(text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
        guard let secret = Secret(trimmed) else {
            throw CredentialsFault(
                "\(path): must hold 1 to 1024 printable ASCII characters; delete it and it will "
                    + "be made anew")
        }
        return secret
    }

    /// Writes a new secret beside the path and links it there: whoever opens the path sees all of
    /// it, and of two that do this at once one wins.
    private func create() throws(CredentialsFault) {
        let random = try hexadecimal(of: randomBytes(40))
        let temporary = "\(path).\(getpid()).\(random.prefix(16))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fault("cannot be made", .last) }
        defer { unlink(temporary) }
        do throws(FileFault) {
            defer { close(descriptor) }
            try Files.write(Array("\(random.dropFirst(16))\n".utf8), to: descriptor)
            guard fsync(descriptor) == 0 else { throw .last }
        } catch {
            throw fault("cannot be written", error)
        }
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw fault("cannot be made", .last)
        }
    }

    private func randomBytes(_ count: Int) throws(CredentialsFault) -> [UInt8] {
        let descriptor = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CredentialsFault("/dev/urandom cannot be read") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        guard Glibc.read(descriptor, &bytes, count) == count else {
            throw CredentialsFault("/dev/urandom cannot be read")
        }
        return bytes
    }

    private func hexadecimal(of bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private func fault(_ what: String, _ reason: FileFault) -> CredentialsFault {
        CredentialsFault("\(path): \(what): \(reason)", isPassing: reason.isPassing)
    }
}
