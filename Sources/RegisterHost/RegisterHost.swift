internal import API
public import Replication
public import ServerRuntime

/// Votes in the view registers, on a real disk: every kind of server has them.
///
/// ``AcceptorHost`` makes each promise durable before it is answered; ``Envelope`` is how the
/// messages of `Replication` travel in HTTP bodies.
public enum RegisterHost {
    /// The groups that have a view register, by the name that their messages bear.
    public static let groups = ["catalog", "orders"]

    /// The acceptors that a configuration names: all servers, less the last front end where their
    /// number is even, so that a majority is as small as it can be.
    public static func acceptors(of environment: ServerEnvironment) -> [ServerName] {
        var ids = environment.configuration.servers.map(\.id)
        if ids.count.isMultiple(of: 2), let last = ids.lastIndex(where: { $0.kind == .frontEnd }) {
            ids.remove(at: last)
        }
        return ids.map { ServerName($0.name) }
    }
}
