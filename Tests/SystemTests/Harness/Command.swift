internal import ChildProcess
internal import Foundation
internal import Glibc
internal import TestSupport

/// The programs under test.
enum Programs {
    /// The folder they were built into: that of the tests themselves.
    static let directory: String = {
        if let given = ProcessInfo.processInfo.environment["PYGMY_TEST_PROGRAMS"] { return given }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return ((tests ?? CommandLine.arguments[0]) as NSString).deletingLastPathComponent
    }()

    static func path(_ name: String) -> String { "\(directory)/\(name)" }
}

/// What a program that has ended left.
struct CommandResult: Sendable {
    var status: ChildProcess.ExitStatus
    var output: String
    var errors: String

    /// What it wrote to standard error, without blank lines.
    var errorLines: [String] {
        errors.split(separator: "\n").map(String.init).filter {
            !$0.trimmingCharacters(in: .whitespaces).isEmpty
        }
    }
}

/// Runs programs to their end.
enum Command {
    /// Runs a program to its end; one that outlasts the limit is ended, and it is an error.
    static func run(
        _ executable: String, _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = "/", input: String? = nil, within limit: Duration = .seconds(60)
    ) throws -> CommandResult {
        let scratch = TemporaryFolder()
        if let input { try scratch.write(input, to: "in") }
        let process = try ChildProcess(
            executable, arguments, environment: environment, directory: directory,
            inputPath: input == nil ? "/dev/null" : scratch("in"), outputStem: scratch("run"))
        do {
            let status = try process.waitForExit(within: limit)
            return CommandResult(status: status, output: process.output, errors: process.errors)
        } catch {
            kill(-process.pid, SIGKILL)
            _ = try? process.waitForExit(within: .seconds(5))
            throw HarnessError(
                "\(executable) \(arguments) did not end: \(process.output)\(process.errors)")
        }
    }
}
