import Testing

@testable import HTTPClient

@Suite("HTTPClient")
struct HTTPClientTests {
    @Test("A request to an address where nobody listens was refused, and surely not processed")
    func refused() throws {
        let client = HTTPClient()
        let error = #expect(throws: HTTPClientError.self) {
            try client.perform(
                HTTPRequest(authority: "127.0.0.1:1", path: "/"), timeout: .seconds(5))
        }
        #expect(error == .connectionRefused)
        #expect(error?.mayHaveBeenProcessed == false)
        client.shutDown()
    }
}
