import API
import FastCGI
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

/// Exports: pages in, one CSV out.
@Suite("Exports")
struct ExportTests {
    static let header = CatalogCSV.header

    /// A catalog server with pages of two rows.
    static func serve(
        _ rows: [String], repeatingHeader: Bool
    ) -> @Sendable (FakeUpstream.Call) -> Void {
        { call in
            let after = call.request.path.split(separator: "=").last.flatMap { Int($0) } ?? 0
            let isFirst = !call.request.path.contains("after=")
            let page = rows.dropFirst(isFirst ? 0 : after).prefix(2)
            let head = isFirst || repeatingHeader ? header + "\r\n" : ""
            let text = head + page.map { $0 + "\r\n" }.joined()
            call.answer(200, text, headers: [("Content-Type", "text/csv")])
        }
    }

    static let rows = [
        "1,Plain,Misc,1.00,5", "2,\"With, \"\"quotes\"\"\n3,and lines\",Misc,2.00,6",
        "3,Third,Misc,3.00,7", "4,Fourth,Misc,4.00,8",
    ]

    func export(_ store: Fixture, _ sink: FakeSink = FakeSink()) -> FakeSink {
        let request = Fixture.request(.get, "/catalog.csv") {
            $0.authorization = Array("Bearer \(Fixture.adminToken)".utf8)
        }
        store.front.handle(request, sink)
        return sink
    }

    @Test("the pages make one file with one header", arguments: [true, false])
    func pages(_ repeatingHeader: Bool) {
        let store = Fixture.leased()
        store.upstream.answerAll(Self.serve(Self.rows, repeatingHeader: repeatingHeader))
        let sink = export(store)
        sink.wait()
        #expect(sink.isFinished)
        #expect(sink.streamed == ([Self.header] + Self.rows).map { $0 + "\r\n" }.joined())
        let type = sink.streamHeaders.first { $0.0 == "Content-Type" }?.1
        #expect(type?.hasPrefix("text/csv") == true)
    }

    @Test("a catalog without books is the header alone")
    func empty() {
        let store = Fixture.leased()
        store.upstream.answerAll(Self.serve([], repeatingHeader: false))
        let sink = export(store)
        sink.wait()
        #expect(sink.streamed == Self.header + "\r\n")
    }

    @Test("a refusal of the first page is the answer")
    func refused() {
        let store = Fixture.leased()
        store.upstream.answerAll { $0.answer(404, "{}") }
        let sink = export(store)
        sink.wait()
        #expect(sink.answer?.status == 404)
    }

    @Test("HEAD has the headers and asks for no page")
    func head() {
        let store = Fixture.leased()
        let sink = store.send(.head, "/orders.csv") {
            $0.authorization = Array("Bearer \(Fixture.adminToken)".utf8)
        }
        // Begun, for an answer that is sent says how long it is.
        #expect(sink.answer == nil && sink.isFinished && sink.streamed == "")
        #expect(
            sink.streamHeaders.contains { $0 == "Content-Type" && $1.hasPrefix("text/csv") })
        #expect(store.upstream.openCount == 0)
    }

    @Test(
        "the last number of a page is that of its last row",
        arguments: [
            ("ItemNumber,Title\n1,a\n2,b\n", 2), ("ItemNumber,Title\n", nil), ("", nil),
            ("7,\"x\ny\"\n", 7), ("7,\"\"\"\n9,\"\n", 7), ("5,a\n6,b", 6),
        ] as [(String, Int64?)])
    func lastNumbers(_ page: String, _ number: Int64?) {
        #expect(CSVPage(Array(page.utf8), isFirst: true).lastNumber == number)
    }
}
