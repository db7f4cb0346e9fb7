import Foundation
import Glibc
import Synchronization
import TestSupport

/// A request as the tiny store got it.
struct ReceivedRequest: Sendable {
    let method: String
    let path: String
    let headers: [String: String]
}

/// What the tiny store answers; nil closes the connection without a word.
struct TinyAnswer: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body = "{}"
}

/// An HTTP server of a page: one thread, one request a connection, answers from a closure.
final class TinyStore: Sendable {
    let port: Int
    private let descriptor: Int32
    private let received = Mutex<[ReceivedRequest]>([])

    /// Listens and answers; `answer` is told which request it is, from 0.
    init(_ answer: @escaping @Sendable (ReceivedRequest, Int) -> TinyAnswer?) throws {
        (descriptor, port) = try listeningSocket()
        Thread.detachNewThread { [self] in serve(answer) }
    }

    /// Every request so far.
    var requests: [ReceivedRequest] { received.withLock { $0 } }

    /// Closes the port; the thread ends with it.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func serve(_ answer: @Sendable (ReceivedRequest, Int) -> TinyAnswer?) {
        defer { close(descriptor) }
        while true {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return }
            defer { close(connection) }
            guard let request = Self.read(connection) else { continue }
            let number = received.withLock { received in
                received.append(request)
                return received.count - 1
            }
            guard let answer = answer(request, number) else { continue }
            let headers = answer.headers.map { "\($0): \($1)\r\n" }.joined()
            let text =
                "HTTP/1.1 \(answer.status) x\r\nContent-Length: \(answer.body.utf8.count)\r\n"
                + "Connection: close\r\n\(headers)\r\n\(answer.body)"
            let bytes = Array(text.utf8)
            _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    private static func read(_ connection: Int32) -> ReceivedRequest? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return ReceivedRequest(method: String(words[0]), path: String(words[1]), headers: headers)
    }
}
