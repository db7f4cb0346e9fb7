import API
import ArgumentParser
import Testing

@testable import pygmy

private func report(_ text: String) throws -> StatusReport {
    StatusReport(document: try JSON(parsing: Array(text.utf8)))
}

@Suite struct `The table of pygmy status` {
    @Test func `Servers are rows, what is known of all of them comes first`() throws {
        let report = try report(
            """
            {"server":"frontEndServer1","servers":[
              {"name":"catalogServer1","kind":"catalogServer","address":"a:1","reachable":true,
               "role":"primary","view":{"number":3,"members":["catalogServer1","catalogServer2"]},
               "commitIndex":17},
              {"name":"orderServer1","kind":"orderServer","address":"a:2","reachable":false,
               "role":null,"view":null}],
             "cache":{"entries":5,"hits":10,"lease":{"held":true}},"news":[1,"two"]}
            """)
        #expect(
            report.text == """
                name            role     reachable  view                                commitIndex  address
                catalogServer1  primary  yes        3 (catalogServer1, catalogServer2)           17  a:1
                orderServer1    -        no         -                                             -  a:2

                server: frontEndServer1
                cache: entries 5, hits 10, lease (held yes)
                news: 1, two
                """)
        #expect(report.roles == ["catalogServer1": "primary"])
    }

    @Test func `What servers say of themselves joins their rows, front ends have a table`() throws {
        let report = try report(
            """
            {"servers":[{"name":"catalogServer1","reachable":true,"role":"primary",
              "replica":{"lastIndex":9,"commitIndex":8,"appliedIndex":7,"waitsFor":null,
               "leaseMilliseconds":512,"peers":[{"lag":2},{"lag":null}]}}],
             "frontEnds":[{"name":"frontEndServer1","reachable":true,"frontEnd":{"uptimeSeconds":5,
               "cache":{"entries":1,"hits":3,"misses":1,"hitRatio":0.75,"lease":{"held":true}},
               "requests":{"buys":4}}},{"name":"frontEndServer2","reachable":false}]}
            """)
        #expect(
            report.text == """
                name            role     reachable  lastIndex  commitIndex  appliedIndex  lag  leaseMilliseconds  waitsFor
                catalogServer1  primary  yes                9            8             7    2                512         -

                name             reachable  uptimeSeconds  entries  hits  misses  hitRatio  lease  buys
                frontEndServer1  yes                    5        1     3       1      0.75  yes       4
                frontEndServer2  no                     -        -     -       -         -  -         -
                """)
    }

    @Test func `In a window of 80 columns every line fits and every server can be told apart`()
        throws
    {
        func server(_ number: Int) -> String {
            """
            {"name":"catalogServer\(number)","kind":"catalogServer","address":"127.0.0.1:808\(number)",
             "reachable":true,"since":"2026-11-22T22:20:05.123Z","reachedBy":["frontEndServer1",
             "frontEndServer2"],"role":"primary","serving":true,"view":{"number":3,
             "members":["catalogServer1","catalogServer2"]},
             "replica":{"lastIndex":9,"commitIndex":8,"appliedIndex":7,"waitsFor":null,
             "leaseMilliseconds":512,"peers":[{"lag":2}]}}
            """
        }
        var report = try report(
            """
            {"server":"frontEndServer1","servers":[\(server(1)),\(server(2))],
             "cache":{"entries":5,"threshold":10000,"hits":10,"misses":12345,"hitRatio":0.1234,
             "invalidations":0,"lease":{"held":true,"remainingMilliseconds":700}}}
            """)
        report.width = 80
        #expect(
            report.text == """
                name            role     up   serves  view                                last
                catalogServer1  primary  yes  yes     3 (catalogServer1, catalogServer2)     9
                catalogServer2  primary  yes  yes     3 (catalogServer1, catalogServer2)     9

                name            commit  applied  lag  lease ms  waits for  address
                catalogServer1       8        7    2       512          -  127.0.0.1:8081
                catalogServer2       8        7    2       512          -  127.0.0.1:8082

                name            since                     reached by
                catalogServer1  2026-11-22T22:20:05.123Z  frontEndServer1, frontEndServer2
                catalogServer2  2026-11-22T22:20:05.123Z  frontEndServer1, frontEndServer2

                server: frontEndServer1
                cache: entries 5, threshold 10000, hits 10, misses 12345, hitRatio 0.1234,
                  invalidations 0, lease (held yes, remainingMilliseconds 700)
                """)
    }

    @Test func `Of the requests the numbers are shown, and not the histograms`() throws {
        let report = try report(
            """
            {"server":"frontEndServer1","requests":{"lookups":2,"buys":1,"boundsMilliseconds":[1,2],
             "routes":{"lookup":{"answers":{"200":2},"durations":[0,2]}}}}
            """)
        #expect(report.text == "server: frontEndServer1\nrequests: lookups 2, buys 1")
    }

    @Test(arguments: ["{}", "[]", "null", "{\"servers\":[]}", "{\"servers\":7}"])
    func `What has no servers is shown without a table`(_ text: String) throws {
        #expect(try !report(text).text.contains("name"))
    }
}

