internal import ChildProcess
internal import Foundation
internal import Testing

/// nginx before the servers: which routes are open to whom, and what it says itself.
@Suite(.cluster(.pair), .serialized)
struct NginxTests {
    let store = Cluster.current

    @Test(arguments: [
        ("DELETE", "/invalidate/1"), ("GET", "/invalidate/1"), ("PUT", "/update"),
        ("PUT", "/heartbeat"), ("GET", "/sync"), ("GET", "/metrics"), ("GET", "/sales"),
        ("POST", "/buys"), ("GET", "/audit"), ("PUT", "/register/catalog"),
        ("PUT", "/register/orders"), ("GET", "/nosuch"), ("GET", "/config.json"),
        ("GET", "/.git/config"), ("GET", "/lookup/../metrics"), ("GET", "/lookup/1/../../sales"),
        ("GET", "/%6detrics"), ("GET", "//metrics"),
    ])
    func `The public listener has only the public routes`(
        _ method: String, _ target: String
    ) throws {
        // Even one who knows the secret does not get in through the front.
        let answer = try store.request(
            method, target, headers: ["Authorization": "Bearer \(store.clusterSecret)"],
            body: method == "GET" ? nil : "")
        expectProblem(answer, 404)
    }

    @Test(arguments: [
        ("..", "/search/.."), ("..", "/search/%2E%2E"),
        ("../lookup/1", "/search/%2E%2E%2Flookup%2F1"),
    ])
    func `A path is the one that was sent, whatever its dots may mean elsewhere`(
        _ topic: String, _ target: String
    ) throws {
        let answer = try store.get(target)
        #expect(answer.status == 200)
        #expect(answer.text.trimmed == #"{"topic":"\#(topic)","items":[]}"#)
        #expect(answer.header("Content-Type") == "application/json")
    }

    @Test(arguments: [
        ("frontEndServer1", "DELETE", "/invalidate/1"), ("frontEndServer1", "POST", "/buy/1"),
        ("catalogServer1", "POST", "/buy/1"), ("catalogServer1", "POST", "/restock/1"),
        ("catalogServer1", "PUT", "/update"), ("catalogServer1", "PUT", "/heartbeat"),
        ("catalogServer1", "GET", "/sync"), ("catalogServer1", "GET", "/sales"),
        ("catalogServer1", "POST", "/buys"), ("orderServer1", "POST", "/buy/1"),
        ("orderServer1", "POST", "/buys"), ("orderServer1", "GET", "/orders/1"),
        ("orderServer1", "PUT", "/update"), ("orderServer1", "PUT", "/heartbeat"),
        ("orderServer1", "GET", "/sync"), ("catalogServer1", "PUT", "/items/1"),
        ("catalogServer1", "DELETE", "/items/1"), ("catalogServer1", "GET", "/catalog.csv"),
        ("orderServer1", "GET", "/orders.csv"),
    ])
    func `A server's own address is closed to whoever does not know the secret`(
        _ server: String, _ method: String, _ target: String
    ) throws {
        let stock = try store.stock(of: 1)
        for authorization in ["", "Bearer wrong-secret-0123456789", "Bearer \(store.adminToken)"] {
            var headers = ["Content-Type": "application/json"]
            if !authorization.isEmpty { headers["Authorization"] = authorization }
            let answer = try store.request(
                method, target, server: server, headers: headers,
                body: method == "GET" ? nil : "{}")
            expectProblem(answer, 401)
            #expect(answer.header("WWW-Authenticate")?.contains("Bearer") == true)
        }
        #expect(try store.stock(of: 1) == stock)
    }

    @Test(arguments: ClusterPlan.pair.serverNames)
    func `Every server's own address says how it is, to anybody`(_ server: String) throws {
        #expect(try store.request("GET", "/health", server: server).status == 200)
        let metrics = try store.request("GET", "/metrics", server: server)
        #expect(metrics.status == 200)
        #expect(metrics.header("Content-Type")?.hasPrefix("text/plain") == true)
        #expect(metrics.text.contains("# TYPE"))
    }

    @Test(arguments: ["frontEndServer1", "frontEndServer2", "catalogServer1"])
    func `Search and lookup are open on a server's own address`(_ server: String) throws {
        #expect(try store.request("GET", "/lookup/1", server: server).status == 200)
        #expect(try store.request("GET", "/search/Misc", server: server).status == 200)
    }

    @Test func `The access log has the request's id, the upstream and its time`() throws {
        let answer = try store.buy(7)
        let id = try #require(answer.header("X-Request-ID"))
        let line = try eventually("the line in the access log") {
            contents(of: store.directory + "/log/nginx-access.log")
                .split(separator: "\n").first { $0.contains(id) && $0.contains("/buy/7") }
        }
        #expect(line.contains("201"))
        #expect(line.contains("frontEndServer"))
    }

