internal import Synchronization

/// The few bytes that an acceptor of a view register must not forget, one value a name.
///
/// A value is one small file that is written anew, made durable and renamed: no database, for an
/// acceptor runs in every server, front ends included, and changes only with a view. May be used
/// from any thread.
public final class AcceptorStore: Sendable {
    private let directory: DataDirectory
    private let writing = Mutex(())

    /// Makes the store of a data directory.
    public init(_ directory: DataDirectory) {
        self.directory = directory
    }

    /// The value of a name: nothing where none was ever written.
    /// - Throws: `damaged` where it was written and is not there, or not as it was written.
    public func value(of name: String) throws(StorageError) -> [UInt8]? {
        let path = path(of: name)
        guard Files.exists(path) else {
            guard !directory.has("acceptor-\(name)") else {
                throw .damaged(file: path, reason: "it is missing")
            }
            return nil
        }
        let bytes = try Files.read(path)
        let value = Array(bytes.dropFirst(8))
        guard bytes.count >= 8, bytes.starts(with: Checksum.littleEndian(Checksum.of(value))) else {
            throw .damaged(file: path, reason: "its digest does not match")
        }
        return value
    }

    /// Makes a value durable in place of the last one; it is when the call returns.
    /// - Parameter name: letters, digits and hyphens.
    public func persist(_ value: [UInt8], as name: String) throws(StorageError) {
        let result = writing.withLock { _ in
            Result { () throws(StorageError) in
                try Files.replace(
                    path(of: name), with: Checksum.littleEndian(Checksum.of(value)) + value)
                try directory.add("acceptor-\(name)")
            }
        }
        try result.get()
    }

    private func path(of name: String) -> String {
        "\(directory.path)/acceptor-\(name)"
    }
}
