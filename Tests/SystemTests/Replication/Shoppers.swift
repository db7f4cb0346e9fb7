internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport

/// The clock that histories are written by, in nanoseconds.
func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// One thing that a client did, and what it was told.
struct Deed: Sendable {
    enum Action: Equatable, Sendable {
        case lookup
        case buy(key: String)
        case restock(level: Int)
    }

    enum Outcome: Equatable, Sendable {
        case stock(Int)
        case sold(orderNumber: Int)
        case refused
        case restocked(level: Int, added: Int)
        /// It was not told, for this reason.
        case unknown(String)
    }

    var client: String
    var door: String
    var book: Int
    var action: Action
    var outcome: Outcome
    /// When it sent the first request, and when it had the last answer or gave up.
    var start: Int64
    var end: Int64

    var isKnown: Bool {
        if case .unknown = outcome { false } else { true }
    }
}

/// One request of a client at a shop's door: one that got no good answer in the time that its
/// client had, or one that got it late.
struct ShopRequest: Sendable {
    var door: String
    var what: String
    var start: Int64
    var end: Int64

    /// How long it took, in nanoseconds.
    var duration: Int64 { end - start }
}

/// Clients that look up and buy through every door, one request at a time each, and write down all
/// of it. A client waits ten seconds for an answer and repeats nothing, unless it is one of those
/// that ask again, with their key, for what they were not told.
final class Shoppers: Sendable {
    /// What clients do.
    struct Habits: Sendable {
        var clientsPerDoor = 4
        /// The books that they choose from.
        var books = Array(1...7)
        /// Of a hundred deeds, so many are buys.
        var buys = 30
        /// Of a hundred clients' buys, so many are asked for again until the outcome is known.
        var repeats = 50
        /// The longest rest of a client between two deeds, in milliseconds.
        var rest = 8
        /// The book that an administrator fills up now and then, and up to what.
        var restocked: (book: Int, level: Int, times: Int)?
    }

    private struct Notes {
        var deeds: [Deed] = []
        var failures: [ShopRequest] = []
        var lateAnswers: [ShopRequest] = []
        var anomalies: [String] = []
        /// Orders that somebody was told of, to be looked up by others.
        var orders: [(number: Int, book: Int)] = []
    }

    static let patience: Duration = .seconds(10)
    /// What takes longer is kept as a late answer, in nanoseconds.
    private static let lateness: Int64 = 500_000_000

    private let isStopping = Mutex(false)
    private let notes = Mutex(Notes())
    private let threads = Mutex<[ResultThread<Void>]>([])
    private let adminToken: String

    /// Starts the clients.
    init(on stage: some Stage, seed: UInt64, _ habits: Habits = Habits()) {
        adminToken = stage.adminToken
        var started: [ResultThread<Void>] = []
        // The catalog servers answer lookups too: one that comes back must not give what is stale.
        let doors = stage.doors + stage.servers("catalogServer").map(stage.endpoint(of:))
        for (place, door) in doors.enumerated() {
            let sells = place < stage.doors.count
            for number in 0..<(sells ? habits.clientsPerDoor : 2) {
                let name = "\(door.name)/\(number)"
                let random = Lottery(seed: seed &+ UInt64(place * 100 + number))
                started.append(
                    ResultThread { [self] in
                        var client = Client(
                            name: name, key: "\(seed)-\(place)-\(number)", door: door,
                            sells: sells, random: random)
                        shop(&client, habits)
                    })
            }
        }
        if let restocked = habits.restocked, let door = stage.publicDoors.first {
            started.append(
                ResultThread { [self] in
                    var client = Client(
                        name: "administrator", key: "", door: door, sells: true,
                        random: Lottery(seed: seed))
                    restock(&client, restocked.book, restocked.level, times: restocked.times)
                })
        }
        threads.withLock { $0 = started }
    }

    /// How many deeds are done whose outcome is known: all, or those at one door.
    func count(at door: String? = nil) -> Int {
        notes.withLock { notes in
            notes.deeds.count { $0.isKnown && (door == nil || $0.door == door) }
        }
    }

    /// Waits until every one of these doors has given this many good answers more.
    func waitForMore(_ more: Int, at doors: [Endpoint]) throws {
        let goals = doors.map { ($0.name, count(at: $0.name) + more) }
        for (door, goal) in goals {
            try eventually("\(more) more answers at \(door)", within: .seconds(60)) {
                count(at: door) >= goal
            }
        }
    }

