import API
import ArgumentParser
import Console
import HTTPClient

/// A running store as `pygmy` asks it.
struct Store {
    let configuration: Configuration
    private let client = HTTPClient()

    init(_ configuration: Configuration) { self.configuration = configuration }

    /// Where clients are received, as called from here.
    var listen: Address { configuration.settings.listen.reachable }

    /// The secrets; ends the command where they cannot be read.
    func credentials() throws -> Credentials {
        do throws(CredentialsFault) {
            return try Credentials.load(configuration, makesFiles: false)
        } catch {
            Standard.error("pygmy: \(error)")
            throw ExitCode.configuration
        }
    }

    /// Asks an address for a document, with a secret where one is needed.
    func get(
        _ path: String, at address: Address, secret: Secret? = nil, timeout: Duration = .seconds(5)
    ) throws(StoreFault) -> [UInt8] {
        try send("GET", path, at: address, secret: secret, timeout: timeout)
    }

    /// Sends a request without a body to an address, and gives the body of its answer.
    func send(
        _ method: String, _ path: String, at address: Address, secret: Secret? = nil,
        timeout: Duration = .seconds(15)
    ) throws(StoreFault) -> [UInt8] {
        let request = HTTPRequest(
            method: method, authority: "\(address.reachable)", path: path,
            headers: Store.headers(secret))
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try client.perform(request, timeout: timeout)
        } catch {
            throw .unreachable("\(address) does not answer: \(error)")
        }
        guard (200..<300).contains(response.status) else {
            throw StoreFault(status: response.status, body: response.body, at: address)
        }
        return response.body
    }

    /// Asks for an answer of any length and hands over its parts as they come.
    func stream(
        _ path: String, secret: Secret, receiver: @escaping @Sendable ([UInt8]) -> Bool
    ) throws(StoreFault) {
        let request = HTTPRequest(
            authority: "\(listen)", path: path, headers: Store.headers(secret))
        let arrival = Arrival<Result<HTTPResponse, HTTPClientError>>()
        client.send(request, timeout: .seconds(3600), receiver: receiver) { arrival.set($0) }
        switch arrival.wait() {
        case .failure(.cancelled): return
        case .failure(let error): throw .unreachable("\(listen) does not answer: \(error)")
        case .success(let response):
            guard (200..<300).contains(response.status) else {
                throw StoreFault(status: response.status, body: response.body, at: listen)
            }
        }
    }

    private static func headers(_ secret: Secret?) -> [(String, String)] {
        [("Accept", "application/json")]
            + (secret.map { [("Authorization", $0.authorization)] } ?? [])
    }
}

/// Why a store gave no document.
enum StoreFault: Error, Equatable {
    /// Nobody answered, or nobody who could.
    case unreachable(String)
    /// The store refused.
    case refused(String)

    /// The fault that an answer other than 200 is, in the words of its problem document.
    init(status: Int, body: [UInt8], at address: Address) {
        let document = try? JSON(parsing: body)
        let words = [document?["title"]?.string, document?["detail"]?.string].compactMap { $0 }
        let text =
            "\(address) answered \(status)"
            + (words.isEmpty ? "" : ": \(words.joined(separator: ": "))")
        self = status >= 500 ? .unreachable(text) : .refused(text)
    }

    /// For a person.
    var text: String {
        switch self {
        case .unreachable(let text), .refused(let text): text
        }
    }

    /// What the command ends with.
    var exitCode: ExitCode {
        switch self {
        case .unreachable: .unavailable
        case .refused: .failure
        }
    }
}
