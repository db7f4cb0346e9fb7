import API
import Logging
import MonotonicTime
import Synchronization
import Testing

@testable import ServerRuntime

@Suite("Log lines")
struct LogTests {
    private let time: Int64 = 1_767_323_045_678

    private func line(
        _ settings: LogSettings, _ level: Logger.Level = .info, _ message: String,
        _ metadata: [(String, String)] = []
    ) -> String {
        let handler = LineLogHandler(label: "orderServer1", settings: settings)
        return String(decoding: handler.line(at: time, level, message, metadata), as: UTF8.self)
    }

    @Test("A text line has time, level, server, message and metadata")
    func text() {
        #expect(
            line(LogSettings(format: .text), .warning, "late", [("after", "2 s"), ("id", "7")])
                == "2026-01-02T03:04:05.678Z warning orderServer1: late after=2 s id=7\n")
    }

    @Test("A JSON line is one object with the same")
    func json() throws {
        let line = line(LogSettings(format: .json), .error, "a \"b\"\nc", [("id", "7")])
        #expect(line.hasSuffix("}\n"))
        #expect(line.filter { $0 == "\n" }.count == 1)
        let record = try JSON(parsing: Array(line.utf8.dropLast()))
        #expect(record["time"]?.string == "2026-01-02T03:04:05.678Z")
        #expect(record["level"]?.string == "error")
        #expect(record["server"]?.string == "orderServer1")
        #expect(record["message"]?.string == "a \"b\"\nc")
        #expect(record["id"]?.string == "7")
    }

    @Test("Nobody can forge a line or move the cursor by what is logged of a request")
    func forged() {
        let line = line(LogSettings(format: .text), .info, "/a\r\n2026 error\u{1b}[2J\u{7f}")
        #expect(line.filter { $0.isNewline }.count == 1)
        #expect(line.hasSuffix("/a  2026 error\\x1b[2J\\x7f\n"))
    }

    @Test("Levels are coloured only where that is asked for")
    func coloured() {
        #expect(line(LogSettings(format: .text, isColoured: true), .error, "x").contains("\u{1b}["))
        #expect(!line(LogSettings(format: .text), .error, "x").contains("\u{1b}"))
        #expect(!line(LogSettings(format: .json, isColoured: true), .error, "x").contains("\u{1b}"))
    }

    @Test(
        "The level changes for loggers that exist already, and changes back",
        arguments: [Logger.Level.info, .warning])
    func toggled(level: Logger.Level) {
        let settings = LogSettings(format: .text, level: level)
        let handler = LineLogHandler(label: "x", settings: settings)
        #expect(handler.logLevel == level)
        #expect(settings.toggleDebug() == .debug)
        #expect(handler.logLevel == .debug)
        #expect(settings.toggleDebug() == level)
        #expect(handler.logLevel == level)
    }

    @Test(
        "Every change of the level is written, whatever the levels are",
        arguments: [Logger.Level.debug, .info, .notice, .warning, .critical])
    func announced(level: Logger.Level) {
        let settings = LogSettings(format: .text, level: level)
        var seen: [Logger.Level] = []
        for _ in 0..<2 {
            settings.toggleDebug { next in
                if settings.level <= .notice { seen.append(next) }
            }
        }
        #expect(seen == [.debug, level])
    }

    @Test("A logger with a level of its own keeps it")
    func ownLevel() {
        let settings = LogSettings(format: .text)
        var handler = LineLogHandler(label: "x", settings: settings)
        handler.logLevel = .error
        settings.toggleDebug()
        #expect(handler.logLevel == .error)
    }
}

/// Keeps lines instead of writing them.
private struct KeepingHandler: LogHandler {
    final class Lines: Sendable {
        private let all = Mutex<[String]>([])
        func add(_ line: String) { all.withLock { $0.append(line) } }
        var list: [String] { all.withLock { $0 } }
    }

    let lines: Lines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }
        lines.add("\(event.level) \(event.message) \(metadata.map { "\($0.key)=\($0.value)" })")
    }
}

@Suite("Slow requests")
struct SlowRequestTests {
    @Test("A slow request has one line with its id and where its time went, a quick one none")
    func noted() {
        let lines = KeepingHandler.Lines()
        let logger = Logger(label: "x") { _ in KeepingHandler(lines: lines) }
        let note = { (time: Instant.Span, status: Int?) in
            SlowRequest.note(
                "GET", "/search?q=secret", at: "catalogServer1", took: time, status: status,
                requestID: "abc", logger)
        }
        note(.milliseconds(499), 200)
        #expect(lines.list.isEmpty)
        note(.milliseconds(1203), 200)
        note(.milliseconds(500), nil)
        #expect(
            lines.list == [
                #"warning slow: GET /search at catalogServer1 took 1203 ms ["request=abc", "status=200"]"#,
                #"warning slow: GET /search at catalogServer1 took 500 ms ["request=abc", "status=no answer"]"#,
            ])
    }
}
