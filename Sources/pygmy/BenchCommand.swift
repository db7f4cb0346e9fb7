import API
import ArgumentParser
import Console
import Foundation
import HTTPClient

/// `pygmy bench`: loads a running store for a while and says what it bore.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Loads a running store and prints throughput and latency.",
        discussion: """
            The buys are real: run it against a store whose stock may go. A book that is out of \
            stock counts as refused until it is restocked.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: "Clients at the same time, each with one request under way.")
    var clients = 16

    @Option(help: "How long, in seconds.")
    var seconds = 10

    @Option(help: "How many of the requests are lookups, in proportion.")
    var lookups = 80

    @Option(help: "How many are searches.")
    var searches = 10

    @Option(help: "How many are buys.")
    var buys = 10

    func validate() throws {
        guard (1...1024).contains(clients) else {
            throw ValidationError("--clients must be from 1 to 1024.")
        }
        guard (1...86_400).contains(seconds) else {
            throw ValidationError("--seconds must be from 1 to 86400.")
        }
        let weights = [lookups, searches, buys]
        guard weights.allSatisfy({ (0...1000).contains($0) }), weights.contains(where: { $0 > 0 })
        else {
            throw ValidationError(
                "--lookups, --searches and --buys must be from 0 to 1000, and one of them above 0.")
        }
    }

    func run() throws {
        let store = Store(try file.load())
        let shelf: Shelf
        do throws(StoreFault) {
            shelf = try Shelf(of: store)
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw error.exitCode
        }
        let tally = Tally()
        let end = ContinuousClock.now + .seconds(seconds)
        let mix = Mix(lookups: lookups, searches: searches, buys: buys)
        let address = store.listen
        // A client of its own for every few threads, so that theirs is not the bottleneck.
        let connections = (0..<max(1, min(4, clients / 8))).map { _ in HTTPClient() }
        let group = DispatchGroup()
        for number in 0..<clients {
            let http = connections[number % connections.count]
            let visitor = Visitor(
                http: http, address: address, shelf: shelf, mix: mix, tally: tally, end: end)
            group.enter()
            Thread.detachNewThread {
                visitor.run()
                group.leave()
            }
        }
        watch(tally, group)
        Standard.output(
            tally.table(over: .seconds(seconds), width: Terminal(STDOUT_FILENO).width))
    }

    /// Every second on standard error: a bar with the time left on a terminal, a line elsewhere.
    private func watch(_ tally: Tally, _ group: DispatchGroup) {
        let terminal = Terminal(STDERR_FILENO)
        var progress = Progress("loading", .seconds, terminal: terminal, delay: .zero)
        var last = tally.counts
        var second = 0
        while group.wait(timeout: .now() + 1) == .timedOut {
            second += 1
            let counts = tally.counts
            let rates = Tally.Kind.allCases.map { kind in
                "\(kind.rawValue) \(counts[kind.index] - last[kind.index])/s"
            }
            last = counts
            let note = rates.joined(separator: "  ")
            if terminal.isTerminal {
                progress.advance(to: min(second, seconds), of: seconds, note: note)
            } else {
                Standard.write("\(second) of \(seconds) s  \(note)\n", to: STDERR_FILENO)
            }
        }
        progress.finish()
    }
}

/// What there is to look up and to buy.
struct Shelf: Sendable {
    let topics: [String]
    let items: [Int64]

    /// Asks the store for its topics and for the first books of each.
    init(of store: Store) throws(StoreFault) {
        let body = try store.get("/topics", at: store.listen)
        let listed = (try? JSON(parsing: body))?["topics"]?.elements?.compactMap(\.string) ?? []
        topics = listed.prefix(100).map(PercentEncoding.encode)
        var items: [Int64] = []
        for topic in topics {
            let body = try store.get("/search/\(topic)?limit=100", at: store.listen)
            let found = (try? JSON(parsing: body))?["items"]?.elements ?? []
            items += found.compactMap { $0["itemNumber"]?.integer }
        }
        self.items = items
        guard !items.isEmpty else { throw .refused("\(store.listen) has no books to load it with") }
    }
}

/// How often each kind of request is made.
struct Mix: Sendable {
    let lookups: Int
    let searches: Int
    let buys: Int

    func pick(_ generator: inout some RandomNumberGenerator) -> Tally.Kind {
        let number = Int.random(in: 0..<(lookups + searches + buys), using: &generator)
        if number < lookups { return .lookup }
        return number < lookups + searches ? .search : .buy
    }
}
