import Glibc

/// One `pygmy up` at a time for a run directory. The lock goes with the process, however it ends.
final class RunLock {
    private let descriptor: Int32

    /// Takes the lock, or says who has it.
    init(runDirectory: String) throws(UpFault) {
        let path = "\(runDirectory)/pygmy.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unavailable("\(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Filesystem.read(path, limit: 32).map {
                String(decoding: $0, as: UTF8.self).prefix { !$0.isWhitespace }
            }
            close(descriptor)
            throw .unavailable(
                "another pygmy up (process \(holder ?? "unknown")) runs with \(runDirectory); "
                    + "stop it, or give this one a runDirectory of its own")
        }
        ftruncate(descriptor, 0)
        let text = "\(getpid())\n"
        write(descriptor, text, text.utf8.count)
    }

    deinit {
        // A program that is just being started may have a copy of the descriptor until it runs.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

/// Why `pygmy up` ends without having been asked to.
public enum UpFault: Error, Sendable, Equatable {
    /// Something that it needs is not there or is taken (EX_UNAVAILABLE).
    case unavailable(String)
    /// The servers refuse the configuration (EX_CONFIG).
    case configuration(String)
}
