import Glibc

/// Why a file or folder could not be made or read.
public struct FilesystemFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The path and what the system said.
    public let description: String

    init(_ path: String, _ what: String) {
        description = "\(path): \(what): \(String(cString: strerror(errno)))"
    }
}

/// The few operations on files that the supervisor needs.
public enum Filesystem {
    /// Makes a folder and those above it, where they are missing.
    public static func makeFolder(_ path: String) throws(FilesystemFault) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]))
            if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        }
        throw FilesystemFault(path, "cannot be made")
    }

    /// Writes a whole file beside its place and puts it there in one step.
    public static func write(_ text: String, to path: String) throws(FilesystemFault) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FilesystemFault(path, "cannot be written") }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let fault = FilesystemFault(path, "cannot be written")
                close(descriptor)
                unlink(temporary)
                throw fault
            }
            rest = rest.dropFirst(count)
        }
        close(descriptor)
        guard rename(temporary, path) == 0 else {
            throw FilesystemFault(path, "cannot be written")
        }
    }

    /// What a small file says; nil where it cannot be read.
    public static func read(_ path: String, limit: Int = 65_536) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var length = 0
        while length < limit {
            let count = bytes[length...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            length += count
        }
        return Array(bytes[..<length])
    }

    /// Whether there is something at a path.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What a symbolic link points to, such as `/proc/self/exe`.
    public static func target(ofLink path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension Filesystem {
    /// Whether a path is a program that this user may run.
    public static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && access(path, X_OK) == 0
    }
}

extension Filesystem {
    /// The last line of a file, as of a log, as far as it is among its last 4 KiB, and no more than
    /// 500 bytes of it; empty where it cannot be read.
    public static func lastLine(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, max(0, size - off_t(bytes.count)))
        let lines = bytes.prefix(max(0, count)).split(separator: UInt8(ascii: "\n"))
        return String(decoding: lines.last?.prefix(500) ?? [], as: UTF8.self)
    }
}
