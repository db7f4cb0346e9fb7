import API
import ChildProcess
import Deployment
import Foundation
import Glibc
import TestSupport
import Testing

/// A real nginx with the generated configuration and no servers behind it: what it says itself.
private final class RunningNginx {
    let folder: TemporaryFolder
    let port: Int
    private let process: ChildProcess

    /// Takes free ports, writes the configuration and waits until nginx listens.
    init() throws {
        folder = TemporaryFolder()
        try folder.make("run")
        try folder.make("log")
        // A port may be taken between finding it and using it: nginx then says so and ends.
        for _ in 0..<5 {
            let ports = try FreePorts(7)
            if let process = try Self.start(in: folder, ports) {
                self.process = process
                port = ports.numbers[0]
                return
            }
        }
        throw NotListening()
    }

    /// Starts nginx; nil where it ends at once, or does not listen in half a minute.
    private static func start(in folder: TemporaryFolder, _ ports: FreePorts)
        throws -> ChildProcess?
    {
        let port = ports.numbers[0]
        var settings = Configuration.Settings()
        settings.listen = Address(host: "127.0.0.1", port: port)
        let kinds: [ServerKind] = [.frontEnd, .frontEnd, .catalog, .catalog, .order, .order]
        let servers = kinds.indices.map { index in
            Configuration.Server(
                ServerID(kinds[index], index % 2 + 1),
                at: Address(host: "127.0.0.1", port: ports.numbers[index + 1]))
        }
        let configuration = Configuration(
            servers: servers, settings: settings, folder: folder.path)
        let text = NginxConfiguration(
            Site(configuration) { _ in true }, paths: .fromFolder,
            pages: "\(checkout)/nginx/html", runsAsRoot: geteuid() == 0
        ).text
        try folder.write(text, to: "run/nginx.conf")
        ports.release()
        let process = try ChildProcess(
            "/usr/sbin/nginx",
            [
                "-p", folder.path + "/", "-c", "\(folder.path)/run/nginx.conf", "-e", "stderr",
                "-g",
                "daemon off;",
            ],
            directory: folder.path, outputStem: "\(folder.path)/nginx")
        let deadline = ContinuousClock.now + .seconds(30)
        while process.exitStatus == nil {
            if (try? send("GET / HTTP/1.0\r\n\r\n", to: port)) != nil { return process }
            guard ContinuousClock.now < deadline else {
                process.send(SIGKILL)
                break
            }
            usleep(10_000)
        }
        _ = process.wait()
        return nil
    }

    deinit {
        process.send(SIGTERM)
        _ = process.wait()
    }

    /// Sends bytes and reads one answer, to its length: nginx keeps a connection open for a while
    /// whose body it did not read. Sends text and takes what comes until nginx closes the
    /// connection; `isWhole` says that nothing follows the text, whatever nginx may still wait for.
    func send(_ text: String, isWhole: Bool = true) throws -> Answer {
        try Self.send(text, to: port, isWhole: isWhole)
    }

    private static func send(_ text: String, to port: Int, isWhole: Bool = true) throws -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        // Only so that a failing test ends.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let connected = withSocketAddress(port: port) { connect(descriptor, $0, $1) }
        guard connected == 0 else { throw NotListening() }
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if isWhole { shutdown(descriptor, Int32(SHUT_WR)) }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            received += chunk[..<count]
            let answer = try? Answer(received)
            let length = answer?.header("Content-Length").flatMap { Int($0) }
            if isWhole, let answer, let length, answer.body.count >= length { return answer }
        }
        return try Answer(received)
    }

    func get(_ path: String, _ headers: String = "", method: String = "GET") throws -> Answer {
        try send("\(method) \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(headers)\r\n")
    }
}

/// nginx is not there yet, or not any more.
private struct NotListening: Error {}

/// Ports that nobody listens at.
private final class FreePorts {
    let numbers: [Int]
    private let descriptors: [Int32]

    init(_ count: Int) throws {
        let sockets = try (0..<count).map { _ in try bindSocket() }
        numbers = sockets.map(\.port)
        descriptors = sockets.map(\.descriptor)
    }

    func release() { for descriptor in descriptors { close(descriptor) } }
}

private struct Answer {
    let status: Int
    let head: String
    let body: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(
            separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        head = String(try #require(parts.first))
        body = Array((parts.count > 1 ? parts[1] : "").utf8)
        status = try #require(Int(head.dropFirst(9).prefix(3)))
    }

    func header(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()):") }
            .map { String($0.drop { $0 != ":" }.dropFirst(2)) }
    }
}

