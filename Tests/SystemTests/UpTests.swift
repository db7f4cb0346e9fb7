internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Testing

/// `pygmy up`: from the ready line to nothing left behind.
@Suite(.serialized)
struct UpTests {
    enum Ending: String, CaseIterable, Sendable {
        case terminated, interrupted, interruptedAtTheTerminal
    }

    @Test(.cluster(.pair), arguments: Ending.allCases)
    func `It stops everything and exits with 0`(_ ending: Ending) throws {
        let store = Cluster.current
        #expect(try store.buy(1).status == 201)
        let process = try #require(store.running)
        switch ending {
        case .terminated: process.send(SIGTERM)
        case .interrupted: process.send(SIGINT)
        // Ctrl-C goes to every process of the group, nginx and the servers among them.
        case .interruptedAtTheTerminal: kill(-process.pid, SIGINT)
        }
        #expect(try process.waitForExit() == .exited(0))
        try expectNothingLeft(of: store)
    }

    @Test(.cluster(.single)) func `It says in one line where to look`() throws {
        let store = Cluster.current
        let output = try #require(store.running).output
        #expect(output.contains("http://127.0.0.1:\(store.port)/"))
        // The store answers from the moment of that line.
        #expect(try store.get("/lookup/1").status == 200)
        #expect(try store.buy(1).status == 201)
        for name in store.plan.serverNames + ["nginx"] {
            #expect(store.pid(of: name) != nil, "\(name)")
        }
        for name in store.plan.serverNames { #expect(!store.log(of: name).isEmpty, "\(name)") }
    }

    @Test(.folder(.single)) func `Stopped before it is ready, it leaves nothing behind`() throws {
        let store = Cluster.current
        let process = try store.launch()
        try eventually("a first process") { store.processes.count > 1 }
        process.send(SIGTERM)
        #expect(try process.waitForExit() == .exited(0))
        try expectNothingLeft(of: store)
    }

    @Test(.folder(.single)) func `With --no-restart what dies stays dead`() throws {
        let store = Cluster.current
        try store.start(["--no-restart"])
        let old = try store.signal(SIGKILL, to: "orderServer1")
        try eventually("the end of the server") { ProcessTable.entry(of: old) == nil }
        expectProblem(try store.buy(1), 503)
        #expect(try store.get("/lookup/1").status == 200)
        #expect(store.pid(of: "orderServer1") == nil)
        #expect(try store.stop() == .exited(0))
        try expectNothingLeft(of: store)
    }

    @Test(.folder(.pair)) func `With --only it starts those that are named`() throws {
        let store = Cluster.current
        _ = try store.launch(["--only", "catalogServer1"])
        try eventually("the server's answer") {
            try store.request("GET", "/metrics", server: "catalogServer1").status == 200
        }
        // One server of six has no majority for a view, and says what it waits for.
        let health = try store.request("GET", "/health", server: "catalogServer1")
        expectProblem(health, 503)
        #expect(health.text.contains("waits for"))
        for name in store.plan.serverNames where name != "catalogServer1" {
            #expect(store.pid(of: name) == nil, "\(name)")
        }
        #expect(try store.stop() == .exited(0))
        try expectNothingLeft(of: store)
    }

    @Test(.cluster(.single)) func `Two stores run beside each other and share nothing`() throws {
        let store = Cluster.current
        let other = try Cluster(.single.with { $0.catalog = ClusterPlan.catalog(stock: 7) })
        defer { other.end() }
        try other.start()
        #expect(try store.buy(1).status == 201)
        #expect(try store.stock(of: 1) == 45)
        #expect(try other.stock(of: 1) == 7)
        #expect(try other.stop() == .exited(0))
        try expectNothingLeft(of: other)
        #expect(try store.buy(1).status == 201)
    }

    @Test(.cluster(.single))
    func `A second one in the same folder is refused and disturbs nothing`()
        throws
    {
        let store = Cluster.current
        let before = store.plan.serverNames.map { store.pid(of: $0) }
        let second = try store.pygmy("up", "--config", "config.json")
        #expect(second.status == .exited(69))
        let holder = try #require(store.running).pid
        #expect(
            second.errors.hasPrefix("pygmy: another pygmy up (process \(holder)) runs with "),
            "\(second.errors)")
        #expect(store.plan.serverNames.map { store.pid(of: $0) } == before)
        #expect(try store.buy(1).status == 201)
    }

