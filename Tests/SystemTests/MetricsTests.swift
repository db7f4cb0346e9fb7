internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// What the servers count, as Prometheus reads it, and what is built on it.
@Suite(.cluster(.pair.withLargeStock()), .serialized)
struct MetricsTests {
    let store = Cluster.current

    private static let promtool = "/usr/bin/promtool"
    private static var hasPromtool: Bool {
        FileManager.default.isExecutableFile(atPath: promtool)
    }
    private static let operations = "\(checkout)/docs/operations"

    private func metrics(_ server: String) throws -> String {
        try store.request("GET", "/metrics", server: server).text
    }

    /// The value of a series; 0 where there is none.
    private func value(_ series: String, _ server: String) throws -> Double {
        for line in try metrics(server).split(separator: "\n") where line.hasPrefix(series + " ") {
            return Double(line.dropFirst(series.count + 1)) ?? -1
        }
        return 0
    }

    @Test(
        .enabled(if: hasPromtool, "prometheus is not installed: scripts/install-dependencies test"),
        arguments: ClusterPlan.pair.serverNames)
    func `promtool finds nothing wrong with a server's metrics`(_ server: String) throws {
        _ = try store.buy(1)
        let check = try Command.run(
            Self.promtool, ["check", "metrics"], input: try metrics(server))
        #expect(check.status == .exited(0), "\(check.errors)")
        #expect(check.errorLines == [])
    }

    @Test(.enabled(if: hasPromtool, "prometheus is not installed"))
    func `The alarms are sound, and sound when they should`() throws {
        for arguments in [
            ["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"],
            ["test", "rules", "alerts.test.yml"],
        ] {
            let run = try Command.run(Self.promtool, arguments, directory: Self.operations)
            #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
        }
    }

    /// Rules and panels of a metric that nobody has would never say so.
    @Test func `Every metric that an alarm or the dashboard uses is there`() throws {
        _ = try store.buy(1)
        var names: Set<Substring> = []
        var servers = ""
        for server in store.plan.serverNames { servers += try metrics(server) }
        for line in servers.split(separator: "\n") where !line.hasPrefix("#") {
            names.insert(line.prefix { $0 != "{" && $0 != " " })
        }
        for file in ["alerts.yml", "dashboard.json"] {
            let text = contents(of: "\(Self.operations)/\(file)")
            let used = text.matches(of: /\b(?:pygmy|process)_[a-z_]+\b/).map(\.output)
            #expect(used.count > 10)
            #expect(Set(used).subtracting(names) == [], "\(file)")
        }
    }

    @Test func `Every alarm is explained`() throws {
        let rules = contents(of: "\(Self.operations)/alerts.yml")
        let text = contents(of: "\(Self.operations)/alarms.md")
        let alarms = rules.matches(of: /alert: (\w+)/).map(\.output.1)
        #expect(alarms.count > 5)
        #expect(alarms.filter { !text.contains("## \($0)\n") } == [])
    }

    @Test func `A front end counts what it answers, by route and status`() throws {
        let server = "frontEndServer1"
        func counts() throws -> [Double] {
            try [
                #"pygmy_http_requests_total{route="lookup",status="200"}"#,
                #"pygmy_http_requests_total{route="lookup",status="404"}"#,
                #"pygmy_http_requests_total{route="search",status="200"}"#,
                #"pygmy_http_request_duration_seconds_count{route="lookup"}"#,
                #"pygmy_http_request_duration_seconds_bucket{route="lookup",le="+Inf"}"#,
                "pygmy_cache_hits_total",
            ].map { try value($0, server) }
        }
        try eventually("a hit") {
            try store.request("GET", "/lookup/6", server: server).header("X-Cache") == "HIT"
        }
        let before = try counts()
        for _ in 0..<20 { _ = try store.request("GET", "/lookup/6", server: server) }
        for _ in 0..<3 { _ = try store.request("GET", "/lookup/999", server: server) }
        _ = try store.request("GET", "/search/Misc", server: server)
        // An answer is counted when it is on its way.
        try eventually("the counts") {
            try counts().elementsEqual(
                zip(before, [20, 3, 1, 23, 23, 20]).map { $0 + $1 })
        }
    }

