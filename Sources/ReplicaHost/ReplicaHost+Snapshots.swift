internal import API
internal import Durability
internal import FastCGI
internal import Glibc
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import RegisterHost
internal import Replication
internal import ServerRuntime
internal import Storage
internal import Synchronization

/// State transfer: `GET /sync?for=NAME&attempt=N&offset=K` gives a chunk of a copy of the state
/// that stays the same for an attempt, so that a transfer that broke off goes on where it was.
extension ReplicaHost {
    /// The bytes of a chunk.
    private static var chunkLength: Int { 4 << 20 }

    /// Who asks for a copy that no server shall install: `pygmy backup`.
    private static var backupName: String { "backup" }

    /// A copy of the state for one joining server.
    struct ServedSnapshot: Sendable {
        let attempt: UInt64
        /// This copy's and no other's, not even one of the same position.
        let id: String
        let path: String
        let position: LogPosition
        let size: Int
        /// When a chunk of it was last asked for.
        var lastUse: Instant
    }

    /// A chunk that somebody asked for.
    struct ChunkRequest: Sendable {
        let server: String
        let attempt: UInt64
        let offset: Int
        let responder: Responder
    }

    // MARK: Giving

    /// Answers `GET /sync`.
    func handleSync(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        try request.require([.get])
        guard let server = request.query.first(where: { $0.name == "for" })?.value,
            server == Self.backupName
                || environment.configuration.servers.contains(where: { $0.id.name == server }),
            let attempt = request.query.first(where: { $0.name == "attempt" })
                .flatMap({ UInt64($0.value) })
        else {
            throw .malformedRequest(
                "sync needs for=NAME, a server or backup, and attempt=N, a number")
        }
        let offset = try request.count("offset", default: 0, limit: 1 << 50)
        copyWork.append(
            .give(
                ChunkRequest(
                    server: server, attempt: attempt, offset: Int(offset), responder: responder)))
    }

    func give(_ chunk: ChunkRequest) {
        do throws(StorageError) {
            guard let snapshot = try snapshot(for: chunk) else {
                return chunk.responder.send(.unavailable("That copy of the state is gone"))
            }
            guard let bytes = Self.read(snapshot.path, at: chunk.offset, count: Self.chunkLength)
            else {
                servedSnapshots.withLock { $0[chunk.server] = nil }
                unlink(snapshot.path)
                return chunk.responder.send(.unavailable("The copy of the state cannot be read"))
            }
            chunk.responder.send(
                Response(
                    status: 200,
                    headers: [
                        ("Content-Type", Envelope.mediaType),
                        ("X-Snapshot-Size", String(snapshot.size)),
                        ("X-Snapshot-Index", String(snapshot.position.index)),
                        ("X-Snapshot-View", String(snapshot.position.view)),
                        ("X-Snapshot-ID", snapshot.id),
                    ], body: bytes))
            // Nobody comes back to a backup's copy, and it is as large as the state.
            if chunk.server == Self.backupName, chunk.offset + bytes.count == snapshot.size {
                servedSnapshots.withLock { $0[chunk.server] = nil }
                unlink(snapshot.path)
            }
        } catch {
            stopIfBroken(error)
            logger.warning("\(group): no copy of the state can be made: \(error)")
            chunk.responder.send(.unavailable("No copy of the state can be made"))
        }
    }

    /// The copy that a chunk is asked of; nil where it is to be the rest of one that is gone. Only
    /// who asks for the beginning has one made.
    private func snapshot(for chunk: ChunkRequest) throws(StorageError) -> ServedSnapshot? {
        let server = chunk.server
        let known = servedSnapshots.withLock { served in
            served[server]?.lastUse = BootClock.now()
            return served[server]
        }
        if let known, known.attempt == chunk.attempt { return known }
        guard chunk.offset == 0 else { return nil }
        let path = snapshotPath(for: server)
        let position = try store.writeSnapshot(to: path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .other(file: path, code: errno, message: String(cString: strerror(errno)))
        }
        let served = ServedSnapshot(
            attempt: chunk.attempt, id: String(UInt64.random(in: 0 ... .max), radix: 16),
            path: path, position: position, size: Int(status.st_size), lastUse: BootClock.now())
        servedSnapshots.withLock { $0[server] = served }
        logger.notice("\(group): a copy of the state at \(position) is ready for \(server)")
        return served
    }

    private func snapshotPath(for server: String) -> String {
        "\(directory.path)/snapshot-\(server).db"
    }

    /// How long a copy stays that nobody asks for: longer than a joining server takes to give one
    /// up. One that comes back all the same gets another copy, and notices.
    private static var snapshotLifetime: Instant.Span { .seconds(180) }

    /// Removes copies that nobody has asked for lately; they are as large as the state. The `copy`
    /// thread.
    func removeOldSnapshots() {
        let now = BootClock.now()
        let old = servedSnapshots.withLock { served in
            let old = served.filter { now - $0.value.lastUse > Self.snapshotLifetime }
            for server in old.keys { served[server] = nil }
            return old
        }
        for snapshot in old.values { unlink(snapshot.path) }
    }

