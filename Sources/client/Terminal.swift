import Glibc

/// What is known of the terminal that a stream goes to.
struct Terminal {
    /// Whether it is a terminal at all.
    let isTerminal: Bool
    /// Columns; nothing where it is no terminal, which has no edge.
    let width: Int?
    /// Whether colours may be used: on a terminal that has them, unless `NO_COLOR` is set.
    let hasColours: Bool

    /// Looks at a stream.
    init(_ descriptor: Int32) {
        isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        width = isKnown && size.ws_col > 0 ? Int(size.ws_col) : nil
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        let refuses = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        hasColours = isTerminal && !isDumb && !refuses
    }

    /// What a test says it is.
    init(width: Int?, hasColours: Bool) {
        isTerminal = width != nil
        self.width = width
        self.hasColours = hasColours
    }

    /// Text that is of less weight.
    func faint(_ text: String) -> String {
        hasColours ? "\u{1b}[2m\(text)\u{1b}[0m" : text
    }

    /// The lines of a text, each cut off where the window ends.
    func fitting(_ text: String) -> String {
        guard let width, width > 1 else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.count <= width ? String(line) : line.prefix(width - 1) + "…"
        }.joined(separator: "\n")
    }
}
