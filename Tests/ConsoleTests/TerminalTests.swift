import Console
import Testing

@Suite struct `A terminal` {
    @Test func `Text is coloured only where there are colours`() {
        #expect(Terminal(width: 80, hasColours: true).text("up", .green) == "\u{1b}[32mup\u{1b}[0m")
        #expect(Terminal(width: 80, hasColours: false).text("up", .green) == "up")
        #expect(Terminal(width: nil, hasColours: false).text("up", .faint) == "up")
    }

    @Test func `Lines are cut off where the window ends, and nowhere without one`() {
        let text = "short\na line that is too long\n\nfits here\n"
        #expect(
            Terminal(width: 9, hasColours: false).fitting(text) == "short\na line t…\n\nfits here\n"
        )
        #expect(Terminal(width: nil, hasColours: false).fitting(text) == text)
        // A window that is not known to be any size cuts nothing.
        #expect(Terminal(width: 1, hasColours: false).fitting(text) == text)
    }

    @Test func `A letter of several scalars counts as one`() {
        #expect(Terminal(width: 4, hasColours: false).fitting("cafe\u{301}") == "cafe\u{301}")
        #expect(Terminal(width: 4, hasColours: false).fitting("cafe\u{301}s") == "caf…")
    }
}
