import API
import ArgumentParser
import Console
import Glibc
import HTTPClient

/// `pygmy cache`: what front ends hold, and away with it.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Looks into the front ends' caches of lookups, and empties them.",
        discussion: """
            Keys are written as lookup/17, where 17 is the book's number. What is dropped is \
            fetched again when somebody asks for it; a cache never shows an old stock, so this is \
            for measuring and for peace of mind.
            """,
        subcommands: [List.self, Get.self, Delete.self, Clear.self])

    /// Whose caches.
    struct Target: ParsableArguments {
        @OptionGroup var file: ConfigurationOption

        @Option(help: "Only this front end, such as frontEndServer2. (default: all of them)")
        var server: String?

        @Flag(help: "Print JSON, a document a front end.")
        var json = false

        /// The front ends that are meant.
        func frontEnds(of configuration: Configuration) throws -> [Configuration.Server] {
            let all = configuration.servers(of: .frontEnd)
            guard let server else { return all }
            guard let id = ServerID(parsing: server), let one = all.first(where: { $0.id == id })
            else {
                let known = all.map(\.id.name).joined(separator: ", ")
                throw ValidationError("\(server) is no front end of \(file.config), only \(known)")
            }
            return [one]
        }

        /// Asks each of them, and ends the command with 69 where one does not answer.
        func ask(
            _ method: String, _ path: String, show: (ServerID, [UInt8], JSON?) -> Void
        ) throws {
            let store = Store(try file.load())
            let secret = try store.credentials().clusterSecret
            var exitCode = ExitCode.success
            for server in try frontEnds(of: store.configuration) {
                do throws(StoreFault) {
                    let body = try store.send(
                        method, path, at: server.address, secret: secret)
                    if json {
                        Standard.output(String(decoding: body, as: UTF8.self))
                    } else {
                        show(server.id, body, try? JSON(parsing: body))
                    }
                } catch {
                    Standard.error("pygmy: \(server.id): \(error.text)")
                    exitCode = error.exitCode
                }
            }
            if exitCode != .success { throw exitCode }
        }

        /// Says how many entries went.
        func showDropped(_ id: ServerID, _ document: JSON?) {
            Standard.output("\(id): dropped \(document?["dropped"]?.number ?? "?")")
        }
    }

    /// `pygmy cache list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the keys, with their age in seconds.")

        @OptionGroup var target: Target

        @Option(help: "Only keys that begin with this, such as lookup/1.")
        var prefix = ""

        func run() throws {
            var rows: [[String]] = []
            try target.ask("GET", "/cache?prefix=\(PercentEncoding.encode(prefix))") {
                id, _, document in
                for entry in document?["keys"]?.elements ?? [] {
                    rows.append([
                        id.name, entry["key"]?.string ?? "", entry["ageSeconds"]?.number ?? "",
                    ])
                }
            }
            guard !target.json else { return }
            Standard.output(
                Table.text(
                    header: ["server", "key", "age s"], rows: rows,
                    width: Terminal(STDOUT_FILENO).width))
        }
    }

    /// `pygmy cache get`.
    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Shows what is cached under a key.")

        @OptionGroup var target: Target
        @OptionGroup var key: Key

        func run() throws {
            try target.ask("GET", "/cache/\(key.number)") { id, body, _ in
                Standard.output("\(id): \(String(decoding: body, as: UTF8.self))")
            }
        }
    }

    /// `pygmy cache delete`.
    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Drops the entry of a key.")

        @OptionGroup var target: Target
        @OptionGroup var key: Key

        func run() throws {
            try target.ask("DELETE", "/cache/\(key.number)") { id, _, document in
                target.showDropped(id, document)
            }
        }
    }

    /// `pygmy cache clear`.
    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clear", abstract: "Drops all entries, or those with a prefix.")

        @OptionGroup var target: Target

        @Option(help: "Only keys that begin with this, such as lookup/1.")
        var prefix = ""

        func run() throws {
            try target.ask("DELETE", "/cache?prefix=\(PercentEncoding.encode(prefix))") {
                target.showDropped($0, $2)
            }
        }
    }

    /// A key on the command line.
    struct Key: ParsableArguments {
        @Argument(help: "The key, such as lookup/17, or the book's number alone.")
        var key: String

        /// The book's number in it.
        var number: String { key.hasPrefix("lookup/") ? String(key.dropFirst(7)) : key }

        func validate() throws {
            if ItemNumber.parse(number) == .malformed {
                throw ValidationError("\(key) is no key: one is written as lookup/17.")
            }
        }
    }
}
