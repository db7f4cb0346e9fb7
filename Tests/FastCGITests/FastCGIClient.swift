import Foundation
import Glibc
import TestSupport

/// What a web server does, by hand: FastCGI records over a unix socket.
final class FastCGIClient {
    struct Answer: Equatable {
        var head: String
        var body: [UInt8]

        /// The body as text.
        var text: String { String(decoding: body, as: UTF8.self) }
        /// The number in the `Status` header.
        var status: Int {
            guard
                let line = head.split(separator: "\r\n").first(where: { $0.hasPrefix("Status: ") })
            else { return 200 }
            return Int(line.dropFirst(8).prefix(3)) ?? 0
        }
    }

    enum Failure: Error, Equatable {
        case connect(Int32)
        case closed
        case timedOut
        case unexpectedRecord(UInt8)
    }

    let descriptor: Int32

    init(path: String) throws {
        // As a client of its own directory would, for paths longer than the address has room for.
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
        defer { close(directory) }
        let short = "/proc/self/fd/\(directory)/\((path as NSString).lastPathComponent)"
        do {
            descriptor = try connectedSocket(to: short)
        } catch {
            throw Failure.connect(error.code)
        }
        // Only so that a failing test ends.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    // MARK: Sending

    /// The parameters that nginx sends, and a few more.
    static func parameters(
        _ method: String = "GET", _ target: String = "/", _ more: [(String, String)] = []
    ) -> [(String, String)] {
        [("REQUEST_METHOD", method), ("REQUEST_URI", target)] + more
    }

    /// A whole request in the records that nginx would send.
    static func request(
        _ parameters: [(String, String)], body: [UInt8] = [], keep: Bool = true
    ) -> [UInt8] {
        begin(keep: keep) + stream(4, parameters.flatMap { pair($0.0, Array($0.1.utf8)) })
            + stream(5, body)
    }

    static func begin(keep: Bool = true) -> [UInt8] {
        record(1, [0, 1, keep ? 1 : 0, 0, 0, 0, 0, 0])
    }

    /// Content in records of at most 64 KiB, and the empty one that ends it.
    static func stream(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = content[...]
        while !rest.isEmpty {
            bytes += record(type, Array(rest.prefix(65_535)))
            rest = rest.dropFirst(65_535)
        }
        return bytes + record(type, [])
    }

    static func record(_ type: UInt8, _ content: [UInt8], id: UInt8 = 1) -> [UInt8] {
        let padding = (8 - content.count % 8) % 8
        return [
            1, type, 0, id, UInt8(content.count >> 8), UInt8(content.count & 255), UInt8(padding),
            0,
        ] + content + Array(repeating: 0, count: padding)
    }

    static func pair(_ name: String, _ value: [UInt8]) -> [UInt8] {
        length(name.utf8.count) + length(value.count) + Array(name.utf8) + value
    }

    static func length(_ count: Int) -> [UInt8] {
        count < 128
            ? [UInt8(count)]
            : [
                UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255),
                UInt8(count & 255),
            ]
    }

    /// Sends bytes; a peer that has closed is no error, the answer will show it.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Says that nothing more comes.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Receiving

    /// Sends a request and receives its answer.
    func exchange(
        _ method: String = "GET", _ target: String = "/", _ more: [(String, String)] = [],
        body: [UInt8] = []
    ) throws -> Answer {
        let length = body.isEmpty ? [] : [("CONTENT_LENGTH", String(body.count))]
        send(Self.request(Self.parameters(method, target, length + more), body: body))
        return try receive()
    }

    /// Receives the answer of one request, to its end record.
    func receive() throws -> Answer {
        var output: [UInt8] = []
        while true {
            let header = try read(8)
            let content = try read(Int(header[4]) << 8 | Int(header[5]))
            _ = try read(Int(header[6]))
            switch header[1] {
            case 3: return Self.split(output)
            case 6: output += content
            default: throw Failure.unexpectedRecord(header[1])
            }
        }
    }

    /// Whether the server closes the connection without sending anything more.
    func isClosedByServer() throws -> Bool {
        do {
            _ = try read(1)
            return false
        } catch Failure.closed {
            return true
        }
    }

    /// Everything until the other side closes.
    func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            var part = [UInt8](repeating: 0, count: 65_536)
            let received = recv(descriptor, &part, part.count, 0)
            guard received > 0 else { return bytes }
            bytes += part[..<received]
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(descriptor, &part, part.count, 0)
            if received < 0 && errno == EAGAIN { throw Failure.timedOut }
            guard received > 0 else { throw Failure.closed }
            bytes += part[..<received]
        }
        return bytes
    }

    private static func split(_ output: [UInt8]) -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard output.count >= 4,
            let start = (0...(output.count - 4)).first(where: {
                output[$0] == 13 && output[$0..<($0 + 4)].elementsEqual(end)
            })
        else { return Answer(head: String(decoding: output, as: UTF8.self), body: []) }
        return Answer(
            head: String(decoding: output[..<start], as: UTF8.self),
            body: Array(output[(start + 4)...]))
    }
}
