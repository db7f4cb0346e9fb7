internal import API
internal import Glibc
public import Logging

/// Writes a line a record to stderr: time (UTC), level, server, message, metadata; as text or JSON.
///
/// A record is one `write`, so that lines of several threads and processes do not mix. A line break
/// in a message becomes a space, and a control character its escape: whoever sends a request
/// cannot forge a line.
public struct LineLogHandler: LogHandler {
    /// The least level that is written: that of the settings, unless the logger was given its own.
    public var logLevel: Logger.Level {
        get { ownLevel ?? settings.level }
        set { ownLevel = newValue }
    }
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    /// Adds what depends on the moment; unused here.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let settings: LogSettings
    private var ownLevel: Logger.Level?

    /// Makes a handler.
    /// - Parameters:
    ///   - label: the server's name.
    ///   - settings: the form of lines and the least level, which may change.
    public init(label: String, settings: LogSettings) {
        self.label = label
        self.settings = settings
    }

    /// Reads or changes what every line carries under one key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one record. Any thread.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        Self.write(
            line(
                at: WallClock.milliseconds(), event.level, "\(event.message)",
                all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }))
    }

    /// A record as it is written, with its line break.
    func line(
        at milliseconds: Int64, _ level: Logger.Level, _ message: String,
        _ metadata: [(String, String)]
    ) -> [UInt8] {
        let time = Timestamp.text(milliseconds: milliseconds)
        switch settings.format {
        case .json:
            var text = JSONText(reservingCapacity: 256)
            text.object { record in
                record.member("time", time)
                record.member("level", "\(level)")
                record.member("server", label)
                record.member("message", message)
                for (key, value) in metadata { record.member(key, value) }
            }
            return text.bytes + [10]
        case .text:
            let name = settings.isColoured ? Self.coloured(level) : "\(level)"
            let pairs = metadata.map { " \($0.0)=\($0.1)" }.joined()
            return Self.oneLine("\(label): \(message)\(pairs)", after: "\(time) \(name) ")
        }
    }

    /// Escapes what would move the cursor or begin another line.
    private static func oneLine(_ text: String, after start: String) -> [UInt8] {
        var bytes = Array(start.utf8)
        for byte in text.utf8 {
            switch byte {
            case 9, 10, 13: bytes.append(UInt8(ascii: " "))
            case 0..<32, 127: bytes += Array("\\x\(String(byte, radix: 16))".utf8)
            default: bytes.append(byte)
            }
        }
        return bytes + [10]
    }

    private static func coloured(_ level: Logger.Level) -> String {
        let colour =
            switch level {
            case .trace, .debug: 2
            case .info, .notice: 32
            case .warning: 33
            case .error, .critical: 31
            }
        return "\u{1b}[\(colour)m\(level)\u{1b}[0m"
    }

    private static func write(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress.map { $0 + start }, $0.count - start)
            }
            if written < 0 && errno == EINTR { continue }
            if written <= 0 { return }  // Nobody reads stderr: there is nowhere left to say so.
            start += written
        }
    }
}
