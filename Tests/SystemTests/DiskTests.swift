internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Testing

/// A disk that is full, and one that has damaged what was on it.
@Suite(.serialized)
struct DiskTests {
    /// A file system of a size of its own, which only root can have.
    private struct SmallDisk {
        let path: String

        init(at path: String, megabytes: Int) throws {
            self.path = path
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            let mount = try Command.run(
                "/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path])
            guard mount.status == .exited(0) else { throw HarnessError(mount.errors) }
        }

        /// Takes what room is left, to the last block.
        func fill() {
            let file = open(path + "/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(file) }
            for size in [1 << 20, 1 << 12, 1] {
                let block = [UInt8](repeating: 7, count: size)
                while write(file, block, size) > 0 {}
            }
        }

        func makeRoom() { unlink(path + "/filler") }

        func unmount() { _ = try? Command.run("/bin/umount", ["-l", path]) }

        static let isPossible: Bool = {
            guard geteuid() == 0 else { return false }
            let path = "/tmp/pygmy-mount-\(getpid())"
            defer { rmdir(path) }
            guard let disk = try? SmallDisk(at: path, megabytes: 1) else { return false }
            disk.unmount()
            return true
        }()
    }

    @Test(
        .folder(.single.withLargeStock()),
        .enabled(if: SmallDisk.isPossible, "a small file system can be mounted by root only"),
        arguments: ["catalogServer1", "orderServer1"])
    func `On a full disk buys are 503 and reads go on; with room again, buys are back`(
        _ server: String
    ) throws {
        let store = Cluster.current
        let disk = try SmallDisk(at: "\(store.directory)/data/\(server)", megabytes: 24)
        defer { disk.unmount() }
        defer { store.end() }
        try store.start()
        let before = BuyLoad(on: store, clients: 4, name: "before", limit: 10).finish()
        disk.fill()

        // What is left in blocks that are taken already may serve for some buys yet.
        var during: [Purchase] = []
        let refusal = try eventually("a buy that finds no room", within: .seconds(60)) {
            let purchase = Purchase(key: "during-\(during.count)", item: during.count % 7 + 1)
            var asked = purchase
            asked.answer = try store.buy(asked.item, key: asked.key)
            during.append(asked)
            return asked.answer?.status == 503 ? asked.answer : nil
        }
        expectProblem(refusal, 503)
        #expect(refusal.header("Retry-After") != nil)
        for item in 1...7 { #expect(try store.get("/lookup/\(item)").status == 200) }
        #expect(try store.get("/search/Misc").status == 200)
        #expect(try store.get("/orders/1").status == 200)
        #expect(try store.buy(1, key: "still full").status == 503)

        disk.makeRoom()
        try eventually("buys that are back", within: .seconds(60)) {
            try store.buy(1, key: "room again").status < 300
        }
        // A key that was told 503 has an outcome by now, or gets one: one sale either way.
        for index in during.indices {
            during[index].answer = try eventually("the outcome of \(during[index].key)") {
                let answer = try store.buy(during[index].item, key: during[index].key)
                return answer.status < 300 ? answer : nil
            }
        }
        try store.audit(before + during, openingStock: 1_000_000)
    }

    @Test(
        .folder(.pair.withLargeStock()),
        .enabled(if: SmallDisk.isPossible, "a small file system can be mounted by root only"),
        arguments: ["catalogServer", "orderServer"])
    func `A primary whose state alone finds no room leaves its place to its backup`(
        _ kind: String
    ) throws {
        let store = Cluster.current
        var disks: [String: SmallDisk] = [:]
        defer { for disk in disks.values { disk.unmount() } }
        defer { store.end() }
        try store.start()
        try store.waitUntilWhole()
        var purchases = BuyLoad(on: store, clients: 4, name: "before", limit: 10).finish()
        #expect(try store.stop() == .exited(0))
        for server in store.servers(kind) {
            let disk = try SmallDisk(at: "\(store.directory)/\(server)-state", megabytes: 24)
            disks[server] = disk
            try move(state: store.dataFolder(of: server), to: disk.path)
        }
        try store.start()
        try store.waitUntilWhole()

        let primary = try store.primary(kind)
        disks[primary]?.fill()
        // What is left in blocks that are taken already may serve for some buys yet.
        var asked = 0
        try eventually("another primary", within: .seconds(60)) {
            asked += 1
            let item = asked % 7 + 1
            let key = "during-\(asked)"
            let answer = try store.buy(item, key: key)
            purchases.append(Purchase(key: key, item: item, answer: answer))
            return try answer.status < 300 && store.primary(kind) != primary
        }
        #expect(purchases.allSatisfy { ($0.answer?.status ?? 0) < 300 })
        #expect(store.log(of: primary).contains("the state cannot be written"))

        disks[primary]?.makeRoom()
        try store.waitUntilWhole()
        try store.audit(purchases, openingStock: 1_000_000)
    }

    /// Moves a server's state to another file system, and leaves a link in its place.
    private func move(state folder: String, to place: String) throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: folder) where name.hasPrefix("state.db") {
            try files.copyItem(atPath: "\(folder)/\(name)", toPath: "\(place)/\(name)")
            try files.removeItem(atPath: "\(folder)/\(name)")
        }
        try files.createSymbolicLink(
            atPath: "\(folder)/state.db", withDestinationPath: "\(place)/state.db")
    }

    enum Damage: String, CaseIterable, Sendable {
        case overwrittenStart, overwrittenMiddle, cutShort

        func apply(to path: String) throws {
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            switch self {
            case .overwrittenStart:
                bytes.replaceSubrange(0..<64, with: repeatElement(0xA5, count: 64))
            case .overwrittenMiddle:
                // Every page but the first: the header stays believable.
                for index in 4096..<max(4096, bytes.count) { bytes[index] = UInt8(index % 251) }
            case .cutShort: bytes.removeLast(bytes.count - 1000)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
    }

    @Test(
        .cluster(.single), arguments: ["catalogServer1", "orderServer1"], Damage.allCases)
    func `A damaged database keeps its server from starting, and stays as it was`(
        _ server: String, _ damage: Damage
    ) throws {
        let store = Cluster.current
        #expect(BuyLoad(on: store, clients: 2, limit: 5).finish().count == 10)
        #expect(try store.stop() == .exited(0))
        for file in ["log.db", "state.db"] {
            let folder = "\(store.directory)/data/\(server)"
            let path = "\(folder)/\(file)"
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try damage.apply(to: path)
            let before = try snapshot(of: folder)
            let run = try Command.run(
                Programs.path(server.filter { !$0.isNumber }), [server, "--config", "config.json"],
                environment: store.environment, directory: store.directory)
            #expect(run.status == .exited(65), "\(file): \(run.errors)")
            #expect(run.errors.contains(file), "\(run.errors)")
            #expect(try snapshot(of: folder) == before, "\(file)")
            try whole.write(to: URL(fileURLWithPath: path))
        }
        // With its files back it starts as if nothing had been.
        try store.start()
        #expect(try Audit(of: store).orders.count == 10)
    }

    /// The bytes of every file that matters in a folder.
    private func snapshot(of folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where !name.hasSuffix("-shm") && !name.contains("lock") {
            files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return files
    }
}
