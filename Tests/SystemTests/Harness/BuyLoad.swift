internal import Foundation
internal import Synchronization

/// One buy of one client, and all that it was told.
struct Purchase: Sendable {
    var key: String
    var item: Int
    /// The status of every answer, 0 where the connection broke.
    var statuses: [Int] = []
    /// What the last answer said.
    var answer: HTTPAnswer?

    /// The order's number, where the buy was answered as done.
    var orderNumber: Int? {
        guard let answer, answer.status == 201 || answer.status == 200 else { return nil }
        return answer.json["orderNumber"] as? Int
    }
    var isRefused: Bool { answer?.status == 409 }
    /// What it was told, for the audit.
    var receipt: Receipt {
        Receipt(key: key, item: item, orderNumber: orderNumber, isRefused: isRefused)
    }
}

/// Clients that buy without a pause, each over a connection of its own, and remember every answer.
final class BuyLoad: Sendable {
    /// What a client does when it is not told the outcome.
    enum WhenUnanswered: Sendable {
        /// Asks again with the same key, as a good client does, until it knows.
        case asksAgain
        /// Leaves it at that.
        case givesUp
    }

    private let isStopping = Mutex(false)
    private let purchases = Mutex<[Purchase]>([])
    private let threads = Mutex<[ResultThread<Void>]>([])

    /// Starts the clients.
    /// - Parameter name: goes before every key, so that two loads have different ones.
    init(
        on cluster: Cluster, clients: Int, items: [Int] = Array(1...7), name: String = "load",
        whenUnanswered: WhenUnanswered = .asksAgain, limit: Int = .max
    ) {
        let started = (0..<clients).map { client in
            ResultThread { [self] in
                var connection: HTTPConnection?
                var number = 0
                while number < limit, !isStopping.withLock({ $0 }) {
                    let item = items[(client + number) % items.count]
                    var purchase = Purchase(key: "\(name)-\(client)-\(number)", item: item)
                    number += 1
                    repeat {
                        Self.attempt(&purchase, cluster, &connection)
                        // A server that is not there answers at once: no storm while it comes back.
                        if purchase.answer == nil { Thread.sleep(forTimeInterval: 0.02) }
                    } while purchase.answer == nil && whenUnanswered == .asksAgain
                        && purchase.statuses.count < 2000
                    let done = purchase
                    purchases.withLock { $0.append(done) }
                }
            }
        }
        threads.withLock { $0 = started }
    }

    /// How many buys have had their outcome.
    var count: Int { purchases.withLock { $0.count } }

    /// Waits until so many more buys have had their outcome.
    func waitForMore(_ more: Int) throws {
        let goal = count + more
        try eventually("\(more) more buys", within: .seconds(60)) { count >= goal }
    }

    /// Ends the clients, each after its buy, and gives all buys.
    func stop() -> [Purchase] {
        isStopping.withLock { $0 = true }
        return finish()
    }

    /// Waits for clients that have a limit, and gives all buys.
    func finish() -> [Purchase] {
        for thread in threads.withLock({ $0 }) { thread.join() }
        threads.withLock { $0 = [] }
        return purchases.withLock { $0 }
    }

    private static func attempt(
        _ purchase: inout Purchase, _ cluster: Cluster, _ connection: inout HTTPConnection?
    ) {
        do {
            let open = try connection ?? HTTPConnection(port: cluster.port)
            connection = open
            let answer = try open.request(
                "POST", "/buy/\(purchase.item)", headers: ["Idempotency-Key": purchase.key])
            purchase.statuses.append(answer.status)
            if answer.status < 500 { purchase.answer = answer }
            if answer.header("Connection")?.lowercased() == "close" { connection = nil }
        } catch {
            purchase.statuses.append(0)
            connection = nil
        }
    }
}
