import API
import ArgumentParser
import Console
import Glibc

/// Where the store is.
struct StoreOption: ParsableArguments {
    @Option(
        help: "Where the store is. (default: `listen` in the configuration)",
        transform: StoreOption.address(of:))
    var url: Address?

    @Option(help: "A configuration that says where the store is. (default: config.json)")
    var config: String?

    /// A client of that store.
    func client() throws -> StoreClient { StoreClient(address: try address()) }

    private func address() throws -> Address {
        if let url { return url }
        let path = config ?? "config.json"
        // A customer has no configuration as a rule; the default then is where the store is.
        if config == nil, access(path, F_OK) != 0 { return Configuration.Settings().listen }
        do throws(ConfigurationError) {
            return try Configuration.load(path: path).settings.listen.reachable
        } catch {
            Standard.error("\(error)")
            throw ExitCode.configuration
        }
    }

    /// `http://host:port/`, `http://host` or `host:port`.
    static func address(of url: String) throws -> Address {
        var rest = url[...]
        var hasScheme = false
        if rest.lowercased().hasPrefix("http://") {
            rest = rest.dropFirst(7)
            hasScheme = true
        } else if rest.contains("://") {
            throw ValidationError("\(url) does not begin with http://.")
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if let end = rest.firstIndex(where: { "/?#".contains($0) }) {
            throw ValidationError(
                "\(rest[end...]) has no place here: where the store is has a host and a port, such "
                    + "as http://127.0.0.1:8080/, and no path.")
        }
        guard !rest.contains("@") else {
            throw ValidationError(
                "a user has no place here: where the store is has a host and a port, such as "
                    + "http://127.0.0.1:8080/, and customers have no names.")
        }
        let hasPort = rest.hasPrefix("[") ? rest.contains("]:") : rest.contains(":")
        let text = hasScheme && !hasPort ? "\(rest):80" : String(rest)
        do throws(AddressFault) {
            return try Address(parsing: text)
        } catch {
            throw ValidationError("\(url) is no URL of a store: \(text) \(error).")
        }
    }
}

/// The number of a book on the command line.
struct ItemArgument: ParsableArguments {
    @Argument(help: "The book's number.")
    var itemNumber: String

    func validate() throws {
        if ItemNumber.parse(itemNumber) == .malformed {
            throw ValidationError("\(itemNumber) is not the number of a book.")
        }
    }
}

/// How an answer is shown.
struct FormOption: ParsableArguments {
    @Flag(help: "Print the answer as it came.")
    var json = false

    /// Shows an outcome and ends the program with what it means.
    /// - Parameter cut: whether lines that the window has no room for are cut off.
    func show(_ outcome: StoreClient.Outcome, cut: Bool = false) throws {
        switch outcome {
        case .done(let body, let text):
            if json {
                Standard.output(String(decoding: body, as: UTF8.self))
            } else {
                Standard.output(cut ? Terminal(STDOUT_FILENO).fitting(text) : text)
            }
        case .refused(let body, let text):
            refuse(body, text)
            throw ExitCode(1)
        case .unavailable(let body, let text):
            refuse(body, text)
            throw ExitCode.unavailable
        }
    }

    private func refuse(_ body: [UInt8], _ text: String) {
        if json, !body.isEmpty { Standard.output(String(decoding: body, as: UTF8.self)) }
        Standard.error(text)
    }
}
