import API
import Glibc
import HTTPClient

/// Fetches a copy of a running server's state, by the route that joining servers take.
struct SnapshotFetch {
    let secret: Secret
    let client: HTTPClient

    /// Who asks, as servers know it.
    private static let asker = "backup"

    /// A copy that is complete.
    struct Copy {
        let server: ServerID
        let index: UInt64
        let bytes: Int
    }

    /// Fetches from the first of the servers that serves and gives a whole copy.
    /// - Parameter progress: told how many bytes have come, of how many.
    func fetch(
        from servers: [Configuration.Server], to path: String, progress: inout Progress
    ) throws(BackupFault) -> Copy {
        var faults: [String] = []
        for server in servers {
            do throws(BackupFault) {
                try checkServes(server)
                return try fetch(from: server, to: path, &progress)
            } catch {
                faults.append("\(server.id): \(error)")
            }
        }
        throw BackupFault(
            "no server gives a copy (\(faults.joined(separator: "; "))): see pygmy status")
    }

    /// A server that does not serve may have an old state.
    private func checkServes(_ server: Configuration.Server) throws(BackupFault) {
        let response = try get("/health", at: server.address, timeout: .seconds(5))
        guard response.status == 200 else { throw BackupFault("it does not serve now") }
    }

    private func fetch(
        from server: Configuration.Server, to path: String, _ progress: inout Progress
    ) throws(BackupFault) -> Copy {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("\(path) cannot be written") }
        defer { close(descriptor) }
        let attempt = UInt64.random(in: 1...(1 << 50))
        var offset = 0
        var position: [String]?
        while true {
            // The first chunk waits until the copy is made.
            let response = try get(
                "/sync?for=\(Self.asker)&attempt=\(attempt)&offset=\(offset)", at: server.address,
                timeout: .seconds(offset == 0 ? 600 : 60))
            guard response.status == 200, let size = Self.number(response, "X-Snapshot-Size"),
                let index = response.header("X-Snapshot-Index"),
                let view = response.header("X-Snapshot-View")
            else { throw BackupFault("it answered \(response.status)") }
            guard position == nil || position == [index, view] else {
                throw BackupFault("another backup is being taken from it: try again later")
            }
            position = [index, view]
            try Self.write(response.body, to: descriptor, path)
            offset += response.body.count
            progress.advance(to: offset, of: size)
            if offset == size {
                guard fsync(descriptor) == 0 else { throw .system("\(path) cannot be written") }
                return Copy(server: server.id, index: UInt64(index) ?? 0, bytes: size)
            }
            if response.body.isEmpty { throw BackupFault("its copy ends too early") }
        }
    }

    private func get(
        _ path: String, at address: Address, timeout: Duration
    ) throws(BackupFault) -> HTTPResponse {
        let request = HTTPRequest(
            authority: "\(address)", path: path,
            headers: [("Authorization", secret.authorization)])
        do throws(HTTPClientError) {
            return try client.perform(request, timeout: timeout)
        } catch {
            throw BackupFault("it does not answer: \(error)")
        }
    }

    private static func number(_ response: HTTPResponse, _ name: String) -> Int? {
        response.header(name).flatMap { Int($0) }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(BackupFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("\(path) cannot be written") }
            rest = rest.dropFirst(count)
        }
    }
}

extension BackupFault {
    /// What the last system call of this thread failed with.
    static func system(_ text: String) -> BackupFault {
        BackupFault("\(text): \(String(cString: strerror(errno)))")
    }
}
