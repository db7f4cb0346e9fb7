internal import Foundation
internal import Glibc
internal import Synchronization

/// How a program ended.
enum ExitStatus: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
}

/// A program that a test started: in a session of its own, its output in files.
final class ChildProcess: Sendable {
    /// The process id, which is also that of its group and its session.
    let pid: pid_t
    let outputPath: String
    let errorPath: String
    private let ending = Mutex<ExitStatus?>(nil)

    /// POSIX_SPAWN_SETSID, which Glibc's headers show to GNU sources only.
    private static let newSession: Int32 = 0x80

    /// Starts a program. Signals have their default effect in it, whatever the test process ignores.
    /// - Parameter outputStem: its output goes to this path with `.out` and `.err` added.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String],
        directory: String, inputPath: String = "/dev/null", outputStem: String
    ) throws {
        outputPath = outputStem + ".out"
        errorPath = outputStem + ".err"

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, writing, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, writing, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession
        posix_spawnattr_setflags(&attributes, Int16(flags))

        // `env` changes the folder and becomes the program: the same process throughout.
        let words = ["/usr/bin/env", "-C", directory, executable] + arguments
        let argumentPointers = words.map { strdup($0) } + [nil]
        let environmentPointers =
            environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var child: pid_t = 0
        let result = posix_spawn(
            &child, words[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard result == 0 else {
            throw HarnessError("cannot start \(executable): \(String(cString: strerror(result)))")
        }
        pid = child
    }

    /// What it wrote to its standard output until now.
    var output: String { contents(of: outputPath) }
    /// What it wrote to its standard error until now.
    var errors: String { contents(of: errorPath) }

    /// How it ended; nil while it runs.
    var exitStatus: ExitStatus? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7F
            ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            return ending
        }
    }

    /// Waits for its end.
    func waitForExit(within limit: Duration = .seconds(30)) throws -> ExitStatus {
        try eventually("the end of process \(pid)", within: limit) { exitStatus }
    }

    /// Sends it a signal, unless it has ended already.
    func send(_ signal: Int32) {
        if exitStatus == nil { kill(pid, signal) }
    }
}

/// The harness itself could not do what a test asked of it.
struct HarnessError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A text file's contents; empty where there is none. What is not UTF-8 is replaced.
func contents(of path: String) -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
}
