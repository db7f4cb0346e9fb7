import API
import ArgumentParser
import Console
import Glibc

/// `pygmy orders`: the history of orders as a table.
struct OrdersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders",
        abstract: "Shows the orders of a running store by their time, the newest first.",
        discussion: """
            Times are UTC, as 2026-11-22 or 2026-11-22T22:20:05Z. For all orders at once there is \
            pygmy export orders.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: ArgumentHelp("Only orders of this book.", valueName: "number"))
    var item: String?

    @Option(help: ArgumentHelp("Only orders from this time on.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Only orders before this time.", valueName: "time"))
    var to: String?

    @Flag(help: "Show the oldest first.")
    var oldest = false

    @Option(help: "How many orders to show, up to 1000.")
    var limit = 20

    @Option(help: ArgumentHelp("Go on behind this order.", valueName: "number"))
    var after: String?

    @Flag(help: "Print the answer as it came.")
    var json = false

    private var query: [(name: String, value: String)] {
        var query = [("sort", oldest ? "oldest" : "newest"), ("limit", "\(limit)")]
        for case (let name, let value?) in [
            ("itemNumber", item), ("from", from), ("to", to), ("after", after),
        ] {
            query.append((name, value))
        }
        return query
    }

    func validate() throws {
        guard (1...OrderHistoryQuery.pageLimit).contains(limit) else {
            throw ValidationError(
                "The limit must be from 1 to \(OrderHistoryQuery.pageLimit), not \(limit).")
        }
        do throws(Problem) {
            _ = try OrderHistoryQuery(query)
        } catch {
            // The option is called otherwise than the parameter.
            throw ValidationError(error.detail.replacing("itemNumber", with: "--item"))
        }
    }

    func run() throws {
        let store = Store(try file.load())
        let token = try store.credentials().adminToken
        let parameters = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
        do throws(StoreFault) {
            let body = try store.get(
                "/orders?\(parameters.joined(separator: "&"))", at: store.listen, secret: token)
            if json { return Standard.output(String(decoding: body, as: UTF8.self)) }
            let page = try? JSON(parsing: body)
            Standard.output(
                OrdersCommand.text(of: page, width: Terminal(STDOUT_FILENO).width))
            if let next = page?["next"]?.number {
                Standard.error("There may be more: --after \(next)")
            }
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw error.exitCode
        }
    }

    /// A line for each order of a page.
    static func text(of page: JSON?, width: Int?) -> String {
        let orders = page?["orders"]?.elements ?? []
        if orders.isEmpty { return "There are no such orders." }
        let rows = orders.map { order in
            ["orderNumber", "time", "itemNumber", "quantity", "cost", "title"].map {
                order[$0]?.string ?? order[$0]?.number ?? "-"
            }
        }
        return Table.text(
            header: ["order", "time", "item", "copies", "cost", "title"], rows: rows, cuttable: [5],
            width: width)
    }
}
