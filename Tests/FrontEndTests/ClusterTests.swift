import API
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

/// Where requests go: the state machines alone.
@Suite("Routing")
struct ClusterTests {
    let start = Instant(nanoseconds: 0)

    func cluster(replicas: Int = 3) -> Cluster {
        Cluster(Fixture.configuration(replicas: replicas), at: start)
    }

    /// What a server in a view says of itself.
    func report(
        _ role: ServerReport.Role, view: UInt64 = 1, _ members: [String], serves: Bool = true
    ) -> ServerReport {
        ServerReport(
            view: ServerReport.View(number: view, members: members), role: role, serves: serves)
    }

    /// Three catalog servers, of which the first two are members.
    func known() -> Cluster {
        var cluster = cluster()
        let members = ["catalogServer1", "catalogServer2"]
        cluster.heard(report(.primary, members), from: 0, at: start)
        cluster.heard(report(.backup, members), from: 1, at: start)
        cluster.heard(report(.joining, members, serves: false), from: 2, at: start)
        return cluster
    }

    @Test("what changes is told once")
    func changes() {
        var cluster = known()
        #expect(
            cluster.takeChanges() == [
                "catalogServer1 answers",
                "the catalog's view is now 1: catalogServer1, catalogServer2",
                "catalogServer2 answers", "catalogServer3 answers",
            ])
        cluster.failed(1, isGone: true, at: start)
        cluster.missedHeartbeat(of: 1, at: start)
        cluster.missedHeartbeat(of: 1, at: start)
        #expect(cluster.takeChanges() == ["catalogServer2 no longer answers"])
        #expect(cluster.takeChanges() == [])
    }

    @Test("reads go to the servers that serve, in turn")
    func readsInTurn() {
        var cluster = known()
        let places = (0..<4).map { _ in cluster.choose(.member(.catalog), excluding: []) }
        #expect(places == [0, 1, 0, 1])
    }

    @Test("a read goes around servers that failed it, and in the end to anybody")
    func readsAround() {
        var cluster = known()
        #expect(cluster.choose(.member(.catalog), excluding: [0]) == 1)
        #expect(cluster.choose(.member(.catalog), excluding: [0, 1]) == 2)
        #expect(cluster.choose(.member(.catalog), excluding: [0, 1, 2]) == nil)
        cluster.failed(0, isGone: true, at: start)
        cluster.failed(1, isGone: true, at: start)
        cluster.failed(2, isGone: true, at: start)
        #expect(cluster.choose(.member(.catalog), excluding: []) != nil)
    }

    @Test("writes go to the primary, and to others once it has failed")
    func writes() {
        var cluster = known()
        #expect(cluster.choose(.primary(.catalog), excluding: []) == 0)
        #expect(cluster.choose(.primary(.catalog), excluding: [0]) == 1)
        cluster.failed(0, isGone: false, at: start)
        #expect(!cluster.hasPrimary(.catalog))
        cluster.answered(1, need: .primary(.catalog), at: start)
        #expect(cluster.choose(.primary(.catalog), excluding: []) == 1)
    }

    @Test("a newer view moves the primary, an older one says nothing")
    func views() {
        var cluster = known()
        let members = ["catalogServer2", "catalogServer1"]
        cluster.heard(report(.primary, view: 2, members), from: 1, at: start)
        #expect(cluster.choose(.primary(.catalog), excluding: []) == 1)
        cluster.heard(
            report(.primary, view: 1, ["catalogServer1", "catalogServer2"]), from: 0, at: start)
        #expect(cluster.choose(.primary(.catalog), excluding: []) == 1)
        #expect(cluster[.catalog].members == [1, 0])
    }

    @Test("a server is gone after two heartbeats in a row, and back with the next answer")
    func heartbeats() {
        var cluster = known()
        cluster.missedHeartbeat(of: 0, at: start + .milliseconds(200))
        #expect(cluster.servers[0].isReachable)
        cluster.missedHeartbeat(of: 0, at: start + .milliseconds(400))
        #expect(!cluster.servers[0].isReachable)
        #expect(cluster.servers[0].since == start + .milliseconds(400))
        #expect(!cluster.hasPrimary(.catalog))
        let back = report(.primary, ["catalogServer1", "catalogServer2"])
        cluster.heard(back, from: 0, at: start + .milliseconds(600))
        #expect(cluster.servers[0].isReachable)
        #expect(cluster.hasPrimary(.catalog))
    }

    // MARK: The way of one request

    /// The places that a request goes to while every attempt ends with a result.
    func places(
        _ route: inout RequestRoute, _ cluster: inout Cluster, count: Int, at now: Instant,
        _ result: (Int) -> Result<UpstreamAnswer, UpstreamFailure>
    ) -> [Int?] {
        (0..<count).map { _ in
            guard case .send(let place, _) = route.next(in: &cluster, at: now) else { return nil }
            _ = route.receive(result(place), from: place, in: &cluster, at: now)
            return place
        }
    }

    @Test("a request is tried on every server before it pauses, and then from the beginning")
    func rounds() {
        var cluster = known()
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        let tried = places(&route, &cluster, count: 4, at: start) { _ in .failure(.unreachable) }
        #expect(tried.first == 0)
        #expect(Set(tried.prefix(3)) == [0, 1, 2])
        #expect(tried.last == .some(nil))
        guard case .send = route.next(in: &cluster, at: start + .milliseconds(20)) else {
            Issue.record("a new round begins after the pause")
            return
        }
    }

    @Test("a pause ends with the request's time, and then it is given up")
    func givesUp() {
        var cluster = cluster(replicas: 1)
        let deadline = start + .milliseconds(10)
        var route = RequestRoute(need: .member(.catalog), deadline: deadline)
        #expect(
            route.next(in: &cluster, at: start) == .send(place: 0, timeout: .milliseconds(10)))
        #expect(route.next(in: &cluster, at: start) == .pause(until: deadline))
        #expect(route.next(in: &cluster, at: deadline) == .giveUp)
    }

    @Test("one server of several gets a part of the time, a sole one all of it")
    func timeouts() {
        let deadline = start + .milliseconds(8_000)
        for (replicas, need, milliseconds) in [
            (1, Cluster.Need.member(.catalog), 8_000), (1, .primary(.order), 8_000),
            (2, .member(.catalog), 1_000), (2, .primary(.order), 2_500),
        ] as [(Int, Cluster.Need, Int64)] {
            var cluster = cluster(replicas: replicas)
            var route = RequestRoute(need: need, deadline: deadline)
            guard case .send(_, let timeout) = route.next(in: &cluster, at: start) else {
                Issue.record("it is sent")
                return
            }
            #expect(timeout == .milliseconds(milliseconds))
        }
    }

    @Test("a server that names the primary redirects the request at once")
    func redirects() {
        var cluster = known()
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        let answer = HTTPResponse(status: 503, headers: [("X-Primary", "catalogServer3")])
        let tried = places(&route, &cluster, count: 2, at: start) { place in
            place == 2 ? .success(HTTPResponse(status: 200)) : .success(answer)
        }
        #expect(tried == [0, 2])
        #expect(cluster.choose(.primary(.catalog), excluding: []) == 2)
    }

    @Test("a write goes by another server where the view's primary does not answer here")
    func relays() {
        var cluster = known()
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        #expect(
            route.next(in: &cluster, at: start) == .send(place: 0, timeout: .milliseconds(2_500)))
        #expect(!route.isRelayed)
        #expect(
            route.receive(.failure(.unreachable), from: 0, in: &cluster, at: start)
                == .retry(isGone: true))
        #expect(
            route.next(in: &cluster, at: start) == .send(place: 1, timeout: .milliseconds(2_500)))
        #expect(route.isRelayed)
        // The primary behind it has not answered: that says nothing of the one between.
        #expect(
            route.receive(
                .success(HTTPResponse(status: 504)), from: 1, in: &cluster, at: start)
                == .retry(isGone: false))
        #expect(route.mayHaveHappened)
        #expect(cluster.servers[1].isReachable)
        #expect(
            route.next(in: &cluster, at: start) == .send(place: 2, timeout: .milliseconds(2_500)))
        let answer = HTTPResponse(status: 200, headers: [("X-Primary", "catalogServer1")])
        #expect(route.receive(.success(answer), from: 2, in: &cluster, at: start) == .answer)
        #expect(!cluster.hasPrimary(.catalog), "who has passed it on is not the primary")
    }

    @Test("a refusal that was passed on is no redirection, and reads are not relayed")
    func relayedRefusal() {
        var cluster = known()
        cluster.failed(0, isGone: true, at: start)
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        #expect(
            route.next(in: &cluster, at: start) == .send(place: 1, timeout: .milliseconds(2_500)))
        let answer = HTTPResponse(
            status: 503,
            headers: [("X-Primary", "catalogServer1"), ("Content-Type", Problem.mediaType)])
        #expect(
            route.receive(.success(answer), from: 1, in: &cluster, at: start)
                == .retry(isGone: false))
        #expect(route.refusal != nil)
        #expect(!cluster.isRelayed(.member(.catalog), by: 1))
    }

    @Test("a server that does not answer is asked only where none does")
    func silentServer() {
        var cluster = known()
        cluster.failed(0, isGone: true, at: start)
        let others = Set(cluster[.catalog].places.filter { $0 != 0 })
        #expect(cluster.choose(.primary(.catalog), excluding: others) == nil)
        for place in others { cluster.failed(place, isGone: true, at: start) }
        #expect(cluster.choose(.primary(.catalog), excluding: others) == 0)
    }

    @Test("servers that name each other are asked once a round")
    func mutualRedirects() {
        var cluster = cluster(replicas: 2)
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        let tried = places(&route, &cluster, count: 3, at: start) { place in
            .success(
                HTTPResponse(
                    status: 503, headers: [("x-primary", "catalogServer\(2 - place)")]))
        }
        #expect(tried[0] != tried[1])
        #expect(tried[2] == nil)
    }

    @Test("a primary that refuses and names itself is tried again: another may take over")
    func primaryRefuses() {
        var cluster = known()
        var route = RequestRoute(need: .primary(.catalog), deadline: start + .milliseconds(8_000))
        _ = route.next(in: &cluster, at: start)
        let answer = HTTPResponse(status: 503, headers: [("X-Primary", "catalogServer1")])
        let verdict = route.receive(.success(answer), from: 0, in: &cluster, at: start)
        #expect(verdict == .retry(isGone: false))
    }

    @Test(
        "an answer that says nothing about the request is tried elsewhere",
        arguments: [(500, false), (502, true), (503, false), (504, true), (401, false)])
    func retries(_ status: Int, _ isGone: Bool) {
        var cluster = known()
        var route = RequestRoute(need: .member(.catalog), deadline: start + .milliseconds(8_000))
        let verdict = route.receive(
            .success(HTTPResponse(status: status)), from: 0, in: &cluster, at: start)
        #expect(verdict == .retry(isGone: isGone))
        #expect(cluster.servers[0].isReachable == !isGone)
    }
}
