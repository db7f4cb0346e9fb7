package import Glibc

/// What an earlier `pygmy up` left behind when it was killed.
///
/// A child normally dies with its supervisor (`setpriv --pdeathsig`). Where it could not, its pid
/// file tells the next start of it; and because the number may long belong to somebody else, it is
/// ended only if it works in the same folder and is the program of that name.
package struct StaleProcesses {
    let runDirectory: String
    let folder: String

    /// The processes that pid files name and that are what the files say, and what nginx left.
    func find() -> [pid_t] {
        pidFiles().compactMap { name in
            guard let pid = StaleProcesses.number(in: "\(runDirectory)/\(name).pid") else {
                return nil
            }
            return StaleProcesses.isRunning(name, as: pid, in: folder) ? pid : nil
        } + orphanedWorkers()
    }

    /// The workers of an nginx whose master was killed: they go on listening for ever, and no file
    /// names them. Those of another nginx that works in this folder have their master.
    private func orphanedWorkers() -> [pid_t] {
        let processes = StaleProcesses.names(in: "/proc").compactMap { pid_t($0) }
        return processes.filter { pid in
            Filesystem.target(ofLink: "/proc/\(pid)/cwd") == folder
                && StaleProcesses.title(of: pid).hasPrefix("nginx: ")
                && !StaleProcesses.title(of: pid).hasPrefix("nginx: master")
                && !StaleProcesses.title(of: StaleProcesses.parent(of: pid))
                    .hasPrefix("nginx: master")
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
            for pid in pids where StaleProcesses.isAlive(pid) {
                // Servers lead a group of their own, workers belong to that of their master.
                if kill(-pid, signal) != 0 { kill(pid, signal) }
            }
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

    private func files() -> [String] { StaleProcesses.names(in: runDirectory) }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
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

    /// Whether a process is the program that bears a name here, and not one that got its number.
    package static func isRunning(
        _ name: String, as pid: pid_t, in folder: String
    ) -> Bool {
        guard Filesystem.target(ofLink: "/proc/\(pid)/cwd") == folder else { return false }
        let words = words(of: pid)
        if name == "nginx" { return words.first?.hasPrefix("nginx: master") ?? false }
        return words.contains(name)
    }

    /// What a process was started with; nginx writes there what it is.
    private static func words(of pid: pid_t) -> [String] {
        (Filesystem.read("/proc/\(pid)/cmdline") ?? []).split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func title(of pid: pid_t) -> String { words(of: pid).first ?? "" }

    private static func parent(of pid: pid_t) -> pid_t {
        let fields = status(of: pid).split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) ?? 0 : 0
    }

    /// What `/proc/PID/stat` says behind the program's name: "S 1 …"; empty where there is none.
    private static func status(of pid: pid_t) -> Substring {
        guard let stat = Filesystem.read("/proc/\(pid)/stat") else { return "" }
        let text = String(decoding: stat, as: UTF8.self)
        return Substring(text.split(separator: ")").last?.dropFirst() ?? "")
    }

    private static func number(in path: String) -> pid_t? {
        guard let bytes = Filesystem.read(path, limit: 32) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).prefix { !$0.isWhitespace }
        return pid_t(text).flatMap { $0 > 1 ? $0 : nil }
    }

    private static func isAlive(_ pid: pid_t) -> Bool {
        // A zombie is dead; nobody but its parent can take it away.
        let status = status(of: pid)
        return !status.isEmpty && status.first != "Z"
    }
}
