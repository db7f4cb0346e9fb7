internal import Glibc

/// What opening, reading or writing a store can end in.
public enum StorageError: Error, Hashable, Sendable {
    /// The disk, or a quota on it, is full. Nothing of the write was done; it succeeds again once
    /// there is room.
    case diskFull(file: String)
    /// A file is missing, or is not what was written to it. Nothing was changed.
    case damaged(file: String, reason: String)
    /// A later release of Pygmy has written the file, in a form that this one does not know.
    /// Nothing was changed.
    case later(file: String, version: Int, known: Int)
    /// Another process uses the data directory.
    case inUse(directory: String)
    /// The data directory belongs to another server or to another catalog.
    case foreign(directory: String, reason: String)
    /// The file system is mounted read-only, or the file may not be written.
    case readOnly(file: String)
    /// Anything else: an I/O error, too little memory, no permission.
    case other(file: String, code: Int32, message: String)

    /// SQLite's SQLITE_IOERR, under which the system's EIO goes too: EIO itself is SQLite's number
    /// for a database that is busy.
    private static let diskCode: Int32 = 10

    /// Whether the disk itself failed: SQLITE_IOERR of any kind, or EIO.
    ///
    /// Where it comes of making earlier writes durable, they may be lost though the next attempt
    /// succeeds: the system has given them up, and nobody writes them again.
    public var isOfDisk: Bool {
        guard case .other(_, let code, _) = self else { return false }
        return code & 0xff == Self.diskCode
    }

    /// Whether room on the disk is all that is missing.
    public var isDiskFull: Bool {
        if case .diskFull = self { true } else { false }
    }
}

extension StorageError: CustomStringConvertible {
    /// The error in a sentence that says what to do.
    public var description: String {
        switch self {
        case .diskFull(let file):
            "the disk of \(file) is full: make room, nothing was lost"
        case .damaged(let file, let reason):
            """
            \(file) is damaged (\(reason)) and was left as it is: move its directory away, and the \
            server fetches everything from the other replica when it starts; where there is none, \
            restore the directory from a backup
            """
        case .later(let file, let version, let known):
            """
            \(file) was written by a later release of Pygmy (its tables have version \(version), \
            this release knows \(known)) and was left as it is: install that release here again
            """
        case .inUse(let directory):
            "\(directory) is in use by another process: one server has one data directory"
        case .foreign(let directory, let reason):
            "\(directory) \(reason)"
        case .readOnly(let file):
            "\(file) cannot be written: check its owner and how its file system is mounted"
        case .other(let file, let code, let message):
            "\(file): \(message) (code \(code))"
        }
    }
}

extension StorageError {
    /// What the last system call of the calling thread failed with.
    package static func lastSystemError(_ file: String) -> StorageError {
        systemError(errno, file)
    }

    package static func systemError(_ code: Int32, _ file: String) -> StorageError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(file: file)
        case EROFS, EACCES, EPERM: .readOnly(file: file)
        case EIO: .other(file: file, code: diskCode, message: String(cString: strerror(code)))
        default: .other(file: file, code: code, message: String(cString: strerror(code)))
        }
    }
}
