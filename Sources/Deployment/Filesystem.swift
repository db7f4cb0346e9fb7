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
    /// Whether something is there and is another user's, which root does not mind.
    public static func belongsToAnother(_ path: String) -> Bool {
        var status = stat()
        return geteuid() != 0 && stat(path, &status) == 0 && status.st_uid != geteuid()
    }

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

extension Filesystem {
    /// What keeps a folder from being made where it is missing, or from being written in where it
    /// is not, as far as that is known without trying: the end of a sentence that began with its
    /// path. Nil where nothing is known to.
    public static func obstacle(toFolder path: String) -> String? {
        if path.split(separator: "/").contains(where: { $0.utf8.count > Int(NAME_MAX) }) {
            return "cannot be made: a name in a path has at most \(NAME_MAX) bytes"
        }
        var place = path
        while true {
            var status = stat()
            if stat(place, &status) == 0 {
                return obstacle(in: place, status, isMade: place != path)
            }
            let code = errno
            let verb = place == path && code != ENOENT ? "cannot be reached" : "cannot be made"
            // A link to nothing is there, so that no folder can be made in its place.
            if code != ENOENT || lstat(place, &status) == 0 {
                let why = code == ENOENT ? "a link that leads nowhere" : reason(code)
                return place == path ? "\(verb): \(why)" : "\(verb): \(place): \(why)"
            }
            place = parent(of: place)
        }
    }

    private static func obstacle(in place: String, _ status: stat, isMade: Bool) -> String? {
        let verb = isMade ? "cannot be made" : "cannot be used"
        let name = isMade ? "\(place) " : ""
        guard status.st_mode & S_IFMT == S_IFDIR else { return "\(verb): \(name)is no folder" }
        if let type = type(ofDevice: status.st_dev), kernelsOwn.contains(type) {
            return "\(verb): \(name)is where the kernel shows itself (\(type)), not a disk"
        }
        // As whom this program runs, and not as who started it.
        guard faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) == 0 else {
            let why = reason(errno)
            return isMade ? "\(verb) in \(place): \(why)" : "cannot be written in: \(why)"
        }
        return nil
    }

    /// File systems without files of ours, though root seems to be allowed everything in them.
    private static let kernelsOwn: Set<String> = [
        "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "devpts", "bpf",
    ]

    /// The type of a mounted file system, as proc_pid_mountinfo(5) has it.
    private static func type(ofDevice device: dev_t) -> String? {
        // As `major` and `minor` of <sys/sysmacros.h>, which are macros.
        let major = device >> 8 & 0xfff | device >> 32 & ~0xfff
        let minor = device & 0xff | device >> 12 & ~0xff & 0xffff_ffff
        let mounts = read("/proc/self/mountinfo", limit: 1 << 20) ?? []
        for line in mounts.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)",
                let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
