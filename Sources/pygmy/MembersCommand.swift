import API
import ArgumentParser
import Console

/// `pygmy members`: who votes on views.
struct MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Adds a server to those that vote on views, or removes one.",
        discussion: """
            All servers of the configuration vote on views, less the last front end where their \
            number is even. Where the configuration grows or shrinks, the voters change one server \
            at a time, and the configuration after them: write the new configuration, start a new \
            server with it, add it here with it, and then restart the others with it one by one. \
            Remove a server with the old configuration, stop it, and only then take it out of \
            config.json and start the others anew. A server whose configuration makes others \
            voters than there are refuses to start, and says who they are.
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
                do {
                    try ask(kind, method, id, store, secret)
                } catch {
                    if kind == .order {
                        Standard.error("pygmy: the catalog's have changed: give the command again")
                    }
                    throw error
                }
                Standard.output("\(id) \(result) on the views of the \(kind.rawValue)s.")
            }
        }

        /// Asks every replica of a group: the primary alone can do it, and the others learn where a
        /// new voter is, which the configuration that they run with does not say.
        private func ask(
            _ kind: ServerKind, _ method: String, _ id: ServerID, _ store: Store, _ secret: Secret
        ) throws {
            var path = "/members/\(id.name)"
            if method == "POST", let address = store.configuration[id]?.address {
                path += "?address=\(address)"
            }
            var faults: [(ServerID, StoreFault)] = []
            var isDone = false
            for server in store.configuration.servers(of: kind) {
                do throws(StoreFault) {
                    // Once the primary has done it, nobody waits for one that hangs.
                    _ = try store.send(
                        method, path, at: server.address, secret: secret,
                        timeout: .seconds(isDone ? 1 : 15))
                    isDone = true
                } catch {
                    faults.append((server.id, error))
                }
            }
            guard !isDone else { return }
            for (id, fault) in faults { Standard.error("pygmy: \(id): \(fault.text)") }
            throw faults.first?.1.exitCode ?? .unavailable
        }
    }
}
