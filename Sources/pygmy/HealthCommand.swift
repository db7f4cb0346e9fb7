import API
import ArgumentParser
import Console
import HTTPClient

/// `pygmy health`: does a server, or the whole store, answer?
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Asks a server, or the store as clients see it, whether it serves.",
        discussion: "For health checks and scripts: exit status 0 where it does, 69 otherwise.")

    @Argument(help: "A server's name, such as catalogServer1. (default: the store)")
    var name: String?

    @OptionGroup var file: ConfigurationOption

    @Option(help: "How long to wait for an answer, in seconds.")
    var timeout = 2

    func validate() throws {
        guard (1...600).contains(timeout) else {
            throw ValidationError("--timeout must be from 1 to 600.")
        }
    }

    func run() throws {
        let store = Store(try file.load())
        let address = try name.map { try self.address(of: $0, store) } ?? store.listen
        do throws(StoreFault) {
            _ = try store.get("/health", at: address, timeout: .seconds(timeout))
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw ExitCode.unavailable
        }
    }

    private func address(of name: String, _ store: Store) throws -> Address {
        guard let id = ServerID(parsing: name), let server = store.configuration[id] else {
            let known = store.configuration.servers.map(\.id.name).joined(separator: ", ")
            throw ValidationError("there is no \(name) in \(file.config), only \(known)")
        }
        return server.address
    }
}
