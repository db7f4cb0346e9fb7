import API
import ArgumentParser
import Orders
import Logging
import ServerRuntime

/// `orderServer NAME --config FILE`: one order server in the foreground.
@main
struct OrderServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orderServer",
        abstract:
            "Runs an order server of the book store: it numbers the sales and keeps the orders.",
        discussion: """
            It logs to stderr and serves until SIGTERM, then finishes what is in flight. \
            \(ServerProgram.exitStatuses)
            """,
        version: API.version)

    @Argument(help: "The server's name; may be left out where FILE has just one order server.")
    var name: String?

    @OptionGroup var options: ServerOptions

    func run() throws {
        let status = ServerProgram.run(
            .order, name: name, options
        ) { try OrderService(environment: $0) }
        throw ExitCode(status)
    }
}
