internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// `/openapi.json` against the running store: schemathesis sends what the document allows and what
/// it forbids, and compares every status, header and body with what the document says.
struct DescriptionTests {
    /// Where `scripts/install-dependencies test` puts it.
    private static let schemathesis = "\(checkout)/.build/tools/bin/schemathesis"
    private static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: schemathesis)
    }

    @Test(
        .cluster(.pair.withLargeStock()),
        .enabled(
            if: isInstalled, "schemathesis is not installed: scripts/install-dependencies test"))
    func `schemathesis finds nothing that the description does not say`() throws {
        let store = Cluster.current
        let scratch = store.directory + "/schemathesis"
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true)
        let run = try Command.run(
            Self.schemathesis,
            [
                "--config-file", "\(checkout)/Tests/schemathesis.toml", "run",
                "http://127.0.0.1:\(store.port)/openapi.json", "--checks", "all",
                "--header", "Authorization: Bearer \(store.adminToken)", "--max-examples", "30",
                "--seed", "1", "--continue-on-failure", "--no-color",
            ], directory: scratch, within: .seconds(600))
        #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
        // A run that sent nothing finds nothing either.
        let generated = run.output.firstMatch(of: /(\d+) generated/).flatMap { Int($0.output.1) }
        #expect(generated ?? 0 > 500, "\(run.output)")
        #expect(run.output.contains("Selected: 44/44"), "\(run.output)")

        // What it bought, refused and withdrew adds up.
        #expect(try store.get("/health").status == 200)
        let audit = try store.pygmy("status", "--config", "config.json", "--audit")
        #expect(audit.status == .exited(0), "\(audit.output)\(audit.errors)")
    }

    // MARK: Headers

    /// Paths to each route, right and wrong ones.
    private static let paths: [(template: String, targets: [String])] = [
        ("/topics", ["/topics", "/topics/"]),
        (
            "/search/{topic}",
            [
                "/search/Misc", "/search/GraduateSchool?limit=1", "/search/nosuch",
                "/search/Misc?limit=x", "/search/%FF",
            ]
        ), ("/search", ["/search?q=a", "/search"]),
        (
            "/lookup/{itemNumber}",
            [
                "/lookup/1", "/lookup/999", "/lookup/x",
                "/lookup/\(String(repeating: "1", count: 9000))",
            ]
        ),
        (
            "/buy/{itemNumber}",
            ["/buy/1", "/buy/999", "/buy/x", "/buy/1?quantity=0", "/buy/10?quantity=9"]
        ),
        ("/orders/{orderNumber}", ["/orders/1", "/orders/999999", "/orders/x"]),
        ("/status", ["/status"]), ("/health", ["/health"]), ("/livez", ["/livez"]),
        ("/readyz", ["/readyz"]),
        ("/restock/{itemNumber}", ["/restock/1", "/restock/999", "/restock/x"]),
        ("/items/{itemNumber}", ["/items/9", "/items/999", "/items/x"]),
        ("/catalog.csv", ["/catalog.csv"]), ("/orders.csv", ["/orders.csv"]),
        ("/orders", ["/orders?limit=1", "/orders?limit=x", "/orders?after=999999"]),
    ]

    private static let book = #"{"title":"A","topic":"B","cost":1,"stock":1}"#

    /// What is sent with each method: headers and a body.
    private static let variants: [(headers: [String: String], body: String?)] = [
        ([:], nil), (["Accept": "text/html"], nil),
        (["Idempotency-Key": "of the variants", "Accept-Encoding": "gzip"], ""),
        (["Idempotency-Key": "of the variants"], ""), (["Idempotency-Key": ""], ""),
        (["If-Match": #""other""#, "Content-Type": "application/json"], book),
        (["Content-Type": "application/json"], book), (["Content-Type": "text/plain"], book),
        (["Content-Type": "application/json"], "{}"), (["Content-Type": "application/json"], "{"),
        ([:], String(repeating: "x", count: 70_000)),
        (["X-Large": String(repeating: "x", count: 9000)], nil),
        (["Transfer-Encoding": "zip"], nil),
    ]

    @Test(.cluster(.pair.withLargeStock()))
    func `Every answer has the status and just the headers that the description says`() throws {
        let store = Cluster.current
        var comparison = try Comparison(with: store.get("/openapi.json"))
        let scarce = try store.administer(
            "PUT", "/items/10", body: Self.book, contentType: "application/json")
        #expect(scarce.status == 201)
        for (template, targets) in Self.paths {
            for target in targets {
                for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] {
                    try ask(store, method, target, template, &comparison)
                }
            }
        }
        #expect(
            comparison.statuses.isSuperset(of: [
                200, 201, 204, 304, 400, 401, 404, 405, 409, 412, 413, 414, 415, 422, 431, 501,
            ]), "\(comparison.statuses.sorted())")
        #expect(comparison.differences.sorted() == [])
    }

    /// Without the token and with it, with every variant, and with the tag of the answer.
    private func ask(
        _ store: Cluster, _ method: String, _ target: String, _ template: String,
        _ comparison: inout Comparison
    ) throws {
        for variant in Self.variants {
            for token in [nil, "Bearer \(store.adminToken)"] {
                var headers = variant.headers
                headers["Authorization"] = token
                let answer = try store.request(
                    method, target, headers: headers, body: variant.body)
                comparison.add(answer, to: method, template)
                guard method == "GET" || method == "HEAD", let tag = answer.header("ETag") else {
                    continue
                }
                headers["If-None-Match"] = tag
                comparison.add(
                    try store.request(method, target, headers: headers), to: method, template)
            }
        }
    }

    @Test(.folder(.pair.with { $0.settings["requestTimeout"] = .number(2) }))
    func `So has every answer of a store whose servers are gone, one kind after the other`()
        throws
    {
        let store = Cluster.current
        try store.start(["--no-restart"])
        var comparison = try Comparison(with: store.get("/openapi.json"))
        let losses: [(kind: String, templates: [String])] = [
            ("orderServer", ["/buy/{itemNumber}", "/orders/{orderNumber}", "/health", "/readyz"]),
            ("catalogServer", ["/lookup/{itemNumber}", "/search/{topic}", "/catalog.csv"]),
            ("frontEndServer", Self.paths.map(\.template)),
        ]
        for (kind, templates) in losses {
            for number in 1...2 { try store.signal(SIGKILL, to: "\(kind)\(number)") }
            for (template, targets) in Self.paths where templates.contains(template) {
                for method in ["GET", "POST"] where comparison.has(method, template) {
                    let answer = try store.request(
                        method, targets[0],
                        headers: ["Authorization": "Bearer \(store.adminToken)"],
                        body: method == "POST" ? "" : nil)
                    comparison.add(answer, to: method, template)
                }
            }
        }
        #expect(comparison.statuses.isSuperset(of: [502, 503]), "\(comparison.statuses)")
        #expect(comparison.differences.sorted() == [])
    }
}

