import Testing

@testable import FastCGI

@Suite("RecordCheck")
struct RecordCheckTests {
    @Test("Bytes that no web server would send are malformed", arguments: [
        [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), [0], [1, 9], Array(repeating: 255, count: 64),
    ])
    func garbage(bytes: [UInt8]) {
        var check = RecordCheck(parameterLimit: 100)
        #expect(bytes.withUnsafeBytes { check.examine($0) } == .malformed)
    }
}
