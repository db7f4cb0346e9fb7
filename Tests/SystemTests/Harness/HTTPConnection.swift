internal import Foundation
internal import Glibc
internal import TestSupport

/// What came back for a request.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The first header of this name, in any case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object; empty where it is none.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }
}

/// The connection ended, or could not be made, before there was a whole answer.
struct HTTPFailure: Error, CustomStringConvertible {
    var description: String
}

/// HTTP/1.1 spoken by hand over one connection, so that a request can be as wrong as a test needs
/// it.
final class HTTPConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    /// Connects to a port of this machine. An answer that takes longer than `timeout` is a failure.
    convenience init(port: Int, timeout: Duration = .seconds(30)) throws {
        try self.init(to: Endpoint(name: "port \(port)", port: port), timeout: timeout)
    }

    /// Connects to an endpoint. An answer that takes longer than `timeout` is a failure.
    init(to endpoint: Endpoint, timeout: Duration = .seconds(30)) throws {
        descriptor = try endpoint.makeSocket()
        guard descriptor >= 0 else { throw HTTPFailure(description: "no socket: \(errno)") }
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        let connected = withSocketAddress(host: endpoint.address, port: endpoint.port) {
            connect(descriptor, $0, $1)
        }
        if connected != 0 {
            let reason = String(cString: strerror(errno))
            throw HTTPFailure(description: "cannot connect to \(endpoint.name): \(reason)")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Sends a well-formed request and reads its answer; the connection can be used again.
    func request(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) throws -> HTTPAnswer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: pygmy.test\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        head += "\r\n"
        try send(Array(head.utf8) + (body ?? []))
        return try receive(hasBody: method != "HEAD")
    }

    /// Sends bytes as they are. That the other side has closed shows in what is received.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EPIPE || errno == ECONNRESET {
                return
            } else if errno != EINTR {
                throw HTTPFailure(description: "cannot send: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Says that nothing more will be sent.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads one answer.
    func receive(hasBody: Bool = true) throws -> HTTPAnswer {
        while true {
            let answer = try receiveOne(hasBody: hasBody)
            // 100 (Continue) and its like announce the answer, they are not it.
            if answer.status >= 200 { return answer }
        }
    }

    private func receiveOne(hasBody: Bool) throws -> HTTPAnswer {
        let start = try line()
        let parts = start.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            throw HTTPFailure(description: "not a status line: \(start)")
        }
        var answer = HTTPAnswer(status: status, headers: [], body: [])
        while case let field = try line(), !field.isEmpty {
            let pair = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw HTTPFailure(description: "not a header: \(field)") }
            answer.headers.append(
                (String(pair[0]), pair[1].trimmingCharacters(in: .whitespaces)))
        }
        guard hasBody, status >= 200, status != 204, status != 304 else { return answer }
        if answer.header("Transfer-Encoding")?.lowercased() == "chunked" {
            answer.body = try chunks()
        } else if let length = answer.header("Content-Length").flatMap({ Int($0) }) {
            answer.body = try bytes(length)
        } else {
            answer.body = try rest()
        }
        return answer
    }

    private func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let size = Int(try line(), radix: 16) else {
                throw HTTPFailure(description: "not a chunk's size")
            }
            body += try bytes(size)
            _ = try line()
            if size == 0 { return body }
        }
    }

    private func line() throws -> String {
        var line: [UInt8] = []
        while true {
            let byte = try bytes(1)[0]
            if byte == 10 { break }
            if byte != 13 { line.append(byte) }
        }
        return String(decoding: line, as: UTF8.self)
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count - position < count {
            guard try fill() else {
                throw HTTPFailure(description: "the connection was closed inside an answer")
            }
        }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    private func rest() throws -> [UInt8] {
        while try fill() {}
        defer { position = buffer.count }
        return Array(buffer[position...])
    }

    /// Reads more; false at the end of the stream.
    private func fill() throws -> Bool {
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            position = 0
        }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                buffer += chunk[..<count]
                return true
            }
            if count == 0 { return false }
            if errno != EINTR {
                throw HTTPFailure(description: "cannot read: \(String(cString: strerror(errno)))")
            }
        }
    }
}
