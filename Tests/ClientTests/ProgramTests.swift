import ChildProcess
import Foundation
import TestSupport
import Testing

/// The program itself: arguments in, exit status out.
@Suite struct `The program client` {
    /// The programs are built beside the bundle of the tests.
    private static let program: String? = {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let bundle = Bundle.main.bundlePath
        let folders = [
            own.deletingLastPathComponent().path, bundle,
            CommandLine.arguments.first.map {
                URL(fileURLWithPath: $0).deletingLastPathComponent().path
            } ?? "",
        ]
        return folders.map { $0 + "/client" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private func run(
        _ arguments: [String], input: String = ""
    ) throws -> (status: ChildProcess.ExitStatus, output: String, errors: String) {
        let folder = TemporaryFolder()
        try folder.write(input, to: "run.in")
        let process = try ChildProcess(
            try #require(Self.program), arguments, directory: folder.path,
            inputPath: folder("run.in"), outputStem: folder("run"))
        return (process.wait(), process.output, process.errors)
    }

    @Test(arguments: [
        ["nosuch"], ["lookup"], ["lookup", "abc"], ["lookup", "-1"], ["buy"], ["buy", "x"],
        ["lookup", "1", "2"], ["--nosuch"], ["search"], ["search", ""],
        ["lookup", "1", "--url", "not a url"], ["buy", "1", "--key", ""],
        ["--json"],
    ])
    func `Used wrongly it ends with 64 and says how it is used`(_ arguments: [String]) throws {
        let result = try run(arguments)
        #expect(result.status == .exited(64))
        #expect(!result.errors.isEmpty && result.output.isEmpty)
    }

    @Test(arguments: [
        ("http://h:1/x", "/x has no place here"), ("h:1//", "/ has no place here"),
        ("http://h:1?a=b", "?a=b has no place here"),
        ("http://user:pw@h:1", "a user has no place here"), ("u@h:1", "a user has no place here"),
        ("http://h:0", "port \"0\" is out of range"), ("http://a:b:1", "looks like IPv6"),
        ("https://h:1", "does not begin with http://"),
    ])
    func `A URL that is none of a store is refused for what is wrong with it`(
        _ url: String, _ words: String
    ) throws {
        let result = try run(["lookup", "1", "--url", url])
        #expect(result.status == .exited(64))
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test func `It ends with 0 where it was served, and prints the body as it came with --json`()
        throws
    {
        let body = #"{"itemNumber":1,"title":"日本","topic":"T","cost":1.50,"stock":0}"#
        let store = try TinyStore { _, _ in TinyAnswer(body: body) }
        defer { store.stop() }
        let url = "http://127.0.0.1:\(store.port)"
        let plain = try run(["lookup", "1", "--url", url])
        #expect(plain.status == .exited(0) && plain.output.contains("Title:       日本"))
        #expect(try run(["lookup", "1", "--url", url, "--json"]).output == body + "\n")
        // Options may stand before the command.
        #expect(try run(["--url", url, "lookup", "--json", "1"]).output == body + "\n")
        #expect(try run(["--json", "--url", url, "lookup", "1"]).output == body + "\n")
    }

    @Test func `It ends with 1 where it was refused, with 69 where nobody answers`() throws {
        let store = try TinyStore { _, _ in
            TinyAnswer(status: 404, body: #"{"title":"There is no such book"}"#)
        }
        let url = "http://127.0.0.1:\(store.port)"
        for command in ["lookup", "buy"] {
            let refused = try run([command, "99", "--url", url])
            #expect(refused.status == .exited(1))
            #expect(refused.errors == "There is no such book.\n")
        }
        store.stop()
        #expect(try run(["search", "T", "--url", "http://127.0.0.1:1"]).status == .exited(69))
    }

    @Test func `Without a command it is the menu`() throws {
        let store = try TinyStore { _, _ in TinyAnswer(body: #"{"topic":"T","items":[]}"#) }
        defer { store.stop() }
        let result = try run(
            ["--url", "http://127.0.0.1:\(store.port)"], input: "1\nT\n4\n")
        #expect(result.status == .exited(0))
        #expect(result.output.contains("There are no books about T."))
        #expect(result.output.hasSuffix("Goodbye.\n"))
    }
}
