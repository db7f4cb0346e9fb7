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
    func `A table fits the window, and its first column is never cut off`(_ width: Int) {
        let text = Table.text(header: header, rows: rows, width: width)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(text.contains("…") == (width < 50), "\(text)")
        let tables = lines.count { $0.hasPrefix("catalogServer1 ") }
        #expect(tables == (width < 55 ? 2 : 1), "\(text)")
    }

    @Test func `What has no room stands in a table of its own, under short words`() {
        let text = Table.text(
            header: header, brief: ["name", "view", "behind"], rows: rows, width: 52)
        #expect(
            text == """
                name            view
                catalogServer1  3 (catalogServer1, catalogServer2)
                x               -

                name            behind
                catalogServer1       2
                x                    -
                """)
    }

    @Test func `A column that may be cut off is, before another table begins`() {
        let orders = Table.text(
            header: ["order", "time", "title"],
            rows: [
                ["17", "2026-11-22T22:20:05.123Z", "How to get a good grade in 40 minutes a day"]
            ],
            cuttable: [2], width: 60)
        #expect(
            orders == """
                order  time                      title
                   17  2026-11-22T22:20:05.123Z  How to get a good grade in…
                """)
    }

    @Test func `A column that stands in another table has all the room there`() {
        let orders = Table.text(
            header: ["order", "time", "title"],
            rows: [["17", "2026-11-22T22:20:05.123Z", "How to get a good grade in 40 minutes"]],
            cuttable: [2], width: 50)
        #expect(
            orders == """
                order  time
                   17  2026-11-22T22:20:05.123Z

                order  title
                   17  How to get a good grade in 40 minutes
                """)
    }

    @Test func `The table of a bench fits a window of 60 columns`() {
        let tally = Tally()
        for kind in Tally.Kind.allCases {
            for _ in 0..<1000 { tally.record(kind, status: 200, latency: .milliseconds(1234)) }
        }
        let text = tally.table(over: .seconds(10), width: 60)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 }, "\(text)")
        #expect(text.contains("p99.9 ms") && text.contains("failed"))
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

    @Test func `Progress of time says what is left of it, and something else, at once`() {
        let written = Mutex("")
        let start = ContinuousClock.now
        var progress = Progress(
            "loading", .seconds, terminal: Terminal(width: 80, hasColours: false), start: start,
            delay: .zero, write: { text in written.withLock { $0 += text } })
        progress.advance(to: 1, of: 100, note: "buys 3/s", at: start + .seconds(1))
        #expect(
            written.withLock { $0 }
                == "\rloading  [                    ] 1%  1:39 left  buys 3/s\u{1b}[K")
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
