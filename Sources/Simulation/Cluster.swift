import Bookstore
import MonotonicTime
import Replication

/// The servers of a simulation: front ends, catalog and order servers, and the register's voters
/// among them.
final class Cluster {
    static let catalog = 0
    static let orders = 1
    static let openingStock: Int64 = 20

    let world: World
    let catalogNames: [ServerName]
    let orderNames: [ServerName]
    let frontEndNames: [ServerName]
    let acceptorNames: [ServerName]

    init(world: World) {
        self.world = world
        let profile = world.profile
        catalogNames = (1...profile.catalogReplicas).map { ServerName("catalogServer\($0)") }
        orderNames = (1...profile.orderReplicas).map { ServerName("orderServer\($0)") }
        frontEndNames = (1...profile.frontEnds).map { ServerName("frontEndServer\($0)") }
        // All of the servers, less the last front end where the number is even.
        var voters = catalogNames + orderNames + frontEndNames
        if voters.count.isMultiple(of: 2) { voters.removeLast() }
        acceptorNames = voters
        for name in catalogNames { add(name, Cluster.catalog, .catalog(Cluster.books(profile))) }
        for name in orderNames { add(name, Cluster.orders, .orders(MemoryOrders())) }
        for name in frontEndNames { add(name, nil, nil) }
    }

    static func books(_ profile: Profile) -> MemoryCatalog {
        MemoryCatalog(
            books: (1...profile.books).map {
                Book(
                    itemNumber: Int64($0), title: "Book \($0)", topic: "topic",
                    cost: Cents(1000), stock: openingStock)
            })
    }

    private func add(_ name: ServerName, _ group: Int?, _ initial: Machine?) {
        let node = Node(name: name, world: world)
        if let initial {
            node.replicaDisk = ReplicaDisk(
                identity: StoreIdentity(world.random.next()), empty: initial)
        }
        node.acceptorDisks = [AcceptorDisk(), AcceptorDisk()]
        node.start = { [unowned self] node in
            node.acceptors = node.acceptorDisks.map {
                Acceptor(
                    member: Member(name: node.name, identity: node.acceptorIdentity),
                    state: $0.state)
            }
            if let group, let disk = node.replicaDisk {
                node.replica = ReplicaDriver(node: node, group: group, cluster: self, disk: disk)
                if group == Cluster.orders { node.replica?.reconcile() }
                node.learnCatalogPrimary()
            } else {
                node.frontEnd = FrontEnd(node: node, cluster: self)
            }
        }
        world.add(node)
    }

    func names(of group: Int) -> [ServerName] {
        group == Cluster.catalog ? catalogNames : orderNames
    }

    func node(_ name: ServerName) -> Node? { world.nodes.first { $0.name == name } }

    /// Judges that what is committed would survive: every member of the newest view has it on its
    /// disk, whether that view is known to anybody yet or only to the register.
    func checkDurable(in group: Int) {
        guard let position = world.judge.logs[group].last?.position,
            let view = decidedView(of: group)
        else { return }
        for member in view.members {
            guard let disk = node(member.name)?.replicaDisk, disk.identity == member.identity,
                !disk.holds(position)
            else { continue }
            return world.judge.condemn(
                "\(position) is committed, and \(member) of \(view) does not have it on its disk")
        }
    }

    /// The newest view that a majority of the acceptors has accepted under one ballot.
    private func decidedView(of group: Int) -> View? {
        let accepted = acceptorNames.compactMap { name -> (Member, AcceptedValue)? in
            guard let node = node(name), let value = node.acceptorDisks[group].state.accepted else {
                return nil
            }
            return (Member(name: name, identity: node.acceptorIdentity), value)
        }
        var newest = world.judge.newestView(of: group)
        for (_, proposal) in accepted where proposal.value.view.number > newest?.number ?? 0 {
            let voters = proposal.value.acceptors
            let votes = accepted.count {
                $0.1.ballot == proposal.ballot && voters.contains($0.0)
            }
            if votes * 2 > voters.count { newest = proposal.value.view }
        }
        return newest
    }

    func configuration(of group: Int, for name: ServerName) -> Configuration {
        let profile = world.profile
        var configuration = Configuration(
            group: group == Cluster.catalog ? "catalog" : "orders", name: name,
            replicas: names(of: group), acceptors: acceptorNames,
            lessees: group == Cluster.catalog ? frontEndNames : [])
        configuration.tailEntries = profile.tailEntries
        configuration.retainedEntries = profile.retainedEntries
        configuration.tailBytes = profile.tailBytes
        configuration.retainedBytes = profile.retainedBytes
        if profile.aim == .snapshots, let place = configuration.replicas.firstIndex(of: name) {
            // What one primary has forgotten the next one may still have.
            configuration.retainedEntries = place.isMultiple(of: 2) ? 2 : 40
        }
        configuration.maximumBatchEntries = profile.batchEntries
        configuration.mutation = world.judge.engineMutation
        return configuration
    }
}
