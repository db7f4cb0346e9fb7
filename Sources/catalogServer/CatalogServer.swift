import API
import ArgumentParser
import Catalog
import Logging
import ServerRuntime

/// `catalogServer NAME --config FILE`: one catalog server in the foreground.
@main
struct CatalogServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogServer",
        abstract:
            "Runs a catalog server of the book store: its books, their stock and their sales.",
        discussion: """
            It logs to stderr and serves until SIGTERM, then finishes what is in flight. \
            \(ServerProgram.exitStatuses)
            """,
        version: API.version)

    @Argument(help: "The server's name; may be left out where FILE has just one catalog server.")
    var name: String?

    @OptionGroup var options: ServerOptions

    func run() throws {
        let status = ServerProgram.run(
            .catalog, name: name, options
        ) { try CatalogService(environment: $0) }
        throw ExitCode(status)
    }
}
