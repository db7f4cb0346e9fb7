import Glibc

/// What an earlier `pygmy up` left behind when it was killed.
///
/// A child normally dies with its supervisor (`setpriv --pdeathsig`). Where it could not, its pid
/// file tells the next start of it; and because the number may long belong to somebody else, it is
/// ended only if it works in the same folder and is the program of that name.
struct StaleProcesses {
    let runDirectory: String
    let folder: String

    /// The processes that pid files name and that are what the files say.
    func find() -> [pid_t] {
        pidFiles().compactMap { name in
            guard let pid = StaleProcesses.number(in: "\(runDirectory)/\(name).pid") else {
                return nil
            }
            return isOurs(pid, name) ? pid : nil
        }
    }

    /// Ends them, at first politely, and waits until they are gone. Nil when it worked.
    func end() -> String? {
        let pids = find()
        for pid in pids { kill(pid, SIGTERM) }
        for (patience, signal) in [(50, SIGKILL), (50, 0)] {
            for _ in 0..<patience where pids.contains(where: StaleProcesses.isAlive) {
                usleep(20_000)
            }
            for pid in pids where StaleProcesses.isAlive(pid) { kill(-pid, signal) }
        }
        let left = pids.filter(StaleProcesses.isAlive).map(String.init)
        return left.isEmpty
            ? nil : "processes of an earlier run do not end: \(left.joined(separator: ", "))"
    }

    /// Removes the pid files and sockets of everything that a supervisor runs.
    func removeFiles() {
        for name in pidFiles() { unlink("\(runDirectory)/\(name).pid") }
        for file in files() where file.contains(".sock") { unlink("\(runDirectory)/\(file)") }
    }

    private func pidFiles() -> [String] {
        files().filter { $0.hasSuffix(".pid") }.map { String($0.dropLast(4)) }
    }

    private func files() -> [String] {
        guard let directory = opendir(runDirectory) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names.sorted()
    }

    private func isOurs(_ pid: pid_t, _ name: String) -> Bool {
        guard Filesystem.target(ofLink: "/proc/\(pid)/cwd") == folder,
            let bytes = Filesystem.read("/proc/\(pid)/cmdline")
        else { return false }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if name == "nginx" { return words.first?.hasPrefix("nginx: master") ?? false }
        return words.contains(name)
    }

    private static func number(in path: String) -> pid_t? {
        guard let bytes = Filesystem.read(path, limit: 32) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).prefix { !$0.isWhitespace }
        return pid_t(text).flatMap { $0 > 1 ? $0 : nil }
    }

    private static func isAlive(_ pid: pid_t) -> Bool {
        // A zombie is dead; nobody but its parent can take it away.
        guard let stat = Filesystem.read("/proc/\(pid)/stat") else { return false }
        let text = String(decoding: stat, as: UTF8.self)
        return text.split(separator: ")").last?.dropFirst().first != "Z"
    }
}
