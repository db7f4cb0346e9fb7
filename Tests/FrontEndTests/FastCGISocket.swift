import Glibc
import TestSupport

/// The web server's side of FastCGI, as far as one request at a time takes it: records are of
/// version 1 and request 1, and the server closes when it has answered.
struct FastCGISocket {
    struct Failure: Error {
        let call: String
    }

    /// Sends a request to a unix socket and takes all that comes back.
    /// - Returns: the header lines, and the body.
    static func exchange(
        _ path: String, _ parameters: [(String, String)], body: [UInt8] = []
    ) throws -> (head: [String], body: String) {
        let descriptor = try connectedSocket(to: path)
        defer { close(descriptor) }
        // Begin: a responder, the connection not kept.
        var bytes = record(1, [0, 1, 0, 0, 0, 0, 0, 0])
        let pairs = parameters.flatMap { name, value in
            [UInt8(name.utf8.count), UInt8(value.utf8.count)] + name.utf8 + value.utf8
        }
        bytes += record(4, pairs) + record(4, [])
        if !body.isEmpty { bytes += record(5, body) }
        bytes += record(5, [])
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Failure(call: "write, errno \(errno)")
        }
        let output = Array(content(of: readAll(descriptor)))
        let text = String(decoding: output, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        guard let head = parts.first else { throw Failure(call: "read") }
        return (
            head.split(separator: "\r\n").map { String($0) },
            parts.dropFirst().map { String($0) }.joined()
        )
    }

    private static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), 0, 0] + content
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }

    /// The contents of the records that are output.
    private static func content(of bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let start = rest.startIndex
            let length = Int(rest[start + 4]) << 8 | Int(rest[start + 5])
            if rest[start + 1] == 6 { output += rest.dropFirst(8).prefix(length) }
            rest = rest.dropFirst(8 + length + Int(rest[start + 6]))
        }
        return output
    }
}