@Suite struct `An audit` {
    private func answer(_ name: String, _ text: String) throws -> Audit.Answer {
        Audit.Answer(
            server: try #require(ServerID(parsing: name)),
            document: try JSON(parsing: Array(text.utf8)))
    }

    private func catalog(
        sold: Int = 3, digest: String = "7", faults: String = ""
    ) throws -> Audit.Answer {
        try answer(
            "catalogServer1",
            """
            {"opening":10,"restocked":5,"stock":12,"sold":\(sold),"sales":\(sold),
             "salesDigest":"\(digest)","faults":[\(faults)]}
            """)
    }

    @Test func `Books that add up and servers that agree are proved`() throws {
        let audit = Audit(answers: [
            try catalog(), try answer("orderServer1", "{\"orders\":3,\"salesDigest\":\"7\"}"),
        ])
        #expect(audit.faults == [])
        #expect(audit.disagreements == [])
        #expect(audit.proof.first == "opening 10 + restocked 5 = stock 12 + sold 3")
    }

    @Test func `Books that do not add up are a fault`() throws {
        let audit = Audit(answers: [try catalog(sold: 4)])
        #expect(
            audit.faults
                == ["catalogServer1: opening 10 + restocked 5 is not stock 12 + sold 4"])
    }

    @Test func `What a server itself finds wrong is a fault`() throws {
        let audit = Audit(answers: [try catalog(faults: "\"book 7\"")])
        #expect(audit.faults == ["catalogServer1: book 7"])
    }

    @Test func `A catalog that says no figures proves nothing`() throws {
        let audit = Audit(answers: [try answer("catalogServer1", "{}")])
        #expect(audit.faults.count == 1)
        #expect(audit.proof == [])
    }

    @Test func `Up to a number the sales agree, whatever is sold meanwhile`() throws {
        let settled = #"{"sales":9,"settledThrough":7,"through":6,"throughSales":6,"#
        let catalog = try answer("catalogServer1", settled + #""throughDigest":"a"}"#)
        let orders = { (digest: String) in
            try answer(
                "orderServer1",
                #"{"orders":8,"settledThrough":6,"through":6,"throughSales":6,"throughDigest":"\#(digest)"}"#
            )
        }
        #expect(Audit(answers: [catalog, try orders("a")]).settledThrough == 6)
        #expect(Audit(answers: [catalog, try orders("a")], through: 6).disagreements == [])
        #expect(
            Audit(answers: [catalog, try orders("b")], through: 6).disagreements
                == ["throughDigest differs: catalogServer1 a, orderServer1 b"])
        #expect(Audit(answers: [catalog, try answer("orderServer1", "{}")]).settledThrough == nil)
    }

    @Test func `A sale without its order is a disagreement`() throws {
        let audit = Audit(answers: [
            try catalog(), try answer("orderServer1", "{\"orders\":2,\"salesDigest\":\"9\"}"),
        ])
        #expect(
            audit.disagreements == [
                "sales differs: catalogServer1 3, orderServer1 2",
                "salesDigest differs: catalogServer1 7, orderServer1 9",
            ])
    }
}

@Suite struct `A bench` {
    @Test func `Its mix is what was asked for`() {
        var generator = SystemRandomNumberGenerator()
        let only = Mix(lookups: 0, searches: 0, buys: 1)
        #expect((0..<100).allSatisfy { _ in only.pick(&generator) == .buy })
        let none = Mix(lookups: 1, searches: 1, buys: 0)
        #expect((0..<1000).allSatisfy { _ in none.pick(&generator) != .buy })
    }

    @Test func `Its table counts what was answered, refused and failed`() {
        let tally = Tally()
        for _ in 0..<98 { tally.record(.lookup, status: 200, latency: .milliseconds(1)) }
        tally.record(.lookup, status: 404, latency: .milliseconds(100))
        tally.record(.buy, status: 503, latency: .seconds(1))
        tally.record(.buy, status: nil, latency: .seconds(1))
        #expect(tally.counts == [99, 0, 0])
        let lines = tally.table(over: .seconds(10)).split(separator: "\n")
            .map { $0.split(separator: " ").map(String.init) }
        #expect(lines[1].prefix(4) == ["lookups", "99", "9.9", "1.00"])
        #expect(lines[1].suffix(2) == ["1", "0"])
        #expect(lines[3] == ["buys", "0", "0.0", "-", "-", "-", "-", "-", "0", "2"])
    }

    @Test(arguments: [
        ["bench", "--clients", "0"], ["bench", "--seconds", "0"],
        ["bench", "--lookups", "0", "--searches", "0", "--buys", "0"], ["export", "nosuch"],
        ["export"], ["nosuch"], ["up", "--nosuch"],
    ])
    func `Used wrongly the program ends with 64`(_ arguments: [String]) {
        do {
            _ = try Pygmy.parseAsRoot(arguments)
            Issue.record("it was taken")
        } catch {
            #expect(Pygmy.exitCode(for: error).rawValue == 64)
        }
    }
}
