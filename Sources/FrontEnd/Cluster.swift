internal import API
internal import MonotonicTime

/// What this front end knows of the back end, and where it would send a request.
///
/// Heartbeats bring most of it; what happens to requests brings it sooner. Knowledge that is out of
/// date costs a detour and nothing else: a server that cannot answer says so.
struct Cluster: Sendable {
    /// What a request needs of the server that it is sent to.
    enum Need: Sendable, Hashable {
        /// Any member of the group's view.
        case member(ServerKind)
        /// The group's primary.
        case primary(ServerKind)

        var kind: ServerKind {
            switch self {
            case .member(let kind), .primary(let kind): kind
            }
        }
    }

    /// One server of the back end.
    struct Server: Sendable {
        let id: ServerID
        let address: String
        var isReachable = false
        /// When `isReachable` last changed.
        var since: Instant
        /// Heartbeats in a row that were not answered.
        var missedHeartbeats = 0
        /// What it last said of itself.
        var report: ServerReport?
    }

    /// The servers of one kind, by their places in `servers`.
    struct Group: Sendable {
        let places: [Int]
        /// The newest view that any server has told of; 0 for none.
        var viewNumber: UInt64 = 0
        /// The members of that view, primary first; empty where no view is known.
        var members: [Int] = []
        /// Who is thought to be primary: of the view, or whom a request has found since.
        var primary: Int?
        /// Whose turn it is to answer a read.
        var turn = 0
    }

    /// Heartbeats that may go unanswered in a row before a server counts as gone.
    static let toleratedMisses = 2

    /// Changes that are kept to be told of, at most.
    private static let changesKept = 100

    private(set) var servers: [Server]
    /// What the other front ends say, as the servers of the back end pass it on.
    private var others: [String: (report: FrontEndReport, saidAt: Instant)] = [:]
    /// A sentence for everything that has changed and was not told of yet.
    private var changes: [String] = []
    private var catalog: Group
    private var orders: Group

    /// Knows the servers by name, and nothing else about them.
    init(_ configuration: Configuration, at now: Instant) {
        servers = (configuration.servers(of: .catalog) + configuration.servers(of: .order)).map {
            Server(id: $0.id, address: $0.address.description, since: now)
        }
        let kinds = servers.map(\.id.kind)
        catalog = Group(places: kinds.indices.filter { kinds[$0] == .catalog })
        orders = Group(places: kinds.indices.filter { kinds[$0] == .order })
    }

    /// The group of a kind; the catalog's for front ends, which form none.
    subscript(kind: ServerKind) -> Group {
        get { kind == .order ? orders : catalog }
        set { if kind == .order { orders = newValue } else { catalog = newValue } }
    }

    /// The place of a server by its name.
    func place(of name: String) -> Int? {
        servers.firstIndex { $0.id.name == name }
    }

    /// Whether a group's primary is known and answers.
    func hasPrimary(_ kind: ServerKind) -> Bool {
        self[kind].primary.map { servers[$0].isReachable } ?? false
    }

    /// Whether some server of a group answers reads.
    func hasReader(_ kind: ServerKind) -> Bool {
        self[kind].places.contains {
            servers[$0].isReachable && servers[$0].report?.serves == true
        }
    }

    // MARK: What is told of it

    /// What this front end says of the cluster in its heartbeats.
    func report(of name: String) -> FrontEndReport {
        FrontEndReport(
            name: name, reaches: servers.filter(\.isReachable).map(\.id.name),
            catalogView: catalog.viewNumber, ordersView: orders.viewNumber)
    }

    /// Which of the other front ends have said lately that they reach a server.
    func frontEnds(reaching server: ServerID, at now: Instant) -> [String] {
        others.values.filter { other in
            now - other.saidAt < Self.reportLifetime && other.report.reaches.contains(server.name)
        }.map(\.report.name).sorted()
    }

    /// A sentence for everything that has changed since the last call.
    mutating func takeChanges() -> [String] {
        defer { changes = [] }
        return changes
    }

    private mutating func note(_ change: String) {
        if changes.count < Self.changesKept { changes.append(change) }
    }

    /// For how long what a front end has said counts.
    private static let reportLifetime = Instant.Span.seconds(5)

    // MARK: Routing

