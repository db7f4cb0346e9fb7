import API
import ArgumentParser
import FrontEnd
import Logging
import ServerRuntime

/// `frontEndServer NAME --config FILE`: one front end in the foreground.
@main
struct FrontEndServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "frontEndServer",
        abstract: "Runs a front end of the book store: what clients talk to, by way of nginx.",
        discussion: """
            It logs to stderr and serves until SIGTERM, then finishes what is in flight. \
            \(ServerProgram.exitStatuses)
            """,
        version: API.version)

    @Argument(help: "The server's name; may be left out where FILE has just one front end.")
    var name: String?

    @OptionGroup var options: ServerOptions

    func run() throws {
        let status = ServerProgram.run(
            .frontEnd, name: name, options
        ) { try FrontEndService($0) }
        throw ExitCode(status)
    }
}
