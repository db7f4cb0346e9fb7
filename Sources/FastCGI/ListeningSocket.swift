internal import CFastCGI
internal import Glibc

/// The unix socket a server listens on, put in place so that a successor takes over without a gap.
///
/// The socket is bound as `NAME.PID`, listens, and is then renamed over `NAME`: whoever connects to
/// `NAME` finds either the predecessor's socket or this one, never nothing. `FCGX_OpenSocket` is
/// not used: it ends the process when it fails, unlinks first, and takes its mode from the umask.
struct ListeningSocket: Sendable {
    /// The descriptor, non-blocking.
    let descriptor: Int32
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Binds, listens and renames.
    init(path: String, backlog: Int32, mode: mode_t) throws(FastCGIError) {
        self.path = path
        let temporary = "\(path).\(getpid())"
        descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0
        )
        guard descriptor >= 0 else { throw SystemCall.failure("socket", path) }
        do throws(FastCGIError) {
            // Only an earlier process of the same number can have left it.
            unlink(temporary)
            try Self.bind(descriptor, to: temporary)
            // Nobody can connect before `listen`, so that the wrong mode is never in force.
            guard chmod(temporary, mode) == 0 else { throw SystemCall.failure("chmod", temporary) }
            guard listen(descriptor, backlog) == 0 else {
                throw SystemCall.failure("listen", temporary)
            }
            var status = stat()
            guard lstat(temporary, &status) == 0 else {
                throw SystemCall.failure("lstat", temporary)
            }
            (device, inode) = (status.st_dev, status.st_ino)
            guard rename(temporary, path) == 0 else { throw SystemCall.failure("rename", path) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
    }

    /// Removes the name, unless a successor's socket has taken it.
    func unlinkIfOwn() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else {
            return
        }
        unlink(path)
    }

    private static func bind(_ descriptor: Int32, to path: String) throws(FastCGIError) {
        if let result = withAddress(of: path, { Glibc.bind(descriptor, $0, $1) }) {
            guard result == 0 else { throw SystemCall.failure("bind", path) }
            return
        }
        // A path longer than `sun_path` is reached through its directory's descriptor.
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let opened = pygmy_open_directory(directory)
        guard opened >= 0 else { throw SystemCall.failure("open", directory) }
        defer { close(opened) }
        let short = "/proc/self/fd/\(opened)/\(name)"
        guard let result = withAddress(of: short, { Glibc.bind(descriptor, $0, $1) }) else {
            throw .system(call: "bind", path: path, errno: ENAMETOOLONG)
        }
        guard result == 0 else { throw SystemCall.failure("bind", path) }
    }

    /// Calls with the socket address of a path; nil where it does not fit.
    private static func withAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
