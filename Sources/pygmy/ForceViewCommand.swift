import API
import ArgumentParser
import Console
import HTTPClient

/// `pygmy force-view SERVER`: the way out where the members of a view are gone for good.
struct ForceViewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force-view",
        abstract: "Makes a server the sole member of its group, whoever was one before.",
        discussion: """
            A group that has lost every member of its view waits for one of them to come back: \
            only a member is sure to have everything that was answered. Where none will ever come \
            back, this makes another server of the group the sole member. What only the lost \
            members had is lost: changes of books, restocking, and orders, which get other \
            numbers. Sales are restored from their orders, and orders from their sales, where the \
            other group has them. The lost members' data directories must be removed before they \
            start again.

            A majority of all servers must run, since they decide on views.
            """)

    @OptionGroup var file: ConfigurationOption

    @Argument(help: "The server that is to go on alone, such as catalogServer2.")
    var server: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() throws {
        let store = Store(try file.load())
        guard let id = ServerID(parsing: server), id.kind != .frontEnd,
            let address = store.configuration[id]?.address
        else {
            throw ValidationError("\(server) is no catalog or order server of \(file.config)")
        }
        if !yes { try confirm(id) }
        let secret = try store.credentials().clusterSecret
        do throws(StoreFault) {
            _ = try store.send("POST", "/force-view", at: address, secret: secret)
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw error.exitCode
        }
        Standard.output("\(id) is the sole member of its group's view.")
    }

    private func confirm(_ id: ServerID) throws {
        Standard.error(
            """
            This makes \(id) the sole member of its group. Everything that was answered and that \
            only other servers have is lost for good, and they must start with empty data \
            directories. Do this only where none of them will come back: "pygmy status" shows \
            which server is waited for.
            """)
        Standard.write("Type \(id) to go on: ", to: 2)
        guard readLine(strippingNewline: true) == id.name else {
            Standard.error("pygmy: nothing was done")
            throw ExitCode.failure
        }
    }
}