    /// Ends the clients, each after what it is at, and gives all that happened.
    func stop() -> History {
        isStopping.withLock { $0 = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
        return notes.withLock { notes in
            History(
                deeds: notes.deeds, failures: notes.failures, lateAnswers: notes.lateAnswers,
                anomalies: notes.anomalies)
        }
    }

    // MARK: One client

    private struct Client {
        let name: String
        let key: String
        let door: Endpoint
        /// Whether it is a shop's door. A catalog server's is not: it may refuse to answer.
        let sells: Bool
        var random: Lottery
        var connection: HTTPConnection?
        var buys = 0

        /// One request; throws where there is no whole answer in time.
        mutating func request(
            _ method: String, _ target: String, _ headers: [String: String] = [:]
        ) throws -> HTTPAnswer {
            do {
                let open =
                    try connection ?? HTTPConnection(to: door, timeout: Shoppers.patience)
                connection = open
                let answer = try open.request(
                    method, target, headers: door.headers.merging(headers) { $1 })
                if answer.header("Connection")?.lowercased() == "close" { connection = nil }
                return answer
            } catch {
                connection = nil
                throw error
            }
        }
    }

    private var goesOn: Bool { isStopping.withLock { !$0 } }

    private func shop(_ client: inout Client, _ habits: Habits) {
        while goesOn {
            let book = habits.books.randomElement(using: &client.random) ?? 1
            if !client.sells {
                lookUp(book, &client)
            } else if Int.random(in: 0..<100, using: &client.random) < habits.buys {
                let isPatient = Int.random(in: 0..<100, using: &client.random) < habits.repeats
                buy(book, &client, asksAgain: isPatient)
            } else if Int.random(in: 0..<40, using: &client.random) == 0 {
                lookUpOrder(&client)
            } else {
                lookUp(book, &client)
            }
            let rest = Int.random(in: 0...habits.rest, using: &client.random)
            Thread.sleep(forTimeInterval: Double(rest) / 1000)
        }
    }

    private func lookUp(_ book: Int, _ client: inout Client) {
        let start = nanoseconds()
        let outcome = attempt("GET", "/lookup/\(book)", &client) { answer in
            guard answer.status == 200, let stock = answer.json["stock"] as? Int else { return nil }
            return .stock(stock)
        }
        note(client, book, .lookup, outcome, start)
    }

    private func buy(_ book: Int, _ client: inout Client, asksAgain: Bool) {
        let key = "\(client.key)-\(client.buys)"
        client.buys += 1
        let start = nanoseconds()
        var outcome: Deed.Outcome
        repeat {
            outcome = attempt("POST", "/buy/\(book)", &client, ["Idempotency-Key": key]) {
                answer in
                if answer.status == 409 { return .refused }
                guard [200, 201].contains(answer.status),
                    let number = answer.json["orderNumber"] as? Int,
                    answer.json["itemNumber"] as? Int == book,
                    answer.json["idempotencyKey"] as? String == key
                else { return nil }
                return .sold(orderNumber: number)
            }
            if case .unknown = outcome, asksAgain { Thread.sleep(forTimeInterval: 0.1) }
            if case .unknown = outcome, asksAgain, goesOn { continue }
            break
        } while true
        note(client, book, .buy(key: key), outcome, start)
        if case .sold(let number) = outcome { notes.withLock { $0.orders.append((number, book)) } }
    }

    /// Any order that any client was told of must be there for everybody, from then on.
    private func lookUpOrder(_ client: inout Client) {
        let pick = client.random.next()
        let order = notes.withLock { notes -> (number: Int, book: Int)? in
            // Mostly one of the last, which a server may not have yet.
            let recent = notes.orders.suffix(20)
            guard !recent.isEmpty else { return nil }
            return recent[recent.startIndex + Int(pick % UInt64(recent.count))]
        }
        guard let order else { return }
        let start = nanoseconds()
        var unexpected: String?
        let outcome = attempt("GET", "/orders/\(order.number)", &client) { answer in
            guard answer.status == 200 || answer.status == 404 else { return nil }
            if answer.json["itemNumber"] as? Int != order.book {
                unexpected =
                    "order \(order.number) of book \(order.book) was answered \(answer.status) "
                    + "\(answer.text)"
            }
            return .stock(0)
        }
        if case .unknown = outcome { return }
        if let unexpected {
            let moment = Double(nanoseconds() - start) / 1e6
            notes.withLock {
                $0.anomalies.append("\(client.name): \(unexpected) after \(moment) ms")
            }
        }
    }

    private func restock(_ client: inout Client, _ book: Int, _ level: Int, times: Int) {
        for _ in 0..<times where goesOn {
            let start = nanoseconds()
            let token = ["Authorization": "Bearer \(adminToken)"]
            let outcome = attempt("POST", "/restock/\(book)", &client, token) { answer in
                guard answer.status == 200, let stock = answer.json["stock"] as? Int,
                    let added = answer.json["added"] as? Int
                else { return nil }
                return .restocked(level: stock, added: added)
            }
            note(client, book, .restock(level: level), outcome, start)
            for _ in 0..<20 where goesOn { Thread.sleep(forTimeInterval: 0.1) }
        }
    }

    /// One request; where its answer is none of those that the client understands, it failed.
    private func attempt(
        _ method: String, _ target: String, _ client: inout Client,
        _ headers: [String: String] = [:], understand: (HTTPAnswer) -> Deed.Outcome?
    ) -> Deed.Outcome {
        let start = nanoseconds()
        var reason: String
        do {
            let answer = try client.request(method, target, headers)
            if let outcome = understand(answer) {
                let request = ShopRequest(
                    door: client.door.name, what: "\(method) \(target)", start: start,
                    end: nanoseconds())
                if client.sells, request.duration > Self.lateness {
                    notes.withLock { $0.lateAnswers.append(request) }
                }
                return outcome
            }
            reason = "\(answer.status) \(answer.text.prefix(200))"
        } catch {
            reason = "\(error)"
        }
        let failure = ShopRequest(
            door: client.door.name, what: "\(method) \(target): \(reason)", start: start,
            end: nanoseconds())
        if client.sells { notes.withLock { $0.failures.append(failure) } }
        // A server that is not there answers at once: no storm while it comes back.
        Thread.sleep(forTimeInterval: 0.02)
        return .unknown(reason)
    }

    private func note(
        _ client: Client, _ book: Int, _ action: Deed.Action, _ outcome: Deed.Outcome,
        _ start: Int64
    ) {
        let deed = Deed(
            client: client.name, door: client.door.name, book: book, action: action,
            outcome: outcome, start: start, end: nanoseconds())
        notes.withLock { $0.deeds.append(deed) }
    }
}
