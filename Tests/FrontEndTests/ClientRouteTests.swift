import API
import FastCGI
import Foundation
import HTTPClient
import Testing

@testable import FrontEnd

/// Whatever counts clients' requests by route names all the routes that clients have.
@Suite("The routes that clients ask")
struct ClientRouteTests {
    /// What clients ask for: probes, and what pages and people look at the store with, are left out.
    static let names = Set(
        RouteName.allCases.filter(\.isPublic).map(\.rawValue)
    ).subtracting([RouteName.status, .health, .livez, .readyz].map(\.rawValue))

    private static func text(_ path: String) throws -> String {
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../..").standardized
        return try String(contentsOf: checkout.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("the status page counts them")
    func page() throws {
        let script = try Self.text("nginx/html/figures.js")
        let list = try #require(script.firstMatch(of: /const clientRoutes = \[([^\]]*)\]/))
        #expect(
            Set(list.output.1.matches(of: /"([^"]+)"/).map { String($0.output.1) }) == Self.names)
    }

    @Test(
        "alarms and dashboard select them, of the front ends only",
        arguments: ["docs/operations/alerts.yml", "docs/operations/dashboard.json"])
    func operations(_ file: String) throws {
        let text = try Self.text(file).replacing(#"\""#, with: #"""#)
        let selectors = text.matches(of: /pygmy_http_request\w+\{([^}]*)\}/).map(\.output.1)
        #expect(selectors.count >= 3)
        #expect(selectors.filter { !$0.contains(#"server=~"frontEndServer.*""#) } == [])
        let routes = selectors.compactMap { $0.firstMatch(of: /route=~"([^"]*)"/)?.output.1 }
        #expect(routes.count >= 3)
        for route in routes {
            #expect(Set(route.split(separator: "|").map(String.init)) == Self.names)
        }
    }

    /// The label by which alarms and dashboard find the front ends.
    @Test("Prometheus knows each server by its name")
    func labels() throws {
        let text = try Self.text("docs/operations/prometheus.yml")
        let labels = text.matches(
            of: /targets: \["([^"]+)"\]\s+labels: \{ server: (\w+) \}/
        ).map { "\($0.output.2) \($0.output.1)" }
        let configuration = try JSON(parsing: Array(Self.text("config.json").utf8))
        let servers = (configuration.members ?? []).compactMap { member in
            member.value.string.map { "\(member.name) \($0)" }
        }
        #expect(servers.count == 6)
        #expect(labels == servers)
    }

    @Test("a search by words is one of the searches in /status")
    func searches() throws {
        let store = Fixture.leased()
        for path in ["/search", "/search/Misc", "/topics", "/lookup/nosuch"] {
            store.send(.get, path) { if path == "/search" { $0.query = [("q", "cooking")] } }
            for call in store.upstream.takeAll() { call.answer(200, "{}") }
        }
        let sink = store.send(.get, "/status")
        for call in store.upstream.takeAll() { call.fail() }
        let status = try JSON(parsing: try #require(sink.answer).body)
        #expect(status["requests"]?["routes"]?["search-words"] != nil)
        #expect(status["requests"]?["searches"]?.integer == 3)
    }
}
