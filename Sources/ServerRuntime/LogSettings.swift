internal import Console
internal import Glibc
public import Logging
internal import Synchronization

/// How a server's log is written, and from which level on; the level can change while it runs.
public final class LogSettings: Sendable {
    /// The form of a record.
    public enum Format: String, CaseIterable, Sendable {
        /// A line for a person.
        case text
        /// A JSON object a line, for programs.
        case json
    }

    /// The form of a record.
    public let format: Format
    /// Whether levels are coloured.
    public let isColoured: Bool
    /// The level that was asked for at the start.
    public let configuredLevel: Logger.Level
    private let current: Mutex<Logger.Level>

    /// Makes settings.
    public init(format: Format, isColoured: Bool = false, level: Logger.Level = .info) {
        self.format = format
        self.isColoured = isColoured
        configuredLevel = level
        current = Mutex(level)
    }

    /// The settings of a process: where none are given, text on a terminal and JSON elsewhere;
    /// colours on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
    public convenience init(format: Format?, level: Logger.Level) {
        let terminal = Terminal(STDERR_FILENO)
        self.init(
            format: format ?? (terminal.isTerminal ? .text : .json),
            isColoured: terminal.hasColours, level: level)
    }

    /// The least level that is written now. Any thread.
    public var level: Logger.Level {
        current.withLock { $0 }
    }

    /// Goes over to `debug`, or back to the level of the start. One thread.
    /// - Parameter announce: called with the level, while the log writes most: a level at which it
    ///   would be silent is announced before it is the level.
    /// - Returns: the level now.
    @discardableResult
    public func toggleDebug(announce: (Logger.Level) -> Void = { _ in }) -> Logger.Level {
        let next = level == configuredLevel && configuredLevel > .debug ? .debug : configuredLevel
        let isQuieter = next > level
        if isQuieter { announce(next) }
        current.withLock { $0 = next }
        if !isQuieter { announce(next) }
        return next
    }
}
