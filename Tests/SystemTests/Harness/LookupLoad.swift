internal import Synchronization

/// Clients that look books up without a pause and count what they get.
final class LookupLoad: Sendable {
    private let isStopping = Mutex(false)
    private let statuses = Mutex<[Int: Int]>([:])
    private let threads: Mutex<[ResultThread<Void>]> = Mutex([])

    init(on cluster: Cluster, clients: Int, targets: [String] = (1...7).map { "/lookup/\($0)" }) {
        let started = (0..<clients).map { client in
            ResultThread { [self] in
                var connection: HTTPConnection?
                var number = client
                while !isStopping.withLock({ $0 }) {
                    number += 1
                    var status = 0
                    do {
                        let open = try connection ?? HTTPConnection(port: cluster.port)
                        let answer = try open.request("GET", targets[number % targets.count])
                        status = answer.status
                        connection =
                            answer.header("Connection")?.lowercased() == "close" ? nil : open
                    } catch {
                        connection = nil
                    }
                    let seen = status
                    statuses.withLock { $0[seen, default: 0] += 1 }
                }
            }
        }
        threads.withLock { $0 = started }
    }

    /// How many answers there were.
    var count: Int { statuses.withLock { $0.values.reduce(0, +) } }

    /// Waits until there were so many answers more.
    func waitForMore(_ more: Int) throws {
        let goal = count + more
        try eventually("\(more) more lookups", within: .seconds(60)) { count >= goal }
    }

    /// Ends the clients and says how often each status came; 0 stands for a broken connection.
    func stop() -> [Int: Int] {
        isStopping.withLock { $0 = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
        return statuses.withLock { $0 }
    }
}
