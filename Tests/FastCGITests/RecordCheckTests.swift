import Testing

@testable import FastCGI

@Suite("The check of records before libfcgi sees them")
struct RecordCheckTests {
    static let parameters = FastCGIClient.parameters(
        "GET", "/lookup/1", [("HTTP_ACCEPT", String(repeating: "a", count: 300)), ("EMPTY", "")])

    private func examine(_ bytes: [UInt8], limit: Int = 10_000) -> RecordCheck.Verdict {
        var check = RecordCheck(parameterLimit: limit)
        return bytes.withUnsafeBytes { check.examine($0) }
    }

    @Test("A request is whole exactly from where its parameters end")
    func everyPrefix() {
        let bytes = FastCGIClient.request(Self.parameters, body: [1, 2, 3])
        let parametersEnd = bytes.count - 16 - 8
        for count in 0..<parametersEnd {
            #expect(examine(Array(bytes[..<count])) == .incomplete, "\(count) bytes")
        }
        for count in parametersEnd...bytes.count {
            #expect(examine(Array(bytes[..<count])) == .whole, "\(count) bytes")
        }
    }

    @Test("A parameter may be split over records at any byte")
    func splitPairs() {
        let content = Self.parameters.flatMap { FastCGIClient.pair($0.0, Array($0.1.utf8)) }
        for split in 1..<content.count {
            let bytes =
                FastCGIClient.begin() + FastCGIClient.record(4, Array(content[..<split]))
                + FastCGIClient.record(4, Array(content[split...])) + FastCGIClient.record(4, [])
            #expect(examine(bytes) == .whole, "split at \(split)")
        }
    }

    @Test("A block of parameters that ends inside of one is malformed")
    func endsInside() {
        let content = FastCGIClient.pair("NAME", Array("value".utf8))
        for count in 1..<content.count {
            let bytes =
                FastCGIClient.begin() + FastCGIClient.stream(4, Array(content[..<count]))
            #expect(examine(bytes) == .malformed, "\(count) bytes")
        }
    }

    @Test("A block of parameters is too large from the byte after the limit")
    func limit() {
        let content = FastCGIClient.pair("NAME", Array(repeating: 65, count: 100))
        let bytes = FastCGIClient.begin() + FastCGIClient.stream(4, content)
        #expect(examine(bytes, limit: content.count) == .whole)
        #expect(examine(bytes, limit: content.count - 1) == .tooLarge)
    }

    @Test(
        "A parameter that says it is longer than the limit is too large before it has come",
        arguments: [
            [0xff, 0xff, 0xff, 0xfe, 1], [1, 0xff, 0xff, 0xff, 0xfe],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ])
    func enormousLength(content: [UInt8]) {
        #expect(
            examine(FastCGIClient.begin() + FastCGIClient.record(4, content)) == .tooLarge)
    }

    static let refused: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\n\r\n".utf8), [0], [1, 9], Array(repeating: 255, count: 64),
        // Another role, another version, a management record, a body before its parameters.
        FastCGIClient.record(1, [0, 2, 1, 0, 0, 0, 0, 0]),
        [2] + FastCGIClient.begin().dropFirst(),
        FastCGIClient.record(9, FastCGIClient.pair("FCGI_MAX_CONNS", []), id: 0),
        FastCGIClient.begin() + FastCGIClient.record(5, [1, 2, 3]),
        FastCGIClient.request(parameters)
            + FastCGIClient.record(9, FastCGIClient.pair("FCGI_MAX_CONNS", []), id: 0),
    ]

    @Test("Bytes that no web server would send are malformed", arguments: refused)
    func garbage(bytes: [UInt8]) {
        #expect(examine(bytes) == .malformed)
    }
}
