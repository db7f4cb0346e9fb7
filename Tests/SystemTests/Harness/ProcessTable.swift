internal import ChildProcess
internal import Foundation
internal import Glibc

/// One process of this machine, as /proc shows it.
struct ProcessEntry: Sendable, CustomStringConvertible {
    var pid: pid_t
    var parent: pid_t
    var session: pid_t
    var state: Character
    var commandLine: String
    /// Its working folder; empty where that is not ours to see.
    var folder: String

    var description: String { "\(pid) \(commandLine)" }
}

/// The processes of this machine.
enum ProcessTable {
    /// Every process that is alive; one that only waits to be reaped is not.
    static func running() -> [ProcessEntry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.sorted().compactMap(entry(of:))
    }

    /// The process with this id, if it is alive.
    static func entry(of pid: pid_t) -> ProcessEntry? {
        // "PID (name) state ppid pgrp session …", where the name may hold anything.
        let stat = contents(of: "/proc/\(pid)/stat")
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[nameEnd...].dropFirst(2).split(separator: " ")
        guard fields.count > 3, let state = fields[0].first, state != "Z", state != "X",
            let parent = pid_t(fields[1]), let session = pid_t(fields[3])
        else { return nil }
        let commandLine = contents(of: "/proc/\(pid)/cmdline")
            .split(separator: "\0").joined(separator: " ")
        let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
        return ProcessEntry(
            pid: pid, parent: parent, session: session, state: state, commandLine: commandLine,
            folder: folder ?? "")
    }
}
