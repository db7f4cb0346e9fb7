import Glibc

/// Why a file could not be used, in the system's words.
public struct FileFault: PassingFault, Sendable, Equatable, CustomStringConvertible {
    /// What the system said.
    public let description: String
    /// Whether the system lacks descriptors or memory, or its disk does not answer.
    public let isPassing: Bool

    init(_ description: String, isPassing: Bool = false) {
        self.description = description
        self.isPassing = isPassing
    }

    /// What `errno` says now.
    static var last: FileFault {
        let code = errno
        return FileFault(
            String(cString: strerror(code)),
            isPassing: [EMFILE, ENFILE, ENOMEM, EAGAIN, EIO].contains(code))
    }
}

/// Something that keeps a program from starting, and may be over when it is started again.
public protocol PassingFault: Error {
    /// Whether nobody need do anything about it.
    var isPassing: Bool { get }
}

/// The few operations on files that need no Foundation.
enum Files {
    /// A whole file of at most so many bytes.
    static func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        return try read(descriptor, limit: limit)
    }

    static func read(_ descriptor: Int32, limit: Int) throws(FileFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw FileFault("it is larger than \(limit) bytes") }
        }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileFault) {
        var position = 0
        while position < bytes.count {
            let count = bytes[position...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            position += count
        }
    }

    /// The folder of a file that exists, with links resolved.
    static func absoluteFolder(of path: String) throws(FileFault) -> String {
        guard let resolved = realpath(path, nil) else { throw .last }
        defer { free(resolved) }
        let file = String(cString: resolved)
        guard let slash = file.lastIndex(of: "/"), slash != file.startIndex else { return "/" }
        return String(file[..<slash])
    }
}
