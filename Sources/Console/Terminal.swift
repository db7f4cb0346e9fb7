internal import Glibc

/// What is known of the terminal that a stream goes to.
public struct Terminal: Sendable {
    /// Whether it is a terminal at all.
    public let isTerminal: Bool
    /// Columns; nothing where it is no terminal, which has no edge.
    public let width: Int?
    /// Whether colours may be used: on a terminal that has them, unless `NO_COLOR` is set
    /// (<https://no-color.org>).
    public let hasColours: Bool

    /// Looks at a stream.
    /// - Parameter descriptor: `STDOUT_FILENO` or `STDERR_FILENO`.
    public init(_ descriptor: Int32) {
        isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        width = isKnown && size.ws_col > 0 ? Int(size.ws_col) : nil
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        let refuses = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        hasColours = isTerminal && !isDumb && !refuses
    }

    /// A terminal that a test makes up.
    /// - Parameter width: columns; nothing for a stream that is no terminal.
    public init(width: Int?, hasColours: Bool) {
        isTerminal = width != nil
        self.width = width
        self.hasColours = hasColours
    }

    /// Colours and weights that mean something, with their ANSI numbers.
    public enum Colour: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case faint = 2
        case bold = 1
    }

    /// The text in a colour, where the terminal has them.
    public func text(_ text: String, _ colour: Colour) -> String {
        hasColours ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// The lines of a text, each cut off where the window ends.
    public func fitting(_ text: String) -> String {
        guard let width, width > 1 else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.count <= width ? String(line) : line.prefix(width - 1) + "…"
        }.joined(separator: "\n")
    }
}