    @Test func `The servers behind count what they do`() throws {
        _ = try store.buy(2)
        for server in ["catalogServer1", "orderServer1"] {
            try eventually("batches of \(server)") {
                try value(#"pygmy_http_requests_total{route="buys",status="200"}"#, server) > 0
            }
            #expect(try value("pygmy_log_write_seconds_count", server) > 0)
            #expect(try value("pygmy_commit_batch_entries_count", server) > 0)
            #expect(
                try value(#"pygmy_messages_total{route="update",outcome="answered"}"#, server) > 0)
            let group = server.hasPrefix("catalog") ? "catalog" : "orders"
            #expect(try value("pygmy_view_number{group=\"\(group)\"}", server) > 0)
            #expect(try value("pygmy_serves_writes{group=\"\(group)\"}", server) == 1)
            #expect(try value("process_resident_memory_bytes", server) > 1_000_000)
            #expect(try value("process_cpu_seconds_total", server) > 0)
        }
    }

    // MARK: Probes

    @Test(arguments: ClusterPlan.pair.serverNames)
    func `A server that serves is alive and ready, and says why`(_ server: String) throws {
        for probe in ["livez", "readyz"] {
            let short = try store.request("GET", "/\(probe)", server: server)
            #expect(short.status == 200)
            #expect(short.text == "ok\n")
            #expect(short.header("Cache-Control") == "no-store")
            let long = try store.request("GET", "/\(probe)?verbose", server: server)
            #expect(long.status == 200)
            let lines = long.text.split(separator: "\n")
            #expect(lines.count >= 3)
            #expect(lines.last == "\(probe) passed")
            #expect(lines.dropLast().allSatisfy { $0.hasPrefix("[+] ") && $0.contains(": ") })
        }
    }

    @Test func `Probes are public too, for whoever watches the store as a whole`() throws {
        #expect(try store.get("/livez").text == "ok\n")
        #expect(try store.get("/readyz?verbose").text.hasSuffix("readyz passed\n"))
        #expect(try store.request("HEAD", "/readyz").status == 200)
        expectProblem(try store.request("POST", "/livez", body: ""), 405)
    }
}

/// What probes say of a store that has lost something.
struct ProbeTests {
    @Test(.folder(.pair))
    func `A front end without order servers is alive and not ready, and so are they`() throws {
        let store = Cluster.current
        try store.start(["--no-restart"])
        for server in ["orderServer1", "orderServer2"] {
            try eventually("a ready \(server)") {
                try store.request("GET", "/readyz", server: server).status == 200
            }
        }
        try store.signal(SIGKILL, to: "orderServer1")
        try store.signal(SIGKILL, to: "orderServer2")
        let refused = try eventually("a front end that is not ready") { () -> HTTPAnswer? in
            let answer = try store.request("GET", "/readyz", server: "frontEndServer1")
            return answer.status == 503 ? answer : nil
        }
        expectProblem(refused, 503)
        #expect(refused.text.contains("no order primary answers"))
        #expect(refused.header("Retry-After") == "1")
        let lines = try store.request("GET", "/readyz?verbose", server: "frontEndServer1")
        #expect(lines.status == 503)
        #expect(lines.text.contains("[-] orders: no order primary answers\n"))
        #expect(lines.text.contains("[+] catalog: "))
        #expect(lines.text.hasSuffix("readyz failed\n"))
        #expect(try store.request("GET", "/livez", server: "frontEndServer1").status == 200)
    }

    @Test(.folder(.pair))
    func `A catalog server that is alone and may not serve is alive and not ready`() throws {
        let store = Cluster.current
        try store.start(["--no-restart"])
        try eventually("a backup") {
            try store.request("GET", "/readyz?verbose", server: "catalogServer2")
                .text.contains("[+] role: backup")
        }
        // Without the others there is no majority of voters for a view without the primary.
        for server in store.plan.serverNames where server != "catalogServer2" {
            try store.signal(SIGKILL, to: server)
        }
        let answer = try eventually("a refusal") { () -> HTTPAnswer? in
            let answer = try store.request("GET", "/readyz?verbose", server: "catalogServer2")
            return answer.status == 503 ? answer : nil
        }
        #expect(answer.text.contains("[-] reads: it waits for "))
        #expect(answer.text.hasSuffix("readyz failed\n"))
        expectProblem(try store.request("GET", "/readyz", server: "catalogServer2"), 503)
        #expect(try store.request("GET", "/livez", server: "catalogServer2").status == 200)
    }
}