    @Test func `More clients than threads queue, and none is turned away`() throws {
        let lookups = LookupLoad(on: store, clients: 80)
        let purchases = BuyLoad(
            on: store, clients: 80, items: [1, 6, 7], name: "crowd", whenUnanswered: .givesUp,
            limit: 2
        ).finish()
        try lookups.waitForMore(1000)
        #expect(Set(lookups.stop().keys) == [200])
        // 138 copies for 160 buys, less the one of another test.
        let statuses = purchases.flatMap(\.statuses)
        #expect(statuses.count == 160)
        #expect(Set(statuses) == [201, 409])
    }

    @Test func `The configuration that pygmy prints is what nginx calls sound`() throws {
        let output = store.directory + "/printed"
        let printed = try store.pygmy("nginx", "--config", "config.json", "--output", output)
        #expect(printed.status == .exited(0), "\(printed.errors)")
        let main = output + "/nginx.conf"
        #expect(FileManager.default.fileExists(atPath: main))
        let test = try Command.run(
            "/usr/sbin/nginx", ["-t", "-q", "-p", store.directory, "-c", main, "-e", "stderr"],
            directory: store.directory)
        #expect(test.status == .exited(0), "\(test.errors)")
        #expect(test.errorLines == [])
    }
}

/// What a front end that dies, hangs or is replaced costs its clients: nothing.
@Suite(.serialized)
struct FrontEndFailureTests {
    /// Buys without keys, so that it is nginx's request id which keeps a retry from buying twice.
    private static func buyWithoutKeys(_ store: Cluster, clients: Int, each: Int) -> [HTTPAnswer?] {
        onThreads(clients) { client in
            (0..<each).map { number in try? store.buy((client + number) % 7 + 1) }
        }.flatMap { $0 }
    }

    @Test(.cluster(.twoFrontEnds.withLargeStock()), arguments: [SIGKILL, SIGTERM])
    func `A front end that ends under load costs no request, and no buy is made twice`(
        _ signal: Int32
    ) throws {
        let store = Cluster.current
        let lookups = LookupLoad(on: store, clients: 6)
        let buyers = ResultThread { Self.buyWithoutKeys(store, clients: 6, each: 60) }
        for frontEnd in ["frontEndServer1", "frontEndServer2", "frontEndServer1"] {
            try lookups.waitForMore(200)
            let old = try store.signal(signal, to: frontEnd)
            try store.waitForRestart(of: frontEnd, after: old)
        }
        let answers = buyers.join()
        try lookups.waitForMore(200)
        #expect(Set(lookups.stop().keys) == [200])

        #expect(answers.count == 360)
        let unsold = answers.filter { $0?.status != 201 }.map { $0?.status }
        #expect(unsold == [], "\(store.nginxLog { !$0.contains(" 201 ") && $0.contains("/buy/") })")
        let audit = try Audit(of: store)
        #expect(audit.orders.count == 360)
        #expect(Set(answers.compactMap { $0?.json["orderNumber"] as? Int }).count == 360)
        try store.audit([], openingStock: 1_000_000)
    }

    @Test(.cluster(.twoFrontEnds))
    func `A front end that hangs costs no request: the other answers`() throws {
        let store = Cluster.current
        try store.signal(SIGSTOP, to: "frontEndServer1")
        let answers = onThreads(6) { client in
            [try? store.buy(6, key: "hangs \(client)"), try? store.get("/lookup/\(client + 1)")]
        }.flatMap { $0 }
        try store.signal(SIGCONT, to: "frontEndServer1")
        #expect(answers.allSatisfy { $0.map { [200, 201].contains($0.status) } ?? false })
        try store.waitForHealth(of: "frontEndServer1")
        try eventually("the orders") { try Audit(of: store).orders.count == 6 }
        #expect(try store.stock(of: 6, server: "frontEndServer1") == 40)
        #expect(try store.stock(of: 6, server: "frontEndServer2") == 40)
    }

    /// The order server stands still, so that every buy hangs; lookups must not hang with them.
    @Test(.cluster(.single.withLargeStock()))
    func `A lookup never waits behind buys`() throws {
        let store = Cluster.current
        let old = try store.signal(SIGSTOP, to: "orderServer1")
        let load = BuyLoad(on: store, clients: 64, limit: 1)
        // Answered or not, the lookups come while no buy can.
        for _ in 0..<20 {
            for item in 1...7 { #expect(try store.get("/lookup/\(item)").status == 200) }
            #expect(try store.get("/search/Misc").status == 200)
        }
        #expect(load.count == 0)
        kill(old, SIGCONT)
        let purchases = load.finish()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        try store.audit(purchases, openingStock: 1_000_000)
    }

    @Test(.cluster(.pair.withLargeStock()))
    func `nginx itself killed comes back, its old workers or not`() throws {
        let store = Cluster.current
        let load = BuyLoad(on: store, clients: 4)
        try load.waitForMore(20)
        let old = try store.signal(SIGKILL, to: "nginx")
        try eventually("a new nginx") { store.pid(of: "nginx").map { $0 != old } ?? false }
        try load.waitForMore(40)
        let purchases = load.stop()
        try store.audit(purchases, openingStock: 1_000_000)
        #expect(try store.stop() == .exited(0))
        #expect(store.processes.map(\.description) == [])
    }
}
