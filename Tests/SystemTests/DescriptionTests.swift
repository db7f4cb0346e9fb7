internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// `/openapi.json` against the running store: schemathesis sends what the document allows and what
/// it forbids, and compares every status, header and body with what the document says.
struct DescriptionTests {
    /// Where `scripts/install-dependencies test` puts it.
    private static let schemathesis = "\(checkout)/.build/tools/bin/schemathesis"
    private static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: schemathesis)
    }

    @Test(
        .cluster(.pair.withLargeStock()),
        .enabled(
            if: isInstalled, "schemathesis is not installed: scripts/install-dependencies test"))
    func `schemathesis finds nothing that the description does not say`() throws {
        let store = Cluster.current
        let scratch = store.directory + "/schemathesis"
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true)
        let run = try Command.run(
            Self.schemathesis,
            [
                "--config-file", "\(checkout)/Tests/schemathesis.toml", "run",
                "http://127.0.0.1:\(store.port)/openapi.json", "--checks", "all",
                "--header", "Authorization: Bearer \(store.adminToken)", "--max-examples", "30",
                "--seed", "1", "--continue-on-failure", "--no-color",
            ], directory: scratch, within: .seconds(600))
        #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
        // A run that sent nothing finds nothing either.
        let generated = run.output.firstMatch(of: /(\d+) generated/).flatMap { Int($0.output.1) }
        #expect(generated ?? 0 > 500, "\(run.output)")
        #expect(run.output.contains("Selected: 44/44"), "\(run.output)")

        // What it bought, refused and withdrew adds up.
        #expect(try store.get("/health").status == 200)
        let audit = try store.pygmy("status", "--config", "config.json", "--audit")
        #expect(audit.status == .exited(0), "\(audit.output)\(audit.errors)")
    }
}
