import HTTPClient
import MonotonicTime
import Testing

@testable import ServerRuntime

@Suite struct `The way to the primary of a group` {
    private typealias Result = Swift.Result<HTTPResponse, HTTPClientError>

    private let start = Instant(nanoseconds: 1_000_000_000)

    private func route(members: Int = 3, frontEnds: Int = 0) -> GroupRoute {
        GroupRoute(
            members: (1...members).map { "server\($0)" }, frontEnds: frontEnds,
            attemptLimit: .milliseconds(500), detourDelay: .milliseconds(1000),
            detourLife: .milliseconds(5000))
    }

    private func answer(_ status: Int, primary: String? = nil) -> Result {
        .success(
            HTTPResponse(
                status: status, headers: primary.map { [("X-Primary", $0)] } ?? [], body: []))
    }

    /// Where a step leads; nil where it is the answer.
    private func place(_ step: GroupRoute.Step) -> GroupRoute.Place? {
        if case .attempt(let place, _) = step { place } else { nil }
    }

    @Test
    func `The first server is asked while no primary is known, and then the one that answered`() {
        var route = route()
        var journey = GroupRoute.Journey(hasDetour: false)
        #expect(route.first(for: journey, at: start) == .member(0))
        let refused = route.receive(
            answer(503), of: &journey, from: .member(0), sentAt: start, at: start)
        #expect(place(refused) == .member(1))
        let answered = route.receive(
            answer(200), of: &journey, from: .member(1), sentAt: start, at: start)
        #expect(place(answered) == nil)
        #expect(route.first(for: .init(hasDetour: false), at: start) == .member(1))
    }

    @Test func `A refusal is the answer in the end only where no server may have done it`() {
        var route = route()
        var journey = GroupRoute.Journey(hasDetour: false)
        _ = route.receive(answer(503), of: &journey, from: .member(0), sentAt: start, at: start)
        #expect(journey.refusal?.status == 503 && !journey.mayHaveHappened)
        _ = route.receive(
            .failure(.unreachable("refused")), of: &journey, from: .member(1), sentAt: start,
            at: start)
        #expect(!journey.mayHaveHappened)
        _ = route.receive(answer(504), of: &journey, from: .member(2), sentAt: start, at: start)
        #expect(journey.mayHaveHappened)
    }

    @Test func `A server that names another redirects, but not one that names itself`() {
        var route = route()
        var journey = GroupRoute.Journey(hasDetour: false)
        let redirected = route.receive(
            answer(503, primary: "server3"), of: &journey, from: .member(0), sentAt: start,
            at: start)
        #expect(place(redirected) == .member(2))
        let unsure = route.receive(
            answer(503, primary: "server3"), of: &journey, from: .member(2), sentAt: start,
            at: start)
        #expect(place(unsure) == .member(0))
        let stranger = route.receive(
            answer(503, primary: "somebody"), of: &journey, from: .member(0), sentAt: start,
            at: start)
        #expect(place(stranger) == .member(1))
    }

    @Test func `Who was learnt of as primary is believed for a while against its own word`() {
        var route = route()
        #expect(route.learn(primary: "somebody", at: start) == nil)
        #expect(route.learn(primary: "server2", at: start) == .member(1))
        var journey = GroupRoute.Journey(hasDetour: false)
        #expect(route.first(for: journey, at: start) == .member(1))
        let early = route.receive(
            answer(503, primary: "server1"), of: &journey, from: .member(1), sentAt: start,
            at: start + .milliseconds(499))
        #expect(place(early) == .member(1))
        let late = route.receive(
            answer(503, primary: "server1"), of: &journey, from: .member(1), sentAt: start,
            at: start + .milliseconds(500))
        #expect(place(late) == .member(0))
    }

    @Test func `A request goes round once nobody has answered it for long, and those after it too`()
    {
        var route = route(members: 2, frontEnds: 2)
        var journey = GroupRoute.Journey(hasDetour: true)
        let early = route.receive(
            .failure(.timedOut), of: &journey, from: .member(0), sentAt: start,
            at: start + .milliseconds(999))
        #expect(place(early) == .member(1))
        let late = route.receive(
            answer(503), of: &journey, from: .member(1), sentAt: start + .milliseconds(999),
            at: start + .milliseconds(1000))
        #expect(place(late) == .frontEnd(0))
        let now = start + .milliseconds(1001)
        let passedOn = route.receive(
            answer(200), of: &journey, from: .frontEnd(0), sentAt: now, at: now)
        guard case .answer(_, .detour(0)) = passedOn else {
            Issue.record("\(passedOn)")
            return
        }
        let next = GroupRoute.Journey(hasDetour: true)
        #expect(route.first(for: next, at: now + .milliseconds(4999)) == .frontEnd(0))
        #expect(route.first(for: .init(hasDetour: false), at: now) == .member(0))
        // One request tries the short way, and only one.
        #expect(route.first(for: next, at: now + .milliseconds(5000)) == .member(0))
        #expect(route.first(for: next, at: now + .milliseconds(5001)) == .frontEnd(0))
        let direct = route.receive(
            answer(200), of: &journey, from: .member(0), sentAt: now, at: now)
        guard case .answer(_, .direct(0)) = direct else {
            Issue.record("\(direct)")
            return
        }
        #expect(route.first(for: next, at: now) == .member(0))
    }

    @Test func `Front ends that fail are left in turn, and then the group is asked again`() {
        var route = route(members: 2, frontEnds: 2)
        var journey = GroupRoute.Journey(hasDetour: true)
        journey.unansweredSince = start
        let now = start + .milliseconds(1000)
        let round = route.receive(
            .failure(.timedOut), of: &journey, from: .member(0), sentAt: start, at: now)
        #expect(place(round) == .frontEnd(0))
        let unaware = route.receive(
            answer(413), of: &journey, from: .frontEnd(0), sentAt: now, at: now)
        #expect(place(unaware) == .frontEnd(1))
        #expect(route.first(for: .init(hasDetour: true), at: now) == .frontEnd(1))
        let silent = route.receive(
            .failure(.timedOut), of: &journey, from: .frontEnd(1), sentAt: now, at: now)
        #expect(place(silent) == .member(0))
        #expect(journey.mayHaveHappened && journey.unansweredSince == nil)
        #expect(route.first(for: .init(hasDetour: true), at: now) == .member(0))
    }
}
