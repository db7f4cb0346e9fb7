import API
import ChildProcess
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Deployment

@Suite struct `The machine` {
    @Test func `Its own addresses are here, others are not`() {
        let machine = LocalMachine()
        for host in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
            #expect(machine.has(Address(host: host, port: 1)), "\(host)")
        }
        // Addresses of documentation belong to nobody (RFC 5737, RFC 3849).
        for host in ["192.0.2.1", "2001:db8::1"] {
            #expect(!machine.has(Address(host: host, port: 1)), "\(host)")
        }
        #expect(LocalMachine(addresses: ["192.0.2.1"]).has(Address(host: "192.0.2.1", port: 1)))
    }

    @Test func `A port that is taken is said, a free one is not`() throws {
        // Somebody else may take a port as soon as it is free, but not every time.
        let isFree = try (1...20).contains { _ in
            let (descriptor, port) = try listeningSocket()
            let taken = Address(host: "127.0.0.1", port: port)
            #expect(PortCheck.fault(at: taken)?.contains("another program listens") == true)
            close(descriptor)
            return PortCheck.fault(at: taken) == nil
        }
        #expect(isFree)
        #expect(PortCheck.fault(at: Address(host: "192.0.2.1", port: 1)) != nil)
    }

    @Test func `A folder that could not be made or written in is told from one that could`() throws
    {
        let temporary = TemporaryFolder()
        defer { withExtendedLifetime(temporary) {} }
        let folder = temporary.path
        try Filesystem.write("", to: folder + "/file")
        #expect(symlink("nowhere", folder + "/link") == 0)
        for path in ["", "/", "/data", "/a/b/c/", "/a/../b"] {
            #expect(Filesystem.obstacle(toFolder: folder + path) == nil, "\(path)")
        }
        for (path, words) in [
            ("\(folder)/file", "cannot be used: is no folder"),
            ("\(folder)/file/data", "Not a directory"),
            ("\(folder)/link", "cannot be made: a link that leads nowhere"),
            ("\(folder)/link/data", "\(folder)/link: a link that leads nowhere"),
            ("/proc/x", "cannot be made: /proc is where the kernel"),
            ("/sys", "cannot be used: is where the kernel"),
            ("\(folder)/\(String(repeating: "x", count: 256))", "at most 255 bytes"),
        ] {
            let obstacle = Filesystem.obstacle(toFolder: path)
            #expect(obstacle?.contains(words) == true, "\(path): \(obstacle ?? "none")")
        }
        // Root may write where nobody may.
        guard geteuid() != 0 else { return }
        #expect(chmod(folder, 0o500) == 0)
        #expect(Filesystem.obstacle(toFolder: folder)?.contains("Permission denied") == true)
        #expect(Filesystem.obstacle(toFolder: folder + "/a")?.contains(folder) == true)
    }

    @Test func `A run directory has one lock, which goes with its holder`() throws {
        let folder = TemporaryFolder()
        var first: RunLock? = try RunLock(runDirectory: folder.path)
        #expect(first != nil)
        let fault = #expect(throws: UpFault.self) { try RunLock(runDirectory: folder.path) }
        guard case .unavailable(let reason) = fault else { return }
        #expect(reason.contains("process \(getpid())"))
        first = nil
        _ = try RunLock(runDirectory: folder.path)
    }

    @Test func `What an earlier run left is ended if it is ours, and nobody else is`() throws {
        let folder = TemporaryFolder()
        try folder.make("run")
        func server(_ name: String, in directory: String) throws -> ChildProcess {
            try ChildProcess(
                "/bin/sh", ["-c", "while :; do sleep 0.1; done", name], directory: directory,
                outputStem: "\(folder.path)/\(name)")
        }
        let ours = try server("catalogServer1", in: folder.path)
        // The same program with the same arguments, but at work elsewhere.
        let stranger = try server("catalogServer2", in: "/")
        defer {
            stranger.send(SIGKILL)
            _ = stranger.wait()
        }
        try folder.write("\(ours.pid)\n", to: "run/catalogServer1.pid")
        try folder.write("\(stranger.pid)\n", to: "run/catalogServer2.pid")
        try folder.write("1\n", to: "run/orderServer1.pid")
        try folder.write("rubbish", to: "run/orderServer2.pid")
        try folder.write("", to: "run/catalogServer1.sock")
        try folder.write("", to: "run/catalogServer1.sock.4711")
        try folder.write("secret", to: "run/cluster.secret")
        let stale = StaleProcesses(
            runDirectory: folder.path + "/run",
            folder: try #require(Filesystem.target(ofLink: folder.path)))
        #expect(stale.find() == [ours.pid])
        #expect(stale.end() == nil)
        _ = ours.wait()
        #expect(stranger.exitStatus == nil)
        stale.removeFiles()
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run")
        #expect(left == ["cluster.secret"])
    }
}
