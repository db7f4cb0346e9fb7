internal import Dispatch
internal import Foundation
public import Glibc
internal import Synchronization

/// A program that a test started: in a session of its own, its output in files.
///
/// Foundation's `Process` is not for this: beside others of its kind it now and then does not
/// notice that a program has ended, and waits for ever.
///
/// A program that has ended is noticed at once, whether anybody asks or not: the testing library,
/// which waits for the children of its exit tests, would see no other as long as one is left.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum ExitStatus: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    /// The process id, which is also that of its group and its session.
    public let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private let ending = Mutex<ExitStatus?>(nil)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// POSIX_SPAWN_SETSID, which Glibc's headers show to GNU sources only.
    private static let newSession: Int32 = 0x80

    /// Starts a program. Signals have their default effect in it, whatever the test process
    /// ignores.
    /// - Parameters:
    ///   - environment: nil gives it this process's own.
    ///   - outputStem: its output goes to this path with `.out` and `.err` added; nil drops it.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
        directory: String, inputPath: String = "/dev/null", outputStem: String? = nil
    ) throws(ChildProcessFault) {
        outputPath = outputStem.map { $0 + ".out" } ?? "/dev/null"
        errorPath = outputStem.map { $0 + ".err" } ?? "/dev/null"

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
        let variables = environment ?? ProcessInfo.processInfo.environment
        let argumentPointers = words.map { strdup($0) } + [nil]
        let environmentPointers =
            variables.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var child: pid_t = 0
        let result = posix_spawn(
            &child, words[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard result == 0 else {
            let reason = String(cString: strerror(result))
            throw ChildProcessFault(executable: executable, reason: reason)
        }
        pid = child
        Thread.detachNewThread { [self] in
            awaitEnd()
            hasEnded.signal()
        }
    }

    /// What it wrote to its standard output until now.
    public var output: String { contents(of: outputPath) }
    /// What it wrote to its standard error until now.
    public var errors: String { contents(of: errorPath) }

    /// How it ended; nil while it runs.
    public var exitStatus: ExitStatus? { ending.withLock { $0 } }

    /// Waits for its end, however long that takes.
    public func wait() -> ExitStatus {
        while true {
            if let status = exitStatus { return status }
            hasEnded.wait()
            // For whoever else waits.
            hasEnded.signal()
        }
    }

    /// Sends it a signal, unless it has ended already.
    public func send(_ signal: Int32) {
        // Under the lock, for after its end is noticed the number may be another's.
        ending.withLock { if $0 == nil { kill(pid, signal) } }
    }

    private func awaitEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        ending.withLock { ending in
            var status: Int32 = 0
            guard waitpid(pid, &status, 0) == pid else { return }
            let signal = status & 0x7F
            ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
        }
    }
}

/// A program could not be started.
public struct ChildProcessFault: Error, CustomStringConvertible {
    var executable: String
    var reason: String

    /// In one line.
    public var description: String { "cannot start \(executable): \(reason)" }
}

/// A text file's contents; empty where there is none. What is not UTF-8 is replaced.
public func contents(of path: String) -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
}
