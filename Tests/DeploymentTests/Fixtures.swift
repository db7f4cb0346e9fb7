import API
import ChildProcess
import Deployment
import Foundation
import TestSupport
import Testing

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

/// Runs a program to its end.
@discardableResult
func run(
    _ program: String, _ arguments: [String], folder: String
) throws -> (status: ChildProcess.ExitStatus, output: String) {
    let scratch = TemporaryFolder()
    let process = try ChildProcess(
        program, arguments, directory: folder, outputStem: "\(scratch.path)/run")
    return (process.wait(), process.output + process.errors)
}
