import API
import ArgumentParser
import Console
import Deployment
import Glibc

/// `pygmy serve NAME`: becomes the server of that name, whichever program that is.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs one server in the foreground, by its name alone.",
        discussion: """
            For service managers with one template for all servers: the process becomes \
            frontEndServer, catalogServer or orderServer, as the name says, and tells the manager \
            when it is ready (sd_notify).
            """)

    @Argument(help: "The server's name, such as catalogServer1.")
    var name: String

    @OptionGroup var file: ConfigurationOption

    @Option(help: "How a line of the log is written: text or json.")
    var logFormat: String?

    @Option(help: "The least level that is logged, such as debug or warning.")
    var logLevel: String?

    func run() throws {
        guard let id = ServerID(parsing: name) else {
            throw ValidationError(
                "\(name) is no server's name: one is a kind and a number, as catalogServer1")
        }
        guard let folder = Programs.folder else {
            Standard.error("pygmy: /proc is not there, so the server programs cannot be found")
            throw ExitCode.unavailable
        }
        let program = "\(folder)/\(id.kind.rawValue)"
        var arguments = [program, id.name, "--config", file.config]
        if let logFormat { arguments += ["--log-format", logFormat] }
        if let logLevel { arguments += ["--log-level", logLevel] }
        var pointers = arguments.map { strdup($0) } + [nil]
        execv(program, &pointers)
        // Only a failure comes back.
        Standard.error("pygmy: \(program): \(String(cString: strerror(errno)))")
        throw ExitCode.unavailable
    }
}