    @Test(.folder(.single)) func `A port that is taken is said, and nothing is left running`()
        throws
    {
        let store = Cluster.current
        let squatter = try Cluster(.single)
        defer { squatter.end() }
        try squatter.start()
        try store.writeConfiguration(["listen": .text("127.0.0.1:\(squatter.port)")])
        let process = try store.launch()
        #expect(try process.waitForExit() == .exited(69))
        #expect(
            process.errors.trimmed
                == "pygmy: settings.listen: another program listens at "
                + "127.0.0.1:\(squatter.port) already")
        try expectNothingLeft(of: store)
        #expect(try squatter.get("/lookup/1").status == 200)
    }

    @Test(
        .cluster(.single.with { $0.user = "nobody" }),
        .enabled(if: Self.nobodyCanRunThePrograms, "needs root, and programs that all may read"))
    func `An ordinary user can run it`() throws {
        let store = Cluster.current
        #expect(try store.buy(1).status == 201)
        let uid = try #require(getpwnam("nobody")).pointee.pw_uid
        for entry in store.processes {
            let status = contents(of: "/proc/\(entry.pid)/status")
            #expect(status.contains("Uid:\t\(uid)\t"), "\(entry)")
        }
        #expect(try store.stop() == .exited(0))
        try expectNothingLeft(of: store)
    }

    @Test(arguments: [
        "a folder with spaces", "it's; a $(strange) \"name\" {#1}", "日本語",
        "long-\(String(repeating: "x", count: 100))/long-\(String(repeating: "y", count: 100))",
    ])
    func `It runs in any folder`(_ folder: String) async throws {
        let trait = ClusterTrait(plan: .single.with { $0.folder = folder }, startsServers: true)
        let test = try #require(Test.current)
        try await trait.provideScope(for: test, testCase: nil) {
            let store = Cluster.current
            #expect(try store.buy(1).status == 201)
            #expect(try store.get("/lookup/1").status == 200)
            #expect(try store.stop() == .exited(0))
            try expectNothingLeft(of: store)
        }
    }

    @Test(.folder(.pair.with { $0.hasOriginalNames = true }))
    func `The original system's file works with its addresses changed`() throws {
        let store = Cluster.current
        try store.start()
        #expect(try store.buy(1).status == 201)
        #expect(store.pid(of: "frontEndServer1") != nil)
        #expect(store.pid(of: "catalogServer2") != nil)
    }

    @Test(.folder(.single.with { $0.hasSecrets = false }))
    func `Secrets that nobody gave are made, for their owner only`() throws {
        let store = Cluster.current
        try store.start()
        var mode = stat()
        for file in ["cluster.secret", "admin.token"] {
            #expect(stat("\(store.directory)/run/\(file)", &mode) == 0)
            #expect(mode.st_mode & 0o777 == 0o600, "\(file)")
        }
        let token = contents(of: "\(store.directory)/run/admin.token").trimmed
        #expect(token.count >= 16)
        let answer = try store.request(
            "GET", "/catalog.csv", headers: ["Authorization": "Bearer \(token)"])
        #expect(answer.status == 200)
        #expect(
            try store.pygmy("status", "--audit", "--config", "config.json").status == .exited(0))
    }

    private static let nobodyCanRunThePrograms: Bool = {
        guard geteuid() == 0 else { return false }
        let probe = try? Command.run(
            "/usr/bin/setpriv",
            [
                "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", Programs.path("pygmy"),
                "--help",
            ])
        return probe?.status == .exited(0)
    }()

    /// No process, socket or pid file.
    private func expectNothingLeft(
        of store: Cluster, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(store.processes.map(\.description) == [], sourceLocation: sourceLocation)
        let run = FileManager.default.enumerator(atPath: store.directory + "/run")
        let left = (run?.compactMap { $0 as? String } ?? []).filter {
            $0.hasSuffix(".pid") || $0.contains(".sock")
        }
        #expect(left == [], sourceLocation: sourceLocation)
    }
}
