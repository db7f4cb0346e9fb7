import API
import ArgumentParser
import Console
import Glibc

/// The program of a customer: a menu, or one command for a script.
///
/// `StoreClient` talks to the store, `Menu` to a person; the commands put the two together and say
/// by their exit status what came of it (sysexits.h).
@main
struct Client: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Searches, looks up and buys books at Pygmy.",
        discussion: """
            Without a command it is a menu. Exit status: 0 done, 1 refused (no such book, out of \
            stock), 64 used wrongly, 69 the store does not answer, 74 the output could not be \
            written, 78 the configuration is wrong.
            """,
        version: API.version,
        subcommands: [
            MenuCommand.self, SearchCommand.self, FindCommand.self, LookupCommand.self,
            BuyCommand.self,
        ],
        defaultSubcommand: MenuCommand.self)

    // May stand before a command as well as behind it.
    @OptionGroup var store: StoreOption
    @OptionGroup var form: FormOption

    /// Runs the command.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
            Standard.finish("client")
        } catch {
            Standard.finish("client")
            exit(withError: error)
        }
    }
}

/// The seed's menu.
struct MenuCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "menu", abstract: "Asks what to do, again and again.")

    @OptionGroup var store: StoreOption
    @OptionGroup(visibility: .hidden) var form: FormOption

    func validate() throws {
        if form.json { throw ValidationError("--json goes with a command, such as lookup.") }
    }

    func run() throws {
        var client = try store.client()
        client.notice = { Standard.output($0) }
        var menu = Menu(
            store: client, readLine: { readLine() }, write: { Standard.output($0) })
        menu.run()
    }
}

/// `client search TOPIC`.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Lists the books of a topic.")

    @OptionGroup var store: StoreOption
    @OptionGroup var form: FormOption

    @Argument(help: "The topic, such as DistributedSystems.")
    var topic: String

    func validate() throws {
        if topic.isEmpty { throw ValidationError("The topic is empty.") }
    }

    func run() throws { try form.show(store.client().search(topic: topic), cut: true) }
}

/// `client find WORD…`.
struct FindCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Lists the books with some words in their titles.",
        discussion: """
            All of the words must be in the title, whatever their case and order; the last one may \
            be the beginning of a word. The best matches come first.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var form: FormOption

    @Argument(help: "The words, such as impatient student.")
    var words: [String]

    func run() throws {
        try form.show(store.client().find(words: words.joined(separator: " ")), cut: true)
    }
}

/// `client lookup N`.
struct LookupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Shows a book.")

    @OptionGroup var store: StoreOption
    @OptionGroup var form: FormOption
    @OptionGroup var item: ItemArgument

    func run() throws { try form.show(store.client().lookup(item: item.itemNumber)) }
}

/// `client buy N`.
struct BuyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "buy", abstract: "Buys copies of a book.",
        discussion: """
            All of the copies are bought together, or none of them. \
            The buy has a key of its own, and is repeated with it where the store does not confirm \
            it; it is never made twice. The answer shows the key.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var form: FormOption
    @OptionGroup var item: ItemArgument

    @Option(help: "How many copies, up to 1000.")
    var quantity = 1

    @Option(help: "The key of an earlier buy whose outcome is not known, to learn it.")
    var key: String?

    func validate() throws {
        guard Quantity.range.contains(UInt32(clamping: quantity)) else {
            throw ValidationError("The quantity must be from 1 to 1000, not \(quantity).")
        }
        guard let key else { return }
        do throws(IdempotencyKeyFault) {
            _ = try IdempotencyKeyHeader.validated(Array(key.utf8))
        } catch {
            throw ValidationError("The key cannot be used: \(error).")
        }
    }

    func run() throws {
        let key = key ?? StoreClient.newKey()
        var client = try store.client()
        client.notice = { Standard.error($0) }
        // A person may end the program before there is an answer, and needs the key then; a script
        // gets it in the answer, or in the error.
        let terminal = Terminal(STDERR_FILENO)
        if terminal.isTerminal { Standard.error(terminal.text("key \(key)", .faint)) }
        try form.show(
            client.buy(
                item: item.itemNumber, quantity: quantity, key: key))
    }
}
