internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// Manual pages and completion scripts are the programs' own words.
struct ManualTests {
    @Test func `Manual pages and completions say what the programs say: else run make manual`()
        throws
    {
        let scratch = TemporaryFolder()
        let written = try Command.run(
            "\(checkout)/scripts/make-manual", [Programs.directory, scratch.path])
        #expect(written.status == .exited(0), "\(written.errors)")
        for folder in ["man", "completions"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: scratch(folder))
            #expect(names.count == (folder == "man" ? 5 : 15))
            for name in names {
                let kept = try String(
                    contentsOfFile: "\(checkout)/\(folder)/\(name)", encoding: .utf8)
                let made = try String(
                    contentsOfFile: scratch("\(folder)/\(name)"), encoding: .utf8)
                #expect(kept == made, "\(folder)/\(name)")
            }
        }
    }

    @Test func `Every subcommand and option has a sentence in its help`() throws {
        for program in ["pygmy", "client", "frontEndServer", "catalogServer", "orderServer"] {
            let dump = try Command.run(
                Programs.path(program), ["--experimental-dump-help"]
            ).output
            let document = try JSONSerialization.jsonObject(with: Data(dump.utf8))
            let command = try #require((document as? [String: Any])?["command"] as? [String: Any])
            try check(command, [program])
        }
    }

    private func check(_ command: [String: Any], _ path: [String]) throws {
        if path.last == "help" { return }
        #expect((command["abstract"] as? String ?? "").count > 10, "\(path)")
        for argument in command["arguments"] as? [[String: Any]] ?? [] {
            #expect((argument["abstract"] as? String ?? "").count > 5, "\(path) \(argument)")
        }
        for inner in command["subcommands"] as? [[String: Any]] ?? [] {
            try check(inner, path + [inner["commandName"] as? String ?? ""])
        }
    }
}
