import MonotonicTime
import Replication

/// Sends an order server's requests to the primary of the catalog, whoever that is: as the real
/// `GroupClient` does, which has no heartbeats, and finds it by trying where the server's own vote
/// in the catalog's views has not told.
final class GroupClient {
    /// How long one server may take before another is asked.
    private static let attemptLimit = Instant.Span.milliseconds(1_500)
    private static let retryPause = Instant.Span.milliseconds(50)

    private unowned let node: Node
    private let cluster: Cluster
    private let members: [ServerName]
    private var primary: Int?

    init(node: Node, cluster: Cluster) {
        self.node = node
        self.cluster = cluster
        members = cluster.names(of: Cluster.catalog)
    }

    /// Takes note of the primary of a view that this server has voted for.
    func learn(primary name: ServerName) { primary = members.firstIndex(of: name) ?? primary }

    /// Sends a request; the completion gets nil where the time was over.
    func send<Value>(
        until deadline: Instant,
        _ service: @escaping (ReplicaDriver, @escaping (Answer<Value>) -> Void) -> Void,
        completion: @escaping (Value?) -> Void
    ) {
        attempt(at: primary ?? 0, until: deadline, service, completion)
    }

    private func attempt<Value>(
        at place: Int, until deadline: Instant,
        _ service: @escaping (ReplicaDriver, @escaping (Answer<Value>) -> Void) -> Void,
        _ completion: @escaping (Value?) -> Void
    ) {
        let left = deadline - node.now
        guard left > .zero, let target = cluster.node(members[place]) else {
            return completion(nil)
        }
        let limit = min(left, Self.attemptLimit)
        node.world.call(from: node, to: target, timeout: limit) {
            (node: Node, reply: @escaping (Answer<Value>) -> Void) in
            if let driver = node.replica { service(driver, reply) }
        } completion: { [self] answer in
            var next = (place + 1) % members.count
            var pause = Self.retryPause
            switch answer {
            case .value(let value)?:
                primary = place
                return completion(value)
            case .elsewhere(let name?)? where name != members[place]:
                guard let other = members.firstIndex(of: name) else { break }
                primary = other
                next = other
                pause = .milliseconds(5)
            case .elsewhere, .unknown, nil:
                if primary == place { primary = nil }
                next = primary ?? next
            }
            node.later(pause) { [self] in
                attempt(at: next, until: deadline, service, completion)
            }
        }
    }
}
