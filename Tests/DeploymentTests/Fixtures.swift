import API
import ChildProcess
import Deployment
import Foundation
import Testing

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init(_ name: String = "") throws {
        let parent = NSTemporaryDirectory() + "pygmy-\(UUID().uuidString)"
        path = name.isEmpty ? parent : parent + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func make(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func read(_ name: String) -> String {
        let bytes = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A cluster of two of each kind on ports from `port` on, as the default configuration is.
func pair(folder: String, port: Int = 8080, host: String = "127.0.0.1") -> Configuration {
    var next = port
    let servers = ServerKind.allCases.flatMap { kind in
        (1...2).map { number in
            next += 1
            return Configuration.Server(
                ServerID(kind, number), at: Address(host: host, port: next))
        }
    }
    var settings = Configuration.Settings()
    settings.listen = Address(host: host, port: port)
    return Configuration(servers: servers, settings: settings, folder: folder)
}

/// The root of the checkout, from where this file was compiled.
let checkout: String = {
    var parts = #filePath.split(separator: "/")
    parts.removeLast(3)
    return "/" + parts.joined(separator: "/")
}()

/// Runs a program to its end.
@discardableResult
func run(
    _ program: String, _ arguments: [String], folder: String
) throws -> (status: ChildProcess.ExitStatus, output: String) {
    let scratch = try TemporaryFolder()
    let process = try ChildProcess(
        program, arguments, directory: folder, outputStem: "\(scratch.path)/run")
    return (process.wait(), process.output + process.errors)
}
