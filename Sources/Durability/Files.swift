internal import Glibc

/// The system calls that a durable file needs, with typed errors.
package enum Files {
    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Length in bytes, or nothing where there is no such file.
    package static func size(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    /// Bytes that are left of a file system for files in a directory.
    package static func room(in directory: String) throws(StorageError) -> Int {
        var space = statvfs()
        guard statvfs(directory, &space) == 0 else { throw .lastSystemError(directory) }
        return Int(space.f_bavail) * Int(space.f_frsize)
    }

    /// Makes a directory and those above it. Each new name is durable on return.
    package static func makeDirectory(_ path: String) throws(StorageError) {
        guard !exists(path) else { return }
        let parent = directory(of: path)
        try makeDirectory(parent)
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .lastSystemError(path) }
        try syncDirectory(parent)
    }

    /// The directory that a path stands in.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the names in a directory durable: that of a file that was created, renamed or removed.
    package static func syncDirectory(_ path: String) throws(StorageError) {
        try sync(path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Makes the content of a file durable that was written through other descriptors.
    package static func syncFile(_ path: String) throws(StorageError) {
        try sync(path, flags: O_RDWR)
    }

    private static func sync(_ path: String, flags: Int32) throws(StorageError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastSystemError(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .lastSystemError(path) }
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(StorageError) {
        if unlink(path) != 0, errno != ENOENT { throw .lastSystemError(path) }
    }

    /// Gives a file another name in the same directory, in place of a file of that name if there is
    /// one, durably.
    package static func rename(_ path: String, to newPath: String) throws(StorageError) {
        guard Glibc.rename(path, newPath) == 0 else { throw .lastSystemError(newPath) }
        try syncDirectory(directory(of: newPath))
    }

    /// Whether there is a directory of that name with nothing in it.
    package static func isEmptyDirectory(_ path: String) -> Bool {
        guard let handle = opendir(path) else { return false }
        defer { closedir(handle) }
        var count = 0
        while readdir(handle) != nil { count += 1 }
        return count <= 2
    }

    /// Removes a directory with the files in it; one that is not there is no error.
    package static func removeTree(_ path: String) throws(StorageError) {
        try removeFiles(in: path)
        if rmdir(path) != 0, errno != ENOENT { throw .lastSystemError(path) }
    }

    /// Removes the files in a directory; one that is not there is no error.
    package static func removeFiles(in path: String) throws(StorageError) {
        guard let handle = opendir(path) else {
            if errno == ENOENT { return }
            throw .lastSystemError(path)
        }
        var names: [String] = []
        while let item = readdir(handle) {
            let name = withUnsafeBytes(of: &item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(handle)
        for name in names { try remove("\(path)/\(name)") }
    }

    /// Copies a file; the copy is durable on return, its name is not.
    package static func copy(_ path: String, to newPath: String) throws(StorageError) {
        let target = open(newPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw .lastSystemError(newPath) }
        defer { close(target) }
        try forEachChunk(of: path) { chunk throws(StorageError) in
            try write(chunk[...], to: target, newPath)
        }
        guard fsync(target) == 0 else { throw .lastSystemError(newPath) }
    }

    /// Reads a file of any length in chunks of a megabyte.
    package static func forEachChunk(
        of path: String, _ body: ([UInt8]) throws(StorageError) -> Void
    ) throws(StorageError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastSystemError(path) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            // Full but for the last one, so that chunks are the same whatever a read gives.
            var filled = 0
            while filled < buffer.count {
                let count = buffer.withUnsafeMutableBytes {
                    Glibc.read(
                        descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .lastSystemError(path) }
                if count == 0 { break }
                filled += count
            }
            if filled == 0 { return }
            try body(Array(buffer[..<filled]))
        }
    }

    /// Reads a file, or as much of it as is asked for.
    package static func read(_ path: String, atMost limit: Int = .max) throws(StorageError)
        -> [UInt8]
    {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastSystemError(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 1 << 16))
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .lastSystemError(path) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Writes a file so that after a crash it has either its old content or this one, and this one
    /// once the call has returned.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(StorageError) {
        let temporary = path + ".new"
        do throws(StorageError) {
            try write(bytes, to: temporary)
            try rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes a file so long with zeros that follow on what it has, durably; a longer one stays as
    /// it is. Where that does not succeed the file is as it was.
    /// - Parameter plenty: how many bytes the file system must have left; with less nothing is
    ///   done.
    package static func extend(
        _ path: String, to length: Int, where plenty: Int
    ) throws(StorageError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastSystemError(path) }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw .lastSystemError(path) }
        guard end < length, try room(in: directory(of: path)) >= plenty else { return }
        do throws(StorageError) {
            try write([UInt8](repeating: 0, count: length - Int(end))[...], to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw .lastSystemError(path) }
        } catch {
            ftruncate(descriptor, end)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(StorageError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .lastSystemError(path) }
        defer { close(descriptor) }
        try write(bytes[...], to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw .lastSystemError(path) }
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String
    ) throws(StorageError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .lastSystemError(path) }
            rest = rest.dropFirst(count)
        }
    }
}
