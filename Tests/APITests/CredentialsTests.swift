import API
import Foundation
import Synchronization
import TestSupport
import Testing

extension TemporaryFolder {
    /// One with the folder that secrets are in.
    fileprivate static func withRun() throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        try folder.make("run")
        return folder
    }

    fileprivate var configuration: Configuration { Configuration(servers: [], folder: path) }

    fileprivate func mode(_ file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: self("run/\(file)"))
        return try #require(attributes[.posixPermissions] as? Int)
    }
}

@Suite struct Secrets {
    private let nothing: (String) -> String? = { _ in nil }

    @Test func `Files that are missing are made, for their owner only, and found again`() throws {
        let folder = try TemporaryFolder.withRun()
        let first = try Credentials.load(folder.configuration, environment: nothing)
        #expect(try folder.mode("cluster.secret") == 0o600)
        #expect(try folder.mode("admin.token") == 0o600)
        let second = try Credentials.load(folder.configuration, environment: nothing)
        #expect(first.clusterSecret.authorization == second.clusterSecret.authorization)
        #expect(first.adminToken.authorization != first.clusterSecret.authorization)
        #expect(first.adminToken.authorization.utf8.count == 7 + 64)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run")
        #expect(left.sorted() == ["admin.token", "cluster.secret"])
    }

    @Test func `Servers that start at the same time agree on one`() throws {
        let folder = try TemporaryFolder.withRun()
        let found = Mutex<Set<String>>([])
        DispatchQueue.concurrentPerform(iterations: 32) { _ in
            let secret = try? Credentials.load(folder.configuration) { _ in nil }.clusterSecret
            found.withLock { _ = $0.insert(secret?.authorization ?? "none") }
        }
        #expect(found.withLock { $0.count } == 1)
        #expect(found.withLock { !$0.contains("none") })
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o620])
    func `A file that others can use is refused`(_ mode: Int) throws {
        let folder = try TemporaryFolder.withRun()
        _ = try Credentials.load(folder.configuration, environment: nothing)
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: folder.path + "/run/admin.token")
        let fault = #expect(throws: CredentialsFault.self) {
            try Credentials.load(folder.configuration, environment: nothing)
        }
        #expect(fault?.description.contains("chmod 600") == true)
    }

    @Test func `An empty file is refused, not taken for a secret`() throws {
        let folder = try TemporaryFolder.withRun()
        let path = folder.path + "/run/cluster.secret"
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(), attributes: [.posixPermissions: 0o600]))
        #expect(throws: CredentialsFault.self) {
            try Credentials.load(folder.configuration, environment: nothing)
        }
    }

    @Test func `The environment comes first, and must be a secret`() throws {
        let folder = try TemporaryFolder.withRun()
        let credentials = try Credentials.load(folder.configuration) { name in
            name == "PYGMY_CLUSTER_SECRET" ? "from-the-environment" : "another-secret"
        }
        #expect(credentials.clusterSecret.authorization == "Bearer from-the-environment")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/run/cluster.secret"))
        for text in [
            String(repeating: "x", count: 1025), "with a space", "with\nnewline", "ünïcödé-secret",
        ] {
            #expect(throws: CredentialsFault.self) {
                try Credentials.load(folder.configuration) { _ in text }
            }
        }
    }

    @Test func `A secret of one's own may be short`() throws {
        let folder = try TemporaryFolder.withRun()
        let credentials = try Credentials.load(folder.configuration) { _ in "x" }
        #expect(credentials.adminToken.matches(authorization: "Bearer x".utf8))
        #expect(!credentials.adminToken.matches(authorization: "Bearer ".utf8))
        #expect(!credentials.adminToken.matches(authorization: "Bearer xx".utf8))
    }

    @Test func `Only the very secret matches`() throws {
        let secret = try #require(Secret("correct-horse"))
        #expect(secret.matches(authorization: "Bearer correct-horse".utf8))
        #expect(secret.matches(authorization: "bearer  correct-horse".utf8))
        for text in [
            "", "Bearer", "Bearer ", "correct-horse", "Basic correct-horse", "Bearer correct-hors",
            "Bearer correct-horsee", "Bearer Correct-horse", "Bearercorrect-horse",
            "Bearer correct-horsecorrect-horse",
        ] {
            #expect(!secret.matches(authorization: text.utf8), "\(text)")
        }
        #expect("\(secret)" == "(secret)")
    }
}
