internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport

/// A server that does exactly what a test tells it to, right or wrong.
///
/// Every connection has a thread, which runs the script with the connection and its number.
public final class SocketServer: Sendable {
    /// Where it listens on 127.0.0.1.
    public let port: UInt16
    private let listener: Int32
    private let accepted = Atomic<Int>(0)
    private let open = Mutex<Set<Int32>>([])

    /// Address and port, as a URL has them.
    public var authority: String { "127.0.0.1:\(port)" }
    /// How many connections there have been.
    public var connections: Int { accepted.load(ordering: .relaxed) }

    /// Starts it on a free port.
    public init(script: @escaping @Sendable (borrowing Connection) -> Void) throws {
        let (listener, port) = try listeningSocket(backlog: 1024)
        self.listener = listener
        self.port = UInt16(port)
        Thread.detachNewThread { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                guard let number = self?.add(descriptor) else {
                    close(descriptor)
                    break
                }
                Thread.detachNewThread { [weak self] in
                    script(Connection(descriptor: descriptor, number: number))
                    self?.remove(descriptor)
                    close(descriptor)
                }
            }
            // Here and nowhere else, or this thread would accept from whoever got the number next.
            close(listener)
        }
    }

    /// Ends the listening and every connection.
    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func add(_ descriptor: Int32) -> Int {
        open.withLock { _ = $0.insert(descriptor) }
        return accepted.add(1, ordering: .relaxed).oldValue
    }

    private func remove(_ descriptor: Int32) {
        open.withLock { _ = $0.remove(descriptor) }
    }

    /// One connection of a client.
    public struct Connection: ~Copyable {
        fileprivate let descriptor: Int32
        /// 0 for the first of the server, 1 for the second ….
        public let number: Int

        fileprivate init(descriptor: Int32, number: Int) {
            self.descriptor = descriptor
            self.number = number
        }

        /// Reads a request with its body; nil where the client closes instead.
        public func readRequest() -> String? {
            var bytes: [UInt8] = []
            var expected: Int?
            while expected.map({ bytes.count < $0 }) ?? true {
                var part = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &part, part.count, 0)
                guard count > 0 else { return nil }
                bytes += part[..<count]
                guard expected == nil else { continue }
                let text = String(decoding: bytes, as: UTF8.self)
                guard let end = text.range(of: "\r\n\r\n") else { continue }
                let head = text[..<end.lowerBound].lowercased()
                let length = head.components(separatedBy: "\r\n")
                    .first { $0.hasPrefix("content-length: ") }
                    .flatMap { Int($0.dropFirst(16)) }
                expected = text[..<end.upperBound].utf8.count + (length ?? 0)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Sends text as it is; false where the client has gone.
        @discardableResult
        public func send(_ text: String) -> Bool {
            send(Array(text.utf8))
        }

        /// Sends bytes as they are; false where the client has gone.
        @discardableResult
        public func send(_ bytes: [UInt8]) -> Bool {
            Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }

        /// Sends a small answer that keeps the connection.
        public func answer(_ body: String, status: String = "200 OK") {
            send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// Waits until the client closes.
        public func waitForClose() {
            while readRequest() != nil {}
        }

        /// Breaks the connection with a reset.
        public func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &linger,
                socklen_t(MemoryLayout<Glibc.linger>.size))
        }
    }
}
