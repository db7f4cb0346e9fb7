import Bookstore
import Replication

/// What the servers and clients did, and whether it was right. It shares nothing with the engine
/// but the types of entries and views.
struct Judge {
    /// What a client asked for and was told.
    struct Operation: CustomStringConvertible {
        enum Kind { case lookup, buy, restock, order }
        enum Result {
            case view(BookView, isHit: Bool)
            case purchase(Purchase)
            /// The book right after the restocking that was answered.
            case restocked(BookView)
            /// The number of the order's sale, where there is such an order.
            case order(sale: Int64?)
        }

        var kind: Kind
        /// The book, or the number of the order.
        var item: Int64
        var key = ""
        /// When it was first sent, and when it was answered, in nanoseconds of the world's time.
        var invoked: Int64
        var answered: Int64?
        var result: Result?

        var description: String {
            let what = key.isEmpty ? "\(kind) \(item)" : "\(kind) \(item) under \(key)"
            return "\(what) at \(Double(invoked) / 1e9) s"
        }
    }

    /// The first fault found.
    private(set) var verdict: String?
    var engineMutation: Mutation?
    var hostMutation: HostMutation?

    /// Every group's committed log, as the first replica to apply an entry applied it.
    private(set) var logs: [[Entry]] = [[], []]
    private var appliedAt: [ServerName: LogIndex] = [:]
    private var views: [[View]] = [[], []]
    /// The highest number of a view that was proposed, of each group.
    private(set) var newestProposals: [ViewNumber] = [0, 0]
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

    /// A replica has cut entries off its log, which none does with what is committed.
    mutating func lost(_ entries: [Entry], in group: Int, at name: ServerName) {
        for entry in entries where entry.index <= logs[group].count {
            guard logs[group][Int(entry.index) - 1] == entry else { continue }
            return condemn("\(name) cuts \(entry.position) off, which is committed")
        }
    }

    mutating func noticed(_ notice: Notice, in group: Int, at name: ServerName) {
        switch notice {
        case .proposing(let view):
            newestProposals[group] = max(newestProposals[group], view.number)
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
    mutating func conclude(_ ledger: Ledger) {
        guard verdict == nil else { return }
        for fault in ledger.faults { condemn(fault) }
        if let fault = History(ledger: ledger, operations: operations).fault() { condemn(fault) }
    }

    /// What the committed logs come to.
    func ledger(books: Int) -> Ledger {
        var ledger = Ledger(books: books, stock: Cluster.openingStock)
        for entry in logs[Cluster.catalog] { ledger.sell(entry) }
        for entry in logs[Cluster.orders] { ledger.order(entry) }
        return ledger
    }

    /// Whether what a replica has of the log on its disk is what was committed.
    mutating func compare(_ entries: [Entry], in group: Int, at name: ServerName) {
        for entry in entries where entry.index <= logs[group].count {
            guard logs[group][Int(entry.index) - 1] != entry else { continue }
            return condemn("\(name) has another entry at \(entry.position) than was committed")
        }
    }
}