@Suite(.serialized) struct `nginx with no servers behind it` {
    private static let long = String(repeating: "a", count: 9000)

    @Test func `Everything that nginx says itself is a problem document with an id`() throws {
        let nginx = try RunningNginx()
        let requests: [(String, Int)] = [
            ("GET /nosuch HTTP/1.1\r\nHost: a\r\n", 404),
            ("GET /update HTTP/1.1\r\nHost: a\r\n", 404),
            ("GET /nosuch/../update HTTP/1.1\r\nHost: a\r\n", 404),
            // As it was sent it is a route, and so the front ends' to answer.
            ("GET /search/.. HTTP/1.1\r\nHost: a\r\n", 502),
            ("GET /search/%2E%2E%2Flookup%2F1 HTTP/1.1\r\nHost: a\r\n", 502),
            ("GET /update/../lookup/1 HTTP/1.1\r\nHost: a\r\n", 404),
            ("GET //lookup/1 HTTP/1.1\r\nHost: a\r\n", 404),
            ("GET /metrics HTTP/1.1\r\nHost: a\r\n", 404),
            ("GET /.problem/404 HTTP/1.1\r\nHost: a\r\n", 404),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n", 405),
            ("TRACE /lookup/1 HTTP/1.1\r\nHost: a\r\n", 405),
            ("get /lookup/1 HTTP/1.1\r\nHost: a\r\n", 400), ("rubbish\r\n", 400),
            ("GET /lookup/1 HTTP/1.1\r\n", 400), ("GET /lookup/%00 HTTP/1.1\r\nHost: a\r\n", 400),
            ("POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n", 413),
            ("GET /lookup/\(Self.long) HTTP/1.1\r\nHost: a\r\n", 414),
            ("GET /lookup/1 HTTP/1.1\r\nHost: a\r\nIdempotency-Key: \(Self.long)\r\n", 431),
            ("POST /buy/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n", 501),
            ("GET /lookup/1 HTTP/1.1\r\nHost: a\r\n", 502),
            ("POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n", 502),
            ("GET /lookup/1 HTTP/3.7\r\nHost: a\r\n", 505),
        ]
        for (request, status) in requests {
            let answer = try nginx.send(request + "Connection: close\r\n\r\n")
            #expect(answer.status == status, "\(request.prefix(60))")
            #expect(
                answer.header("Content-Type") == "application/problem+json", "\(request.prefix(60))"
            )
            let id = try #require(answer.header("X-Request-ID"))
            #expect(id.count == 32 || id.wholeMatch(of: /[0-9]+\.[0-9]{3}(-[0-9]+){3}/) != nil)
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            let document = try JSON(parsing: answer.body)
            #expect(document["status"]?.integer == Int64(status))
            #expect(document["type"]?.string?.hasPrefix("/problems/") == true)
            #expect((answer.header("Allow") != nil) == (status == 405))
        }
    }

    @Test func `A sane id of the caller's is kept, and no other`() throws {
        let nginx = try RunningNginx()
        #expect(
            try nginx.get("/nosuch", "X-Request-ID: my-id.1_2\r\n").header("X-Request-ID")
                == "my-id.1_2")
        for id in ["with space", "a\"b", String(repeating: "x", count: 65), "é"] {
            let kept = try nginx.get("/nosuch", "X-Request-ID: \(id)\r\n").header("X-Request-ID")
            #expect(kept?.count == 32, "\(id)")
        }
    }

    @Test func `No two requests have the same id, lookups and others, on one connection or many`()
        throws
    {
        let nginx = try RunningNginx()
        var ids: [String] = []
        for path in ["/lookup/1", "/nosuch", "/lookup/2"] {
            let request = "GET \(path) HTTP/1.1\r\nHost: a\r\n"
            for _ in 1...10 { ids.append(try #require(nginx.get(path).header("X-Request-ID"))) }
            // Several on one connection.
            let answers = try nginx.send(
                String(repeating: request + "\r\n", count: 9) + request
                    + "Connection: close\r\n\r\n", isWhole: false)
            let text = answers.head + String(decoding: answers.body, as: UTF8.self)
            ids += text.matches(of: /X-Request-ID: (\S+)/).map { String($0.1) }
        }
        #expect(ids.count == 60)
        #expect(Set(ids).count == 60)
    }

    @Test func `A request of a trace has the trace's id, where the caller gives no other`() throws {
        let nginx = try RunningNginx()
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let valid = "traceparent: 00-\(trace)-b7ad6b7169203331-01\r\n"
        #expect(try nginx.get("/nosuch", valid).header("X-Request-ID") == trace)
        #expect(
            try nginx.get("/nosuch", valid + "X-Request-ID: own\r\n").header("X-Request-ID")
                == "own")
        let zeros = String(repeating: "0", count: 32)
        for wrong in [
            "00-\(zeros)-b7ad6b7169203331-01", "00-\(trace)-0000000000000000-01",
            "ff-\(trace)-b7ad6b7169203331-01", "00-\(trace.uppercased())-b7ad6b7169203331-01",
            "00-\(trace)-b7ad6b7169203331", "00-\(trace)-b7ad6b7169203331-01-x",
        ] {
            let id = try nginx.get("/nosuch", "traceparent: \(wrong)\r\n").header("X-Request-ID")
            #expect(id?.count == 32 && id != trace && id != zeros, "\(wrong)")
        }
    }

    @Test func `Pages from elsewhere may read what everybody may, errors included, and no more`()
        throws
    {
        let nginx = try RunningNginx()
        let open = [
            "/lookup/1", "/search/x?limit=1", "/topics", "/topics/", "/status", "/health",
            "/orders/1", "/openapi.json",
        ]
        for path in open {
            let answer = try nginx.get(path, "Origin: https://elsewhere.example\r\n")
            #expect(answer.header("Access-Control-Allow-Origin") == "*", "\(path)")
            #expect(answer.header("Access-Control-Expose-Headers")?.contains("ETag") == true)
            #expect(answer.header("Access-Control-Allow-Credentials") == nil)
        }
        for path in ["/", "/buy/1", "/items/1", "/restock/1", "/orders.csv", "/catalog.csv", "/x"] {
            let answer = try nginx.get(path, "Origin: https://elsewhere.example\r\n")
            #expect(answer.header("Access-Control-Allow-Origin") == nil, "\(path)")
        }
    }

    @Test func `What is worth it comes compressed, to whoever can read it`() throws {
        let nginx = try RunningNginx()
        for path in ["/", "/store.css", "/store.js"] {
            let plain = try nginx.get(path)
            #expect(plain.header("Content-Encoding") == nil)
            #expect(plain.header("Vary") == "Accept-Encoding")
            let small = try nginx.get(path, "Accept-Encoding: gzip\r\n")
            #expect(small.header("Content-Encoding") == "gzip", "\(path)")
            #expect(small.body.count < plain.body.count)
        }
        #expect(
            try nginx.get("/nosuch", "Accept-Encoding: gzip\r\n").header("Content-Encoding") == nil)
    }

    @Test func `A buy that no server took tells the key under which it can be repeated`() throws {
        let nginx = try RunningNginx()
        let answer = try nginx.get("/buy/1", "Content-Length: 0\r\n", method: "POST")
        #expect(answer.header("Idempotency-Key")?.count == 32)
        let keyed = try nginx.get(
            "/buy/1", "Content-Length: 0\r\nIdempotency-Key: k\r\n", method: "POST")
        #expect(keyed.header("Idempotency-Key") == nil)
    }

    @Test func `The page is there, fetches nothing from elsewhere, and shows no other file`() throws
    {
        let nginx = try RunningNginx()
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(checkout)/nginx/html")
        #expect(files.count > 10)
        for path in ["/", "/problems/out-of-stock"] + files.map({ "/\($0)" }) {
            let answer = try nginx.get(path)
            #expect(answer.status == 200, "\(path)")
            #expect(
                answer.header("Content-Security-Policy")?.hasPrefix("default-src 'none'") == true)
            let text = String(decoding: answer.body, as: UTF8.self)
                .replacing("http://www.w3.org/2000/svg", with: "")
            let types = [
                "html": "text/html", "css": "text/css", "js": "text/javascript",
                "json": "application/json", "svg": "image/svg+xml",
            ]
            if let type = types[String(path.split(separator: ".").last ?? "")] {
                #expect(answer.header("Content-Type")?.hasPrefix(type) == true, "\(path)")
            }
            // The one document that pages from elsewhere may read.
            let origin = answer.header("Access-Control-Allow-Origin")
            #expect((origin == "*") == (path == "/openapi.json"), "\(path)")
            #expect(!text.contains("http://") && !text.contains("https://"), "\(path)")
        }
        #expect(try nginx.get("/", method: "HEAD").status == 200)
        for path in ["/config.json", "/html/", "/run/nginx.conf", "/problems/Nope", "/problems"] {
            #expect(try nginx.get(path).status == 404, "\(path)")
        }
    }
}
