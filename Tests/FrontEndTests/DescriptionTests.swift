import API
import Foundation
import TestSupport
import Testing

@testable import FrontEnd

/// `/openapi.json` and the routes in code say the same.
@Suite("The description of the interface")
struct DescriptionTests {
    let document: JSON
    let paths: [(path: String, item: JSON)]

    init() throws {
        let file = URL(fileURLWithPath: "\(checkout)/nginx/html/openapi.json")
        document = try JSON(parsing: Array(Data(contentsOf: file)))
        paths = try #require(document["paths"]?.members).map { ($0.name, $0.value) }
    }

    static let methods = ["get", "head", "post", "put", "delete", "options", "patch", "trace"]

    /// The operations of a path, by their methods.
    private func operations(_ item: JSON) -> [(method: String, operation: JSON)] {
        (item.members ?? []).filter { Self.methods.contains($0.name) }
            .map { ($0.name.uppercased(), $0.value) }
    }

    @Test("it has the public routes, each with its methods, and no other")
    func routes() {
        let described = Dictionary(uniqueKeysWithValues: paths.map { ($0.path, $0.item) })
        let routes = RouteName.allCases.filter(\.isPublic)
        #expect(Set(described.keys) == Set(routes.map(\.template)))
        for route in routes {
            guard let item = described[route.template] else { continue }
            #expect(
                Set(operations(item).map(\.method)) == Set(route.allowed), "\(route.template)")
        }
    }

    @Test("a path that it describes is one that the front end knows by the same name")
    func templates() throws {
        for (path, _) in paths {
            let filled = path.split(separator: "/").map { $0.hasPrefix("{") ? "1" : String($0) }
            let route = try #require(Route(filled), "\(path)")
            #expect(route.name.template == path)
        }
    }

    @Test("it says of just the administrator's routes that they need the token")
    func security() throws {
        for (path, item) in paths {
            let route = try #require(RouteName.allCases.first { $0.template == path })
            for (method, operation) in operations(item) {
                let isGuarded = route.access == .administrator && method != "OPTIONS"
                #expect((operation["security"] != nil) == isGuarded, "\(method) \(path)")
                #expect((operation["responses"]?["401"] != nil) == isGuarded, "\(method) \(path)")
            }
        }
    }

    @Test("every reference in it leads somewhere, and everything that it defines is used")
    func references() throws {
        var found: Set<String> = []
        func walk(_ value: JSON) {
            for member in value.members ?? [] {
                if member.name == "$ref", let target = member.value.string { found.insert(target) }
                walk(member.value)
            }
            for element in value.elements ?? [] { walk(element) }
        }
        walk(document)
        var defined: Set<String> = []
        for kind in try #require(document["components"]?.members)
        where kind.name != "securitySchemes" {
            for entry in kind.value.members ?? [] {
                defined.insert("#/components/\(kind.name)/\(entry.name)")
            }
        }
        #expect(found.subtracting(defined) == [])
        #expect(defined.subtracting(found) == [])
    }

    @Test("it has the headers of nginx's own problems, wherever it has their statuses")
    func headersOfNginx() throws {
        let text = try String(
            contentsOf: URL(fileURLWithPath: "\(checkout)/nginx/problems.conf"), encoding: .utf8)
        let pages = text.components(separatedBy: "location = /.problem/").dropFirst()
        #expect(pages.count > 10)
        for page in pages {
            let status = String(page.prefix(3))
            let added = Set(
                page.matches(of: /add_header ([A-Za-z-]+)\s/).map { String($0.output.1) })
            for (path, item) in paths {
                let route = try #require(RouteName.allCases.first { $0.template == path })
                for (method, operation) in operations(item) {
                    guard let response = operation["responses"]?[status] else { continue }
                    let described = try #require(resolved(response)["headers"]?.members)
                    var missing = added.subtracting(described.map(\.name))
                    // nginx writes none that is empty, as these are elsewhere.
                    if !route.isOpenToPages {
                        missing = missing.filter { !$0.hasPrefix("Access-Control-") }
                    }
                    #expect(missing == [], "\(method) \(path) \(status)")
                }
            }
        }
    }

    /// A response, or the one that it refers to.
    private func resolved(_ response: JSON) throws -> JSON {
        guard let name = response["$ref"]?.string?.split(separator: "/").last else {
            return response
        }
        return try #require(document["components"]?["responses"]?[String(name)])
    }

    @Test("it knows every problem, and is of this version")
    func problems() throws {
        let types = try #require(
            document["components"]?["schemas"]?["Problem"]?["properties"]?["type"]?["enum"]?
                .elements)
        let slugs = Set(types.compactMap { $0.string?.split(separator: "/").last }.map(String.init))
        let folder = "\(checkout)/Sources/API"
        var made: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix("Problem+") {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            for match in text.matches(of: /"([a-z-]+)", \d{3},/) {
                made.insert(String(match.output.1))
            }
        }
        #expect(slugs == made)
        #expect(document["info"]?["version"]?.string == API.version)
        #expect(document["openapi"]?.string == "3.1.0")
    }
}
