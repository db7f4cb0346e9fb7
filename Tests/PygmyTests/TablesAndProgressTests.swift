import Console
import Synchronization
import Testing

@testable import pygmy

@Suite struct `Tables and progress` {
    private let header = ["name", "view", "lag"]
    private let rows = [
        ["catalogServer1", "3 (catalogServer1, catalogServer2)", "2"], ["x", "-", "-"],
    ]

    @Test func `A table has no edge where there is no window`() {
        #expect(
            Table.text(header: header, rows: rows) == """
                name            view                                lag
                catalogServer1  3 (catalogServer1, catalogServer2)    2
                x               -                                     -
                """)
    }

    @Test(arguments: [20, 33, 40, 52, 53, 80])
    func `A table fits the window, its widest columns cut off first`(_ width: Int) {
        let text = Table.text(header: header, rows: rows, width: width)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(text.contains("…") == (width < 55))
        // Numbers are never cut.
        #expect(lines[1].hasSuffix("  2"))
    }

    @Test func `A table that cannot fit keeps something of every column`() {
        let text = Table.text(header: header, rows: rows, width: 3)
        #expect(text.contains("catal…"))
        #expect(text.contains("3 (ca…"))
    }

    @Test func `Progress says how much, how fast and for how long yet`() {
        let progress = Progress("copying", .bytes, terminal: Terminal(width: 200, hasColours: true))
        #expect(
            progress.line(25_000_000, of: 100_000_000, after: .seconds(5))
                == "copying  [#####               ] 25%  25.0 MB of 100.0 MB  5.0 MB/s  0:15 left")
        let rows = Progress("exporting", .of("rows"))
        #expect(
            rows.line(3000, of: nil, after: .seconds(3))
                == "exporting  3000 rows  1000 rows/s")
        #expect(Progress.clock(59) == "0:59")
        #expect(Progress.clock(3725) == "1:02:05")
    }

    @Test
    func `Progress is shown on a terminal only, after two seconds, and leaves nothing behind`() {
        let written = Mutex("")
        let start = ContinuousClock.now
        func progress(_ width: Int?) -> Progress {
            Progress(
                "copying", .bytes, terminal: Terminal(width: width, hasColours: false),
                start: start,
                write: { text in written.withLock { $0 += text } })
        }
        var shown = progress(30)
        shown.advance(to: 1, of: 100, at: start + .seconds(1))
        shown.finish()
        #expect(written.withLock { $0 } == "")
        shown.advance(to: 2_000_000, of: 4_000_000, at: start + .seconds(3))
        let line = written.withLock { $0 }
        #expect(line.hasPrefix("\rcopying  [") && line.hasSuffix("\u{1b}[K"))
        #expect(line.count <= 1 + 29 + 3)
        shown.finish()
        #expect(written.withLock { $0 }.hasSuffix("\r\u{1b}[K"))
        written.withLock { $0 = "" }
        var hidden = progress(nil)
        hidden.advance(to: 2_000_000, of: 4_000_000, at: start + .seconds(3))
        hidden.finish()
        #expect(written.withLock { $0 } == "")
    }
}