    /// The server that a request goes to next.
    /// - Parameter tried: servers that have failed it in this round.
    /// - Returns: its place; nil where all were tried.
    mutating func choose(_ need: Need, excluding tried: Set<Int>) -> Int? {
        let group = self[need.kind]
        if case .primary = need, let primary = group.primary, !tried.contains(primary) {
            return primary
        }
        // Servers that say they serve come first, then those that answer at all: what is known may
        // be out of date, and to ask costs less than to refuse. One that does not answer is asked
        // only where none does: it would hold the request up for as long as a server may take.
        let reachable = group.places.filter { servers[$0].isReachable }
        for candidates in [
            reachable.filter { servers[$0].report?.serves == true },
            group.members.filter { servers[$0].isReachable },
            reachable.isEmpty ? group.places : reachable,
        ] {
            let open = candidates.filter { !tried.contains($0) }
            guard !open.isEmpty else { continue }
            let turn = group.turn
            self[need.kind].turn = (turn + 1) % 720_720  // A multiple of all small counts.
            return open[turn % open.count]
        }
        return nil
    }

    /// Whether a request has to be passed on by the server that it goes to: it needs the primary,
    /// and that is another one, which does not answer here.
    func isRelayed(_ need: Need, by place: Int) -> Bool {
        guard case .primary(let kind) = need, let primary = self[kind].members.first else {
            return false
        }
        return primary != place && !servers[primary].isReachable
    }

    /// Whether a request that this server fails could go elsewhere.
    func hasAlternative(_ kind: ServerKind) -> Bool {
        self[kind].places.count > 1
    }

    // MARK: What requests tell

    /// A server answered a request; a request to the primary has so found who that is.
    mutating func answered(_ place: Int, need: Need, at now: Instant) {
        setReachable(place, true, at: now)
        if case .primary(let kind) = need { self[kind].primary = place }
    }

    /// A server named the primary of its group.
    mutating func named(primary place: Int) {
        self[servers[place].id.kind].primary = place
    }

    /// A server could not be reached, or did not answer in time.
    mutating func failed(_ place: Int, isGone: Bool, at now: Instant) {
        let kind = servers[place].id.kind
        if self[kind].primary == place { self[kind].primary = nil }
        if isGone { setReachable(place, false, at: now) }
    }

    // MARK: What heartbeats tell

    /// A server answered a heartbeat.
    mutating func heard(_ report: ServerReport, from place: Int, at now: Instant) {
        servers[place].missedHeartbeats = 0
        servers[place].report = report
        setReachable(place, true, at: now)
        learn(report.view, of: servers[place].id.kind)
        if report.isPrimary, report.view.number == self[servers[place].id.kind].viewNumber {
            self[servers[place].id.kind].primary = place
        }
    }

    /// A server passes on what another front end has told it.
    mutating func heard(_ report: FrontEndReport, at now: Instant) {
        let saidAt = now - .milliseconds(min(report.age, 3_600_000))
        if let known = others[report.name], known.saidAt > saidAt { return }
        others[report.name] = (report, saidAt)
    }

    /// A server did not answer a heartbeat.
    mutating func missedHeartbeat(of place: Int, at now: Instant) {
        servers[place].missedHeartbeats += 1
        guard servers[place].missedHeartbeats >= Self.toleratedMisses else { return }
        setReachable(place, false, at: now)
        let kind = servers[place].id.kind
        if self[kind].primary == place { self[kind].primary = nil }
    }

    /// Takes note of a view; one that is older than the newest known says nothing.
    mutating func learn(_ view: ServerReport.View, of kind: ServerKind) {
        guard view.number > self[kind].viewNumber else { return }
        self[kind].viewNumber = view.number
        self[kind].members = view.members.compactMap { place(of: $0) }
        self[kind].primary = self[kind].members.first
        let group = kind == .order ? "orders'" : "catalog's"
        note("the \(group) view is now \(view.number): \(view.members.joined(separator: ", "))")
    }

    private mutating func setReachable(_ place: Int, _ isReachable: Bool, at now: Instant) {
        guard servers[place].isReachable != isReachable else { return }
        servers[place].isReachable = isReachable
        servers[place].since = now
        note("\(servers[place].id.name) \(isReachable ? "answers" : "no longer answers")")
    }
}

/// What a server of the back end says of itself in its answer to a heartbeat.
struct ServerReport: Sendable, Equatable {
    /// The newest view of its group that the server knows.
    struct View: Sendable, Equatable {
        /// 0 where it knows none.
        var number: UInt64 = 0
        /// The names of the members, primary first.
        var members: [String] = []
    }

    /// What the server is in that view.
    enum Role: String, Sendable {
        case primary, backup, joining
    }

    var view = View()
    var role = Role.joining
    /// Whether it answers reads at present.
    var serves = false

    /// Whether it is the primary, and ready to be one.
    var isPrimary: Bool { role == .primary && serves }
}
