import Dispatch
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import FastCGI

/// A server on a socket in a directory of its own, and what it logs.
final class Fixture: Sendable {
    let directory: String
    private let ownsDirectory: Bool
    let server: Server
    let log = LogLines()

    var path: String { "\(directory)/server.sock" }

    init(
        directory: String? = nil, threads: Int = 2,
        configure: (inout Server.Configuration) -> Void = { _ in },
        observe: Server.Observation? = nil, handler: @escaping Server.Handler
    ) throws {
        self.directory = try directory ?? Self.makeDirectory()
        ownsDirectory = directory == nil
        var configuration = Server.Configuration()
        configuration.threads = threads
        configure(&configuration)
        let log = log
        server = Server(
            socketPath: "\(self.directory)/server.sock", configuration: configuration,
            logger: Logger(label: "test") { _ in LogLines.Handler(lines: log) },
            observe: observe, handler: handler)
        try server.start()
    }

    /// An empty directory.
    static func makeDirectory() throws -> String {
        let path = NSTemporaryDirectory() + "fastcgi-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }

    deinit {
        server.stop()
        if ownsDirectory { try? FileManager.default.removeItem(atPath: directory) }
    }

    func connect() throws -> FastCGIClient { try FastCGIClient(path: path) }

    /// A server that echoes what it understood of a request.
    static func echo(
        configure: (inout Server.Configuration) -> Void = { _ in }
    ) throws -> Fixture {
        try Fixture(configure: configure) { request, responder in
            let text: String
            switch request.body {
            case .complete(let bytes): text = "\(request.method) \(bytes.count)"
            case .tooLarge: text = "\(request.method) too large"
            case .truncated: text = "\(request.method) truncated"
            }
            let path = request.withPath { path in path.withUnsafeBufferPointer { Array($0) } }
            responder.send(
                Response(
                    status: 200, headers: [("X-Path", String(decoding: path, as: UTF8.self))],
                    body: Array(text.utf8)))
        }
    }
}

/// Collects log lines.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    private let count = DispatchSemaphore(value: 0)

    var all: [String] { lines.withLock { $0 } }

    /// Waits for the next line that nobody has waited for yet.
    func next() -> String? {
        guard count.wait(timeout: .now() + 20) == .success else { return nil }
        return lines.withLock { $0.last }
    }

    fileprivate func add(_ line: String) {
        lines.withLock { $0.append(line) }
        count.signal()
    }

    struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.message)") }
    }
}

/// Keeps what handlers put in for the thread that takes it out.
final class Box<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let count = DispatchSemaphore(value: 0)

    func put(_ value: Value) {
        values.withLock { $0.append(value) }
        count.signal()
    }

    /// Takes the oldest value, waiting for it.
    func take() throws -> Value {
        guard count.wait(timeout: .now() + 20) == .success else {
            throw FastCGIClient.Failure.timedOut
        }
        return values.withLock { $0.removeFirst() }
    }
}

/// Runs something on a thread of its own.
final class Background: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        let done = done
        Thread.detachNewThread {
            body()
            done.signal()
        }
    }

    /// Waits for its end; false where that does not come.
    func join() -> Bool { done.wait(timeout: .now() + 30) == .success }
}
