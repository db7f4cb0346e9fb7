import API
import ArgumentParser
import Console
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

    /// How long a server may take to have done what the group had answered, in microseconds.
    private static let patience = 10_000_000
    private static let pause = 100_000

    /// Fetches from the first of the servers that gives a whole copy with everything in it that the
    /// group had answered when this was called: a backup learns of that a moment after the primary.
    /// - Parameter progress: told how many bytes have come, of how many.
    func fetch(
        from servers: [Configuration.Server], to path: String, progress: inout Progress
    ) throws(BackupFault) -> Copy {
        var answered: UInt64?
        var turn = 0
        while true {
            var faults: [String] = []
            var standings: [(server: Configuration.Server, standing: Standing)] = []
            for server in servers {
                do throws(BackupFault) {
                    let standing = try standing(of: server)
                    standings.append((server, standing))
                    // What the primary has applied is all that has been answered, and no later
                    // primary has less.
                    if standing.isPrimary { answered = answered ?? standing.appliedIndex }
                } catch {
                    faults.append("\(server.id): \(error)")
                }
            }
            var hasCopied = false
            for (server, standing) in standings {
                guard let answered, standing.appliedIndex >= answered else {
                    faults.append("\(server.id): it has not caught up with what was answered")
                    continue
                }
                do throws(BackupFault) {
                    hasCopied = true
                    return try fetch(from: server, to: path, &progress)
                } catch {
                    faults.append("\(server.id): \(error)")
                }
            }
            // A store that is not there is said at once.
            guard !standings.isEmpty, !hasCopied, turn < Self.patience / Self.pause else {
                throw BackupFault(
                    "no server gives a copy (\(faults.joined(separator: "; "))): see pygmy status",
                    .unavailable)
            }
            turn += 1
            usleep(useconds_t(Self.pause))
        }
    }

    /// Where a server stands that serves.
    private struct Standing {
        let isPrimary: Bool
        let appliedIndex: UInt64
    }

    private func standing(of server: Configuration.Server) throws(BackupFault) -> Standing {
        let response = try get("/status", at: server.address, timeout: .seconds(5))
        guard response.status == 200, let status = try? JSON(parsing: response.body),
            let role = status["role"]?.string, let index = status["appliedIndex"]?.integer
        else { throw BackupFault("it answered \(response.status)", .unavailable) }
        // A server that does not serve may have an old state.
        guard status["serving"]?.bool == true else {
            throw BackupFault("it does not serve now", .unavailable)
        }
        return Standing(isPrimary: role == "primary", appliedIndex: UInt64(clamping: index))
    }

    private static let interruption =
        "another backup is being taken from it, or it has started anew: try again later"

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
            else {
                throw BackupFault(
                    offset > 0 && response.status == 503
                        ? Self.interruption : "it answered \(response.status)", .unavailable)
            }
            let place = [index, view, response.header("X-Snapshot-ID") ?? ""]
            guard position == nil || position == place else {
                throw BackupFault(Self.interruption, .unavailable)
            }
            position = place
            try Self.write(response.body, to: descriptor, path)
            offset += response.body.count
            progress.advance(to: offset, of: size)
            if offset == size {
                guard fsync(descriptor) == 0 else { throw .system("\(path) cannot be written") }
                return Copy(server: server.id, index: UInt64(index) ?? 0, bytes: size)
            }
            if response.body.isEmpty { throw BackupFault("its copy ends too early", .unavailable) }
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
            throw BackupFault("it does not answer: \(error)", .unavailable)
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
        BackupFault("\(text): \(String(cString: strerror(errno)))", .inputOutput)
    }
}
