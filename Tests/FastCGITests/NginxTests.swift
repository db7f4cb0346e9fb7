import Foundation
import Glibc
import Synchronization
import Testing

@testable import FastCGI

@Suite("Behind nginx", .enabled(if: Nginx.isInstalled))
struct NginxTests {
    @Test("GET, HEAD and POST are answered over kept connections")
    func methods() throws {
        let fixture = try Fixture.echo { $0.bodyLimit = 2_000_000 }
        let nginx = try Nginx(fixture)
        for _ in 1...20 {
            let get = try nginx.exchange("GET", "/lookup/1?x=y")
            #expect(get.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(get.contains("X-Path: /lookup/1\r\n"))
            #expect(get.hasSuffix("\r\n\r\nget 0"))
            let head = try nginx.exchange("HEAD", "/")
            #expect(head.contains("Content-Length: 6\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
        }
        #expect(fixture.server.metrics.connections <= 2)
        let body = String(repeating: "x", count: 2_000_000)
        #expect(try nginx.exchange("POST", "/", body: body).hasSuffix("post 2000000"))
        #expect(try nginx.exchange("POST", "/", body: body + "x").hasSuffix("post too large"))
        #expect(try nginx.exchange("GET", "/").hasSuffix("get 0"))
    }

    @Test("Servers that take over from each other under load cost no request")
    func takeOver() throws {
        let answer: Server.Handler = { _, responder in
            responder.send(Response(status: 200, body: Array("ok".utf8)))
        }
        let directory = try Fixture.makeDirectory()
        var current = try Fixture(directory: directory, handler: answer)
        let nginx = try Nginx(current)
        let isOver = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let answered = Atomic<Int>(0)
        let clients = (0..<8).map { _ in
            Background {
                while !isOver.load(ordering: .relaxed) {
                    let text = (try? nginx.exchange("POST", "/", body: "x")) ?? "no answer"
                    if text.hasSuffix("ok") {
                        answered.add(1, ordering: .relaxed)
                    } else {
                        failures.withLock { $0.append(text) }
                    }
                }
            }
        }
        for round in 1...5 {
            let next = try Fixture(directory: directory, handler: answer)
            current.server.stop()
            #expect(current.log.all.isEmpty)
            current = next
            while answered.load(ordering: .relaxed) < round * 100 { sched_yield() }
        }
        isOver.store(true, ordering: .relaxed)
        for client in clients { #expect(client.join()) }
        #expect(failures.withLock { $0 } == [])
    }
}

/// An nginx of its own in front of a fixture's server, on a unix socket.
final class Nginx: Sendable {
    static let program = "/usr/sbin/nginx"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    private let directory: String

    init(_ fixture: Fixture) throws {
        directory = try Fixture.makeDirectory()
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory)/\($0);" }.joined(separator: "\n")
        // Root's workers would otherwise be nobody, who may not connect to the socket.
        let user = getuid() == 0 ? "user root;" : ""
        try """
        \(user)
        worker_processes 1;
        pid \(directory)/nginx.pid;
        error_log \(directory)/error.log;
        events { worker_connections 1024; }
        http {
            access_log off;
            \(temporary)
            upstream responder {
                server unix:\(fixture.path);
                keepalive 32;
                keepalive_requests 1000;
                keepalive_timeout 300ms;
                keepalive_time 500ms;
            }
            server {
                listen unix:\(directory)/http.sock;
                client_max_body_size 10m;
                fastcgi_keep_conn on;
                fastcgi_pass_request_headers off;
                fastcgi_param REQUEST_METHOD $request_method;
                fastcgi_param REQUEST_URI $request_uri;
                fastcgi_param CONTENT_LENGTH $content_length if_not_empty;
                location / { fastcgi_pass responder; }
            }
        }
        """.write(toFile: "\(directory)/nginx.conf", atomically: true, encoding: .utf8)
        // As a daemon: it listens when this returns.
        #expect(try run([]) == 0)
    }

    deinit {
        _ = try? run(["-s", "stop"])
    }

    /// Runs nginx and waits until it exits, which as a daemon it does when it listens.
    ///
    /// Not with Foundation's `Process`: that waits until all of its descendants have ended. And
    /// with no descriptor of this process, or nginx would keep other tests' connections open.
    private func run(_ more: [String]) throws -> Int32 {
        let arguments =
            [
                Self.program, "-p", directory, "-c", "\(directory)/nginx.conf", "-e",
                "\(directory)/error.log",
            ] + more
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // One that is not open is passed over.
        for descriptor: Int32 in 3..<1024 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        let copies = arguments.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var process = pid_t()
        let result = posix_spawn(&process, Self.program, &actions, nil, copies + [nil], environ)
        guard result == 0 else { return result }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status
    }

    /// One request on a connection of its own; the whole answer as text.
    func exchange(_ method: String, _ target: String, body: String = "") throws -> String {
        let client = try FastCGIClient(path: "\(directory)/http.sock")
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        client.send(
            Array(
                "\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\r\n\(body)"
                    .utf8))
        return String(decoding: client.readAll(), as: UTF8.self)
    }
}
