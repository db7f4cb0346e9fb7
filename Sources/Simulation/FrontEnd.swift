import Bookstore
import Caching
import MonotonicTime
import Replication

/// A front end: its cache, its leases, and its way around servers that do not answer.
final class FrontEnd {
    unowned let node: Node
    let cluster: Cluster
    private let incarnation: Incarnation
    private var cache: FrontEndCache
    private let dispatcher: Dispatcher
    private var waiting: [(token: FillToken<UInt64>, joiner: (BookView?) -> Void)] = []

    init(node: Node, cluster: Cluster) {
        self.node = node
        self.cluster = cluster
        incarnation = Incarnation(node.world.random.next())
        cache = FrontEndCache(breaks: node.world.judge.breaks)
        dispatcher = Dispatcher(node: node, cluster: cluster)
        node.later(.milliseconds(1)) { [self] in beat() }
    }

    // MARK: Heartbeats

    private func beat() {
        for group in [Cluster.catalog, Cluster.orders] { beat(group) }
        node.later(.milliseconds(200)) { [self] in beat() }
    }

    private func beat(_ group: Int) {
        for name in cluster.names(of: group) { heartbeat(name, group) }
    }

    private func heartbeat(_ name: ServerName, _ group: Int) {
        guard let target = cluster.node(name) else { return }
        let sent = node.now
        let message = FrontEndHeartbeat(
            sender: node.name, incarnation: incarnation,
            view: dispatcher.groups[group].view?.number ?? 0,
            asksForLease: group == Cluster.catalog)
        let sender = node.name
        node.world.call(from: node, to: target, timeout: .milliseconds(400)) {
            (node: Node, reply: @escaping (FrontEndReply) -> Void) in
            node.replica?.receive(.frontEndHeartbeat(message), from: sender) {
                if case .frontEndReply(let answer) = $0 { reply(answer) }
            }
        } completion: { [self] answer in
            if let answer {
                take(answer, group, from: name, sent: sent)
            } else {
                dispatcher.missedHeartbeat(of: name, in: group)
            }
        }
    }

    private func take(_ answer: FrontEndReply, _ group: Int, from name: ServerName, sent: Instant) {
        let known = dispatcher.groups[group].view?.number ?? 0
        if let view = answer.view, view.number > known, group == Cluster.catalog {
            cache.learn(view: view.number)
        }
        dispatcher.heard(answer, in: group, from: name)
        grant(answer, group, sent: sent)
        // The new primary waits until it has heard that the old view's contents were dropped.
        if dispatcher.groups[group].view?.number ?? 0 > known, group == Cluster.catalog {
            beat(group)
        }
    }

    private func grant(_ answer: FrontEndReply, _ group: Int, sent: Instant) {
        guard let view = answer.view, let lease = answer.lease, group == Cluster.catalog else {
            return
        }
        let source = LeaseSource(
            viewNumber: view.number, incarnation: view.incarnation.bits,
            grantor: view.primary.name.text)
        cache.grant(from: source, sentAt: sent, duration: lease, at: node.now)
    }

    func invalidate(_ keys: [UInt64]) { cache.invalidate(keys) }

    // MARK: Requests

    /// A client's lookup.
    func lookUp(_ item: Int64, completion: @escaping ((view: BookView, isHit: Bool)?) -> Void) {
        let deadline = node.now + .seconds(8)
        let key = UInt64(item)
        switch cache.lookup(key, at: node.now) {
        case .hit(let view, _): completion((view, true))
        case .join(let token):
            waiting.append(
                (
                    token,
                    { [self] view in
                        if let view {
                            completion((view, false))
                        } else {
                            fetch(item, until: deadline) { completion($0.map { ($0.0, false) }) }
                        }
                    }
                ))
        case .startFill(let token):
            fetch(item, until: deadline) { [self] answer in
                guard let answer else {
                    cache.abandonFill(token)
                    release(token, nil)
                    return completion(nil)
                }
                let outcome = cache.completeFill(
                    token, value: answer.0, cacheable: answer.cacheable, at: node.now)
                completion((answer.0, false))
                release(token, outcome == .answerFounders ? nil : answer.0)
            }
        case .bypass: fetch(item, until: deadline) { completion($0.map { ($0.0, false) }) }
        }
    }

    private func release(_ token: FillToken<UInt64>, _ view: BookView?) {
        let joiners = waiting.filter { $0.token == token }
        waiting.removeAll { $0.token == token }
        for waiter in joiners { waiter.joiner(view) }
    }

    private func fetch(
        _ item: Int64, until deadline: Instant,
        completion: @escaping ((BookView, cacheable: Bool)?) -> Void
    ) {
        dispatcher.send(to: Cluster.catalog, .member, until: deadline) {
            (driver, _, reply: @escaping (Answer<(BookView, cacheable: Bool)>) -> Void) in
            driver.lookUp(item, reply: reply)
        } completion: {
            completion($0)
        }
    }

    /// A client's buy.
    func buy(_ item: Int64, key: String, completion: @escaping (Purchase?) -> Void) {
        dispatcher.send(to: Cluster.orders, .primary, until: node.now + .seconds(8)) {
            (driver, limit, reply: @escaping (Answer<Purchase>) -> Void) in
            driver.buy(item, key: key, within: limit, reply: reply)
        } completion: {
            completion($0)
        }
    }

    /// A client's look at an order.
    func findOrder(_ number: Int64, completion: @escaping (Int64??) -> Void) {
        dispatcher.send(to: Cluster.orders, .member, until: node.now + .seconds(8)) {
            (driver, _, reply: @escaping (Answer<Int64?>) -> Void) in
            driver.find(number, reply: reply)
        } completion: {
            completion($0)
        }
    }

    /// An administrator's restocking.
    func restock(_ item: Int64, completion: @escaping (BookView?) -> Void) {
        dispatcher.send(to: Cluster.catalog, .primary, until: node.now + .seconds(8)) {
            (driver, _, reply: @escaping (Answer<BookView>) -> Void) in
            driver.restock(item, reply: reply)
        } completion: {
            completion($0)
        }
    }
}