    /// Removes the copies that an earlier start has left.
    func removeLeftSnapshots() {
        for server in environment.configuration.servers.map(\.id.name) + [Self.backupName] {
            unlink(snapshotPath(for: server))
        }
    }

    private static func read(_ path: String, at offset: Int, count: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                    offset + filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failed = true }
                if got <= 0 { return }
                filled += got
            }
        }
        return failed ? nil : bytes
    }

    // MARK: Taking

    func fetchSnapshot(attempt: UInt64, from server: ServerName) {
        guard let address = address(of: server) else {
            return step(.snapshotFailed(attempt: attempt))
        }
        let path = store.incomingPath
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return step(.snapshotFailed(attempt: attempt)) }
        defer { close(descriptor) }
        var offset = 0
        var first: Chunk?
        var failures = 0
        while !isStopping.load(ordering: .relaxed) {
            guard let chunk = fetchChunk(attempt: attempt, at: offset, from: server, address) else {
                failures += 1
                if failures == 5 { break }
                pause(milliseconds: 200)
                continue
            }
            failures = 0
            // Another copy than the one that was begun: its bytes do not go together.
            if let first, !first.isOfOneCopy(with: chunk) { break }
            first = first ?? chunk
            guard Self.write(chunk.bytes, to: descriptor) else { break }
            offset += chunk.bytes.count
            if offset == chunk.size {
                guard fsync(descriptor) == 0 else { break }
                logger.notice("\(group): fetched a copy of the state at \(chunk.position)")
                return step(.snapshotFetched(attempt: attempt, chunk.position))
            }
            if chunk.bytes.isEmpty { break }
        }
        discardSnapshot()
        step(.snapshotFailed(attempt: attempt))
    }

    /// Removes what was fetched of a copy, which is as large as the state.
    func discardSnapshot() { unlink(store.incomingPath) }

    private struct Chunk {
        let position: LogPosition
        /// The copy's; empty where the server is of a release that gives none.
        let id: String
        let size: Int
        let bytes: [UInt8]

        func isOfOneCopy(with other: Chunk) -> Bool {
            position == other.position && id == other.id && size == other.size
        }
    }

    private func fetchChunk(
        attempt: UInt64, at offset: Int, from server: ServerName, _ address: String
    ) -> Chunk? {
        let request = HTTPRequest(
            method: "GET", authority: address,
            path: "/sync?for=\(environment.id.name)&attempt=\(attempt)&offset=\(offset)",
            headers: [("Authorization", environment.credentials.clusterSecret.authorization)],
            body: [])
        // The first chunk waits until the copy is made, which takes its time with a large state.
        let timeout: Duration = offset == 0 ? .seconds(600) : .seconds(20)
        guard let response = perform(request, of: server, timeout: timeout), response.status == 200,
            let size = response.header("X-Snapshot-Size").flatMap({ Int($0) }),
            let index = response.header("X-Snapshot-Index").flatMap({ UInt64($0) }),
            let view = response.header("X-Snapshot-View").flatMap({ UInt64($0) })
        else { return nil }
        return Chunk(
            position: LogPosition(index: index, view: view),
            id: response.header("X-Snapshot-ID") ?? "", size: size, bytes: response.body)
    }

    /// Sends the primary a request and waits for the answer, but no longer than this server runs
    /// and the other one is the primary and alive: of one that is frozen or cut off nothing is
    /// heard.
    private func perform(
        _ request: HTTPRequest, of server: ServerName, timeout: Duration
    ) -> HTTPResponse? {
        let arrival = Arrival<HTTPResponse?>()
        environment.client.send(request, timeout: timeout) { arrival.set(try? $0.get()) }
        while !isStopping.load(ordering: .relaxed), primary == server, !isSilent(server) {
            if let response = arrival.wait(.milliseconds(100)) { return response }
        }
        return nil
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            written += count
        }
        return true
    }

    /// How long a copy that could not be installed keeps the next from being fetched.
    private static var installPause: Instant.Span { .seconds(2) }

    /// Makes the fetched copy the state; on the `log` thread, since it empties the log.
    func install(attempt: UInt64, _ position: LogPosition) {
        do throws(StorageError) {
            try store.installSnapshot(position)
        } catch {
            logger.error("\(group): the copy of the state cannot be installed: \(error)")
            // Nobody fetches another one before this has been told of.
            discardSnapshot()
            // A copy of gigabytes may have come in vain, and the next one will where the primary is
            // of a later release.
            environment.timers.schedule(after: Self.installPause) { [self] in
                step(.snapshotFailed(attempt: attempt))
            }
            return
        }
        logger.notice("\(group): the state is now the copy at \(position)")
        step(.snapshotInstalled(attempt: attempt, position))
    }
}
