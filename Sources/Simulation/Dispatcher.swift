import MonotonicTime
import Replication

/// Sends a front end's requests to the back end, each until it has an answer or its time is over:
/// as the real one's `Dispatcher` and `RequestRoute` do.
final class Dispatcher {
    /// What a server is asked: itself, how long it has, and where its answer goes.
    typealias Service<Value> = (ReplicaDriver, Instant.Span, @escaping (Answer<Value>) -> Void) ->
        Void

    /// How long one server may take for a read, and for a write, before another is asked.
    private static let readLimit = Instant.Span.milliseconds(1_000)
    private static let writeLimit = Instant.Span.milliseconds(2_500)

    /// The way of one request.
    private struct Route<Value> {
        let group: Int
        let need: KnownGroup.Need
        let deadline: Instant
        let service: Service<Value>
        let completion: (Value?) -> Void
        var tried: Set<Int> = []
        var redirect: Int?
        var pause = Instant.Span.milliseconds(20)
    }

    /// A request to a primary whose answer is awaited, and how to give it up.
    private struct Attempt {
        let group: Int
        let place: Int
        let giveUp: () -> Void
    }

    private unowned let node: Node
    private let cluster: Cluster
    private(set) var groups: [KnownGroup]
    private var underWay: [UInt64: Attempt] = [:]
    private var lastNumber: UInt64 = 0

    init(node: Node, cluster: Cluster) {
        self.node = node
        self.cluster = cluster
        groups = [Cluster.catalog, Cluster.orders].map { KnownGroup(names: cluster.names(of: $0)) }
    }

    /// Sends a request; the completion gets nil where the time was over.
    func send<Value>(
        to group: Int, _ need: KnownGroup.Need, until deadline: Instant,
        _ service: @escaping Service<Value>, completion: @escaping (Value?) -> Void
    ) {
        step(
            Route(
                group: group, need: need, deadline: deadline, service: service,
                completion: completion))
    }

    private func step<Value>(_ route: Route<Value>) {
        var route = route
        let left = route.deadline - node.now
        guard left >= .milliseconds(1) else { return route.completion(nil) }
        let chosen =
            route.redirect ?? groups[route.group].choose(route.need, excluding: route.tried)
        guard let place = chosen else {
            route.tried = []
            let pause = min(route.pause, left)
            route.pause = min(route.pause + route.pause, .milliseconds(200))
            let next = route
            return node.later(pause) { [self] in step(next) }
        }
        route.redirect = nil
        route.tried.insert(place)
        // A server that is alone gets no longer: a real connection repeats what is lost, and this
        // network does not.
        let limit = route.need == .member ? Self.readLimit : Self.writeLimit
        ask(route, at: place, timeout: min(left, limit))
    }

    private func ask<Value>(_ route: Route<Value>, at place: Int, timeout: Instant.Span) {
        guard let target = cluster.node(groups[route.group].names[place]) else { return }
        lastNumber += 1
        let number = lastNumber
        let sent = node.now
        var isSettled = false
        let settle = { [weak self, node] (answer: Answer<Value>?) in
            guard let self, !isSettled else { return }
            isSettled = true
            underWay[number] = nil
            // Where the machine is there without the process, it says so at once.
            let isGone = answer == nil && node.now - sent < timeout
            received(answer, of: route, from: place, isGone: isGone)
        }
        if route.need == .primary {
            underWay[number] = Attempt(group: route.group, place: place) { settle(.unknown) }
        }
        let service = route.service
        node.world.call(from: node, to: target, timeout: timeout) {
            (node: Node, reply: @escaping (Answer<Value>) -> Void) in
            if let driver = node.replica { service(driver, timeout, reply) }
        } completion: {
            settle($0)
        }
    }

    private func received<Value>(
        _ answer: Answer<Value>?, of route: Route<Value>, from place: Int, isGone: Bool
    ) {
        var route = route
        switch answer {
        case .value(let value)?:
            groups[route.group].answered(place, route.need)
            return route.completion(value)
        case .elsewhere(let name)?:
            groups[route.group].failed(place, isGone: false)
            guard let name, let other = groups[route.group].names.firstIndex(of: name),
                other != place
            else { break }
            groups[route.group].named(primary: other)
            // Two servers that name each other are asked once a round.
            if !route.tried.contains(other) { route.redirect = other }
        case .unknown?, nil:
            groups[route.group].failed(place, isGone: isGone)
        }
        step(route)
    }

    // MARK: What heartbeats tell

    func heard(_ reply: FrontEndReply, in group: Int, from name: ServerName) {
        guard let place = groups[group].names.firstIndex(of: name) else { return }
        let before = groups[group].primary
        groups[group].heard(reply, from: place)
        if groups[group].primary != before { reconsider() }
    }

    func missedHeartbeat(of name: ServerName, in group: Int) {
        guard let place = groups[group].names.firstIndex(of: name) else { return }
        groups[group].missedHeartbeat(of: place)
    }

    /// Sends the requests that wait for a former primary, which may stand still, to the new one.
    private func reconsider() {
        let stranded = underWay.filter { _, attempt in
            let primary = groups[attempt.group].primary
            return primary != nil && primary != attempt.place
        }
        for number in stranded.keys.sorted() { underWay[number]?.giveUp() }
    }
}
