import MonotonicTime
import Replication

/// What a front end knows of a group, and which server it would ask: the rules of the real one's
/// `Cluster`, written again without addresses.
struct KnownGroup {
    /// What a request needs of the server that it is sent to.
    enum Need {
        case member
        case primary
    }

    struct Server {
        var isReachable = false
        /// Heartbeats in a row that were not answered.
        var missedHeartbeats = 0
        /// Whether it said that it answers reads.
        var serves = false
    }

    let names: [ServerName]
    private(set) var servers: [Server]
    private(set) var view: View?
    /// Who is thought to be primary: of the view, or whom a request has found since.
    private(set) var primary: Int?
    private var turn = 0

    init(names: [ServerName]) {
        self.names = names
        servers = names.map { _ in Server() }
    }

    /// The server to ask next; nil where all were tried.
    mutating func choose(_ need: Need, excluding tried: Set<Int>) -> Int? {
        if need == .primary, let primary, !tried.contains(primary) { return primary }
        let members = view?.members.compactMap { names.firstIndex(of: $0.name) } ?? []
        for candidates in [
            servers.indices.filter { servers[$0].isReachable && servers[$0].serves },
            members.filter { servers[$0].isReachable },
            servers.indices.filter { servers[$0].isReachable }, Array(servers.indices),
        ] {
            let open = candidates.filter { !tried.contains($0) }
            guard !open.isEmpty else { continue }
            turn += 1
            return open[turn % open.count]
        }
        return nil
    }

    mutating func answered(_ place: Int, _ need: Need) {
        servers[place].isReachable = true
        if need == .primary { primary = place }
    }

    mutating func named(primary place: Int) { primary = place }

    mutating func failed(_ place: Int, isGone: Bool) {
        if primary == place { primary = nil }
        if isGone { servers[place].isReachable = false }
    }

    /// A server answered a heartbeat.
    mutating func heard(_ reply: FrontEndReply, from place: Int) {
        servers[place] = Server(isReachable: true, missedHeartbeats: 0, serves: reply.serves)
        guard let theirs = reply.view else { return }
        if theirs.number > view?.number ?? 0 {
            view = theirs
            primary = names.firstIndex(of: theirs.primary.name)
        }
        if reply.serves, theirs.primary == reply.sender, theirs.number == view?.number {
            primary = place
        }
    }

    mutating func missedHeartbeat(of place: Int) {
        servers[place].missedHeartbeats += 1
        if servers[place].missedHeartbeats >= 2 { failed(place, isGone: true) }
    }
}
