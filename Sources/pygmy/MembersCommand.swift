import API
import ArgumentParser

/// `pygmy members`: who votes on views.
struct MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Adds a server to those that vote on views, or removes one.",
        discussion: """
            All servers of the configuration vote on views, less the last front end where their \
            number is even. Where the configuration grows or shrinks, the voters change one server \
            at a time: add a new one once it runs, remove an old one before it is gone, and then \
            give every server the new configuration.
            """,
        subcommands: [Add.self, Remove.self])

    /// `pygmy members add SERVER`.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a server vote, in both groups.")
        @OptionGroup var change: Change
        func run() throws { try change.run("POST", "votes") }
    }

    /// `pygmy members remove SERVER`.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes the vote from a server, in both groups.")
        @OptionGroup var change: Change
        func run() throws { try change.run("DELETE", "does not vote") }
    }

    /// One change, in the registers of both groups.
    struct Change: ParsableArguments {
        @OptionGroup var file: ConfigurationOption

        @Argument(help: "The server, such as frontEndServer2.")
        var server: String

        func run(_ method: String, _ result: String) throws {
            let store = Store(try file.load())
            guard let id = ServerID(parsing: server), store.configuration[id] != nil else {
                throw ValidationError("\(server) is no server of \(file.config)")
            }
            let secret = try store.credentials().clusterSecret
            for kind in [ServerKind.catalog, .order] {
                try ask(kind, method, id, store, secret)
                Standard.output("\(id) \(result) on the views of the \(kind.rawValue)s.")
            }
        }

        /// Asks every replica of a group, for the primary alone can do it.
        private func ask(
            _ kind: ServerKind, _ method: String, _ id: ServerID, _ store: Store, _ secret: Secret
        ) throws {
            var fault: StoreFault?
            for server in store.configuration.servers(of: kind) {
                do throws(StoreFault) {
                    _ = try store.send(
                        method, "/members/\(id.name)", at: server.address, secret: secret)
                    return
                } catch {
                    fault = error
                    Standard.error("pygmy: \(server.id): \(error.text)")
                }
            }
            throw fault?.exitCode ?? .unavailable
        }
    }
}
