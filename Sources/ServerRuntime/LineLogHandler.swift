internal import Glibc
public import Logging

/// Writes a line a record to stderr: time (UTC), level, server, message, metadata.
///
/// A record is one `write`, so that lines of several threads and processes do not mix.
public struct LineLogHandler: LogHandler {
    /// The least level that is written.
    public var logLevel: Logger.Level
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    /// Adds what depends on the moment; unused here.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String

    /// Makes a handler.
    /// - Parameters:
    ///   - label: the server's name.
    ///   - level: the least level that is written.
    public init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    /// Reads or changes what every line carries under one key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one record. Any thread.
    public func log(event: LogEvent) {
        var line = "\(Self.timestamp()) \(event.level) \(label): \(event.message)"
        var all = metadata
        if let extra = event.metadata { all.merge(extra) { _, new in new } }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(value)"
        }
        var bytes = line.utf8.map { $0 == 10 || $0 == 13 ? UInt8(ascii: " ") : $0 }
        bytes.append(10)
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes {
                write(STDERR_FILENO, $0.baseAddress.map { $0 + start }, $0.count - start)
            }
            if written < 0 && errno == EINTR { continue }
            if written <= 0 { return }  // Nobody reads stderr: there is nowhere left to say so.
            start += written
        }
    }

    private static func timestamp() -> String {
        let milliseconds = WallClock.milliseconds()
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = [
            padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2),
            padded(Int(parts.tm_mday), 2),
        ].joined(separator: "-")
        let clock = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
            .map { padded($0, 2) }.joined(separator: ":")
        return "\(date)T\(clock).\(padded(Int(milliseconds % 1000), 3))Z"
    }
}
