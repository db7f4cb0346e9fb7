import Bookstore
import Replication

/// What the servers and clients did, and whether it was right. It shares nothing with the engine
/// but the types of entries and views.
struct Judge {
    /// What a client asked for and was told.
    struct Operation {
        enum Kind { case lookup, buy, restock }
        enum Result {
            case view(BookView, isHit: Bool)
            case purchase(Purchase)
            case done
        }

        var kind: Kind
        var item: Int64
        var key = ""
        var invoked: Int64
        var answered: Int64?
        var result: Result?
    }

    /// The first fault found.
    private(set) var verdict: String?
    var engineMutation: Mutation?
    var hostMutation: HostMutation?

    /// Every group's committed log, as the first replica to apply an entry applied it.
    private(set) var logs: [[Entry]] = [[], []]
    private var appliedAt: [ServerName: LogIndex] = [:]
    private var views: [[View]] = [[], []]
    var operations: [Operation] = []
    /// How often each fault was made.
    var faults: [String: Int] = [:]

    func breaks(_ mutation: HostMutation) -> Bool { hostMutation == mutation }

    mutating func condemn(_ reason: String) {
        if verdict == nil { verdict = reason }
    }

    // MARK: While it runs

    /// A replica has a state that some prefix of the log made: after a start, or from a snapshot.
    mutating func restored(_ group: Int, _ position: LogPosition, at name: ServerName) {
        appliedAt[name] = position.index
        guard position.index > 0 else { return }
        guard position.index <= logs[group].count else {
            return condemn("\(name) has state \(position), beyond what was ever committed")
        }
        if logs[group][Int(position.index) - 1].view != position.view {
            condemn("\(name) has state \(position), which is not the committed one")
        }
    }

    /// A replica applies entries.
    mutating func committed(_ entries: [Entry], in group: Int, at name: ServerName) {
        for entry in entries {
            guard entry.index == (appliedAt[name] ?? 0) + 1 else {
                return condemn("\(name) applies \(entry.position) out of order")
            }
            appliedAt[name] = entry.index
            if entry.index <= logs[group].count {
                let known = logs[group][Int(entry.index) - 1]
                if known != entry {
                    condemn(
                        "\(name) applies \(entry.position), where \(known.position) was applied")
                }
            } else if entry.index == logs[group].count + 1 {
                logs[group].append(entry)
            } else {
                condemn("\(name) applies \(entry.position), beyond a gap")
            }
        }
    }

    mutating func noticed(_ notice: Notice, in group: Int, at name: ServerName) {
        switch notice {
        case .entered(let view, _):
            if let known = views[group].first(where: { $0.number == view.number }) {
                if known != view {
                    condemn("two views have the number \(view.number): \(known) and \(view)")
                }
                return
            }
            views[group].append(view)
            views[group].sort { $0.number < $1.number }
            for (older, newer) in zip(views[group], views[group].dropFirst())
            where newer.number == older.number + 1 && !older.members.contains(newer.primary) {
                condemn("\(newer) does not follow from \(older)")
            }
        case .diverged: condemn("\(name) says that its committed log is not the primary's")
        case .registerLost: condemn("\(name) says that the register was lost")
        default: break
        }
    }

    var viewCount: Int { views[0].count + views[1].count }

    /// The newest view that any server has entered.
    func newestView(of group: Int) -> View? { views[group].last }

    // MARK: At the end

    /// Looks at everything together.
    mutating func conclude(books: MemoryCatalog) {
        guard verdict == nil else { return }
        var replay = Replay(catalog: books)
        for entry in logs[Cluster.catalog] { replay.sell(entry) }
        for entry in logs[Cluster.orders] { replay.order(entry) }
        for fault in replay.faults { condemn(fault) }
        for operation in operations {
            if let fault = replay.fault(of: operation) { condemn(fault) }
        }
        for item in replay.items.sorted() {
            if let fault = replay.order(
                of: operations.filter { $0.item == item && $0.kind != .restock })
            {
                condemn(fault)
            }
        }
    }

    func finalState(of group: Int, books: MemoryCatalog) -> String {
        var machine: Machine =
            group == Cluster.catalog ? .catalog(books) : .orders(MemoryOrders())
        for entry in logs[group] { _ = machine.apply(entry.payload) }
        return machine.summary
    }
}