/// Answers against what the description says of them.
private struct Comparison {
    private let document: [String: Any]
    /// What was answered.
    private(set) var statuses: Set<Int> = []
    /// What the description does not say, or says and is not so.
    private(set) var differences: Set<String> = []

    /// Of the connection, or of the body as it is on the wire.
    private static let ignored: Set<String> = [
        "date", "server", "connection", "content-length", "transfer-encoding", "keep-alive",
        "content-type", "content-encoding",
    ]

    init(with description: HTTPAnswer) throws {
        document = description.json
        try #require(document["paths"] != nil)
    }

    /// Whether a route has the method.
    func has(_ method: String, _ template: String) -> Bool {
        operation(method, template) != nil
    }

    /// Compares an answer.
    mutating func add(_ answer: HTTPAnswer, to method: String, _ template: String) {
        statuses.insert(answer.status)
        let place = "\(method) \(template) \(answer.status)"
        // A method that the route does not have is described beside those that it has.
        let operation = operation(method, template) ?? operation("OPTIONS", template)
        let responses = operation?["responses"] as? [String: Any]
        guard let response = resolve(responses?["\(answer.status)"]) else {
            differences.insert("\(place) is not described")
            return
        }
        let described = response["headers"] as? [String: Any] ?? [:]
        let names = Set(described.keys.map { $0.lowercased() })
        let found = Set(answer.headers.map { $0.name.lowercased() })
        for name in found.subtracting(names).subtracting(Self.ignored) {
            differences.insert("\(place): \(name) is not described")
        }
        for (name, header) in described
        where resolve(header)?["required"] as? Bool == true && !found.contains(name.lowercased()) {
            differences.insert("\(place): \(name) is missing")
        }
        let type = answer.header("Content-Type")?.split(separator: ";").first.map(String.init)
        let content = response["content"] as? [String: Any] ?? [:]
        if let type, method != "HEAD", content[type] == nil {
            differences.insert("\(place): \(type) is not described")
        }
    }

    private func operation(_ method: String, _ template: String) -> [String: Any]? {
        let paths = document["paths"] as? [String: Any]
        return (paths?[template] as? [String: Any])?[method.lowercased()] as? [String: Any]
    }

    /// An object, or the one that it refers to.
    private func resolve(_ object: Any?) -> [String: Any]? {
        guard let object = object as? [String: Any] else { return nil }
        guard let reference = object["$ref"] as? String else { return object }
        var target: Any? = document
        for name in reference.split(separator: "/").dropFirst() {
            target = (target as? [String: Any])?[String(name)]
        }
        return target as? [String: Any]
    }
}
