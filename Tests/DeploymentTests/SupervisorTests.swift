import Deployment
import Testing

@Suite struct `The supervisor` {
    private static let processes = [
        Supervisor.Process(name: "nginx", stage: 3, stopSignal: .quit, stopTime: .seconds(1)),
        Supervisor.Process(
            name: "catalogServer1", stage: 2, stopSignal: .terminate, stopTime: .seconds(2)),
        Supervisor.Process(
            name: "frontEndServer1", stage: 0, stopSignal: .terminate, stopTime: .seconds(4)),
        Supervisor.Process(
            name: "frontEndServer2", stage: 0, stopSignal: .terminate, stopTime: .seconds(4)),
    ]

    private func begun(restarts: Bool = true) -> Supervisor {
        var supervisor = Supervisor(Self.processes, restarts: restarts)
        _ = supervisor.begin(at: .zero)
        return supervisor
    }

    @Test func `It starts everything in order`() {
        var supervisor = Supervisor(Self.processes, restarts: true)
        #expect(supervisor.begin(at: .zero) == Self.processes.map { .start($0.name) })
        #expect(supervisor.deadline == nil)
        #expect(!supervisor.isFinished)
    }

    @Test func `What dies is started again after a pause that doubles to five seconds`() {
        var supervisor = begun()
        var now: Duration = .zero
        for pause in [100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration.milliseconds) {
            let actions = supervisor.ended("nginx", .signal(9), at: now)
            #expect(actions == [.report(.restarting("nginx", .signal(9), after: pause))])
            #expect(supervisor.deadline == now + pause)
            #expect(supervisor.tick(at: now + pause - .milliseconds(1)) == [])
            now += pause
            #expect(supervisor.tick(at: now) == [.start("nginx")])
            #expect(supervisor.tick(at: now) == [])
        }
    }

    @Test func `The pause is short again for what lived ten seconds`() {
        var supervisor = begun()
        var now: Duration = .zero
        for _ in 0..<4 {
            _ = supervisor.ended("nginx", .status(1), at: now)
            now += .seconds(5)
            _ = supervisor.tick(at: now)
        }
        let actions = supervisor.ended("nginx", .status(1), at: now + .seconds(10))
        #expect(
            actions == [.report(.restarting("nginx", .status(1), after: .milliseconds(100)))])
    }

    @Test func `What cannot even be started is tried again too`() {
        var supervisor = begun()
        let ending = Supervisor.Ending.notStarted("no memory")
        _ = supervisor.ended("nginx", ending, at: .zero)
        #expect(supervisor.tick(at: .milliseconds(100)) == [.start("nginx")])
    }

    @Test func `Without restarts what dies stays dead, and the others live`() {
        var supervisor = begun(restarts: false)
        #expect(
            supervisor.ended("catalogServer1", .signal(9), at: .zero)
                == [.report(.left("catalogServer1", .signal(9)))])
        #expect(supervisor.deadline == nil)
        #expect(supervisor.tick(at: .seconds(100)) == [])
        #expect(!supervisor.isFinished)
    }

    @Test func `It stops stage by stage and ends when all have ended`() {
        var supervisor = begun()
        #expect(
            supervisor.stop(at: .seconds(1)) == [
                .signal("frontEndServer1", .terminate), .signal("frontEndServer2", .terminate),
            ])
        #expect(supervisor.ended("frontEndServer1", .status(0), at: .seconds(2)) == [])
        #expect(
            supervisor.ended("frontEndServer2", .status(0), at: .seconds(3))
                == [.signal("catalogServer1", .terminate)])
        #expect(
            supervisor.ended("catalogServer1", .status(0), at: .seconds(3))
                == [.signal("nginx", .quit)])
        #expect(!supervisor.isFinished)
        #expect(supervisor.ended("nginx", .status(0), at: .seconds(3)) == [])
        #expect(supervisor.isFinished)
    }

    @Test func `What does not end when asked to is killed, all within ten seconds`() {
        var supervisor = begun()
        var now: Duration = .zero
        _ = supervisor.stop(at: now)
        var alive = Set(Self.processes.map(\.name))
        while !supervisor.isFinished, let deadline = supervisor.deadline {
            now = deadline
            for case .signal(let name, .kill) in supervisor.tick(at: now) {
                alive.remove(name)
                _ = supervisor.ended(name, .signal(9), at: now)
            }
        }
        #expect(alive.isEmpty)
        #expect(now < .seconds(10))
    }

    @Test func `A second wish to stop kills at once what is left`() {
        var supervisor = begun()
        _ = supervisor.stop(at: .zero)
        #expect(supervisor.stop(at: .zero) == Self.processes.map { .signal($0.name, .kill) })
    }

    @Test func `Nothing is started once it stops`() {
        var supervisor = begun()
        _ = supervisor.ended("nginx", .signal(9), at: .zero)
        _ = supervisor.stop(at: .zero)
        for second in 0..<20 {
            let actions = supervisor.tick(at: .seconds(second))
            #expect(!actions.contains(.start("nginx")))
        }
        #expect(supervisor.ended("catalogServer1", .status(1), at: .seconds(1)) == [])
    }

    @Test func `A kind of server that refuses to run ends the attempt before the store is open`() {
        var supervisor = begun()
        let refusal = Supervisor.Ending.status(Supervisor.refusal)
        #expect(
            supervisor.ended("frontEndServer1", refusal, at: .zero)
                == [.report(.left("frontEndServer1", refusal))])
        #expect(!supervisor.hasGivenUp)
        let actions = supervisor.ended("frontEndServer2", refusal, at: .zero)
        #expect(actions.contains(.report(.givenUp("frontEndServer2"))))
        #expect(actions.contains(.signal("catalogServer1", .terminate)))
        #expect(supervisor.hasGivenUp)
    }

    @Test func `Once the store is open a refusal ends nothing but itself, and is tried again`() {
        var supervisor = begun()
        supervisor.becameReady()
        let refusal = Supervisor.Ending.status(Supervisor.refusal)
        #expect(
            supervisor.ended("catalogServer1", refusal, at: .zero)
                == [.report(.left("catalogServer1", refusal))])
        #expect(!supervisor.hasGivenUp)
        #expect(supervisor.tick(at: .seconds(29)) == [])
        #expect(supervisor.tick(at: .seconds(30)) == [.start("catalogServer1")])
        // It is told once.
        #expect(supervisor.ended("catalogServer1", refusal, at: .seconds(31)) == [])
        #expect(supervisor.tick(at: .seconds(61)) == [.start("catalogServer1")])
    }

    @Test func `Without restarts a refusal is for good`() {
        var supervisor = begun(restarts: false)
        supervisor.becameReady()
        let refusal = Supervisor.Ending.status(Supervisor.refusal)
        _ = supervisor.ended("catalogServer1", refusal, at: .zero)
        #expect(supervisor.tick(at: .seconds(600)) == [])
    }

    @Test func `An end that is nobody's is nothing`() {
        var supervisor = begun()
        #expect(supervisor.ended("stranger", .status(0), at: .zero) == [])
    }
}
