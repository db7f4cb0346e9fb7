internal import ChildProcess
internal import Foundation
internal import Testing

/// `client` and the commands of `pygmy` beside `up`.
@Suite(.cluster(.pair), .serialized)
struct CommandTests {
    let store = Cluster.current

    private var url: String { "http://127.0.0.1:\(store.port)" }

    @Test func `client search, lookup and buy print what they found and end with 0`() throws {
        let search = try store.client("search", "GraduateSchool")
        #expect(search.status == .exited(0), "\(search.errors)")
        #expect(search.output.contains("Why theory classes are so hard"))
        let lookup = try store.client("lookup", "6")
        #expect(lookup.status == .exited(0), "\(lookup.errors)")
        #expect(lookup.output.contains("75.00"))
        let buy = try store.client("buy", "6")
        #expect(buy.status == .exited(0), "\(buy.errors)")
        #expect(buy.output.contains("Why theory classes are so hard"))
    }

    @Test func `client --json prints the body as it came`() throws {
        let lookup = try store.client("lookup", "5", "--json", "--url", url)
        #expect(lookup.status == .exited(0), "\(lookup.errors)")
        #expect(lookup.output.trimmed == (try store.get("/lookup/5").text.trimmed))
        let search = try store.client("search", "Misc", "--json", "--url", url)
        #expect(search.output.trimmed == (try store.get("/search/Misc").text.trimmed))
        let buy = try store.client("buy", "5", "--json", "--url", url)
        let order = try #require(
            try JSONSerialization.jsonObject(with: Data(buy.output.utf8)) as? [String: Any])
        #expect(order["itemNumber"] as? Int == 5)
        #expect(order["orderNumber"] as? Int != nil)
    }

    @Test func `client refused by the store ends with 1`() throws {
        #expect(try store.client("lookup", "99").status == .exited(1))
        #expect(try store.client("buy", "99").status == .exited(1))
        _ = BuyLoad(on: store, clients: 4, items: [2], name: "empty", limit: 6).finish()
        let refused = try store.client("buy", "2")
        #expect(refused.status == .exited(1))
        #expect((refused.output + refused.errors).lowercased().contains("stock"))
    }

    @Test func `output that cannot be written is no success`() throws {
        for program in ["client lookup 5 --json", "pygmy export catalog", "pygmy status"] {
            let words = program.split(separator: " ").map(String.init)
            let run = try Command.run(
                "/bin/sh",
                ["-c", "exec \"$0\" \"$@\" > /dev/full", Programs.path(words[0])]
                    + words.dropFirst(), environment: store.environment,
                directory: store.directory)
            #expect(run.status == .exited(74), "\(program): \(run.output)\(run.errors)")
            #expect(run.errors.contains("No space left on device"))
        }
    }

    @Test func `client ends with 69 where nobody answers`() throws {
        let nowhere = "http://127.0.0.1:\(Ports.take())"
        for arguments in [["search", "Misc"], ["lookup", "1"], ["buy", "1"]] {
            let run = try Command.run(
                Programs.path("client"), arguments + ["--url", nowhere],
                environment: store.environment, directory: store.directory)
            #expect(run.status == .exited(69), "\(run.output)\(run.errors)")
            #expect(!run.errors.isEmpty)
        }
    }

    @Test func `client without arguments is a menu that searches, looks up and buys`() throws {
        let stock = try store.stock(of: 4)
        let input = "1\nGraduateSchool\n2\n4\n3\n4\nnonsense\n\n2\nabc\n4\n"
        let run = try store.client(input: input)
        #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
        #expect(run.output.contains("Cooking for the Impatient Graduate Student"))
        #expect(run.output.contains("12.00"))
        #expect(try store.stock(of: 4) == stock - 1)
    }

    @Test func `The menu ends at the end of its input`() throws {
        #expect(try store.client(input: "").status == .exited(0))
    }

    @Test func `pygmy status shows every server`() throws {
        let status = try store.pygmy("status", "--config", "config.json")
        #expect(status.status == .exited(0), "\(status.errors)")
        for name in store.plan.serverNames { #expect(status.output.contains(name), "\(name)") }
        // Where the configuration is may be said before the command too.
        let check = try store.pygmy("--config", "config.json", "check")
        #expect(check.status == .exited(0) && check.output.hasPrefix("config.json is sound"))
    }

    @Test func `pygmy status --audit proves that the books add up`() throws {
        #expect(try store.buy(7).status == 201)
        let status = try store.pygmy("status", "--audit", "--config", "config.json")
        #expect(status.status == .exited(0), "\(status.output)\(status.errors)")
    }

    @Test(.cluster(.pair.withLargeStock()))
    func `The audit proves it while more is being bought`() throws {
        let store = Cluster.current
        let load = BuyLoad(on: store, clients: 8)
        try load.waitForMore(50)
        let status = try store.pygmy("status", "--audit", "--config", "config.json")
        #expect(status.status == .exited(0), "\(status.output)\(status.errors)")
        #expect(status.output.contains("agree on every sale"))
        let purchases = load.stop()
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
    }

    @Test func `pygmy export prints the CSV of the administrator`() throws {
        #expect(try store.buy(7).status == 201)
        for name in ["catalog", "orders"] {
            let export = try store.pygmy("export", name, "--config", "config.json")
            #expect(export.status == .exited(0), "\(export.errors)")
            #expect(export.output == (try store.administer("GET", "/\(name).csv").text))
        }
        #expect(try store.pygmy("export", "nosuch").status == .exited(64))
    }

    @Test func `Orders are shown by their time, and exported with their quantities`() throws {
        for number in 1...3 {
            let answer = try store.buy(6, quantity: number, key: "orders \(number)")
            #expect(answer.status == 201)
        }
        let shown = try store.pygmy(
            "orders", "--item", "6", "--limit", "2", "--config", "config.json")
        #expect(shown.status == .exited(0), "\(shown.errors)")
        let lines = shown.output.split(separator: "\n")
        #expect(lines.count == 3, "\(shown.output)")
        #expect(lines.allSatisfy { $0.contains("title") || $0.contains("Why theory classes") })
        let after = try #require(shown.errors.firstMatch(of: /--after (\d+)/)?.output.1)
        let rest = try store.pygmy(
            "orders", "--item", "6", "--after", String(after), "--config", "config.json")
        let older = rest.output.split(separator: "\n")
        #expect(older.count >= 2, "\(rest.output)")
        #expect(Set(older.dropFirst()).isDisjoint(with: lines))
        let none = try store.pygmy("orders", "--to", "1999-01-01", "--config", "config.json")
        #expect(none.output.trimmed == "There are no such orders.")
        for wrong in [
            ["--from", "today"], ["--item", "x"], ["--limit", "0"], ["--after", "-1"],
        ] {
            #expect(try store.pygmy(["orders"] + wrong).status == .exited(64), "\(wrong)")
        }

        let export = try store.pygmy(
            "export", "orders", "--with-quantity", "--config", "config.json")
        #expect(export.status == .exited(0), "\(export.errors)")
        let table = try CSVTable(export.output)
        #expect(table.header.last == "Quantity")
        let quantities = table.rows.filter { $0[6].hasPrefix("orders ") }.map { $0[7] }
        #expect(quantities == ["1", "2", "3"])
        #expect(
            export.output
                == (try store.administer("GET", "/orders.csv?with=quantity").text))
        expectProblem(try store.administer("GET", "/orders.csv?with=price"), 400)
        #expect(
            try store.pygmy("export", "catalog", "--with-quantity").status == .exited(64))
    }

    @Test func `pygmy nginx prints the configuration`() throws {
        let printed = try store.pygmy("nginx", "--config", "config.json")
        #expect(printed.status == .exited(0), "\(printed.errors)")
        #expect(printed.output.contains("127.0.0.1:\(store.port)"))
        for name in store.plan.serverNames { #expect(printed.output.contains(name), "\(name)") }
    }

    @Test func `pygmy status of a store that does not run is 69`() throws {
        let other = try Cluster(.single)
        defer { other.end() }
        let status = try other.pygmy("status", "--config", "config.json")
        #expect(status.status == .exited(69), "\(status.output)\(status.errors)")
    }
}
