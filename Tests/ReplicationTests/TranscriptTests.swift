import Foundation
import MonotonicTime
import Testing

@testable import Replication

/// Plays the stories of `Transcripts`: commands, a line of dashes, what came of them. With
/// `REWRITE_TRANSCRIPTS` in the environment it writes what comes of them into the files instead.
@Suite struct TranscriptTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Transcripts")

    static var stories: [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("Every story goes as it is written", arguments: TranscriptTests.stories)
    func plays(story: String) throws {
        let url = Self.folder.appending(path: story)
        let text = try String(contentsOf: url, encoding: .utf8)
        let played = try Self.play(text)
        if ProcessInfo.processInfo.environment["REWRITE_TRANSCRIPTS"] != nil {
            try played.write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(played == text)
        }
    }

    @Test("The stories are numbered, and none is missing")
    func count() {
        #expect(!Self.stories.isEmpty)
        #expect(Self.stories.map { Int($0.prefix(2)) } == (1...Self.stories.count).map { $0 })
    }

    /// The text with what really comes of its commands.
    static func play(_ text: String) throws -> String {
        var stage = Stage()
        var blocks: [String] = []
        for block in text.split(separator: "\n\n") {
            var head: [String] = []
            for line in block.split(separator: "\n", omittingEmptySubsequences: false) {
                if line == "----" { break }
                head.append(String(line))
            }
            while head.last == "" { head.removeLast() }
            let commands = head.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            guard !commands.isEmpty else {
                blocks.append(head.joined(separator: "\n").trimmingCharacters(in: .newlines))
                continue
            }
            stage.lines = []
            for command in commands { try stage.perform(command) }
            let output = stage.lines.isEmpty ? ["(nothing)"] : stage.lines
            blocks.append((head + ["----"] + output).joined(separator: "\n"))
        }
        return blocks.joined(separator: "\n\n") + "\n"
    }
}

/// A command that no stage knows.
struct UnknownCommand: Error {
    var line: String
}

extension Stage {
    /// Carries out a line of a transcript.
    mutating func perform(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let name = ServerName(words.count > 1 ? words[1] : "")
        switch words[0] {
        case "replicas": names = words.dropFirst().map { ServerName($0) }
        case "acceptors": acceptors = words.dropFirst().map { ServerName($0) }
        case "front": front = Front(name: name)
        case "retain": retained = UInt64(words[1]) ?? retained
        case "start":
            for word in words.dropFirst() { try start(ServerName(word)) }
            if let front, !running.contains(front.name) { try start(front.name) }
        case "kill": words.dropFirst().forEach { kill(ServerName($0)) }
        case "wipe": disks[name] = freshDisk()
        case "silence": front?.isUp = false
        case "advance": advance(milliseconds: Int64(words[1]) ?? 0)
        case "cut":
            cuts.insert([name, ServerName(words[2])])
            if words.count < 4 { cuts.insert([ServerName(words[2]), name]) }
        case "heal": cuts = []
        case "restored":
            var disk = freshDisk()
            disk.applied = LogPosition(index: UInt64(words[2]) ?? 0, view: 0)
            disk.first = disk.applied.index + 1
            disks[name] = disk
        case "foreign":
            // The directory of a server of another store, in which this one was a member of a view.
            var disk = freshDisk()
            let number = ViewNumber(words[2]) ?? 0
            let members = [name] + names.filter { $0 != name }
            disk.state = DurableState(
                view: View(
                    number: number,
                    members: members.map {
                        Member(
                            name: $0, identity: $0 == name ? disk.identity : StoreIdentity(4711))
                    }, incarnation: Incarnation(4711))
            ).encoded()
            disk.applied = LogPosition(index: UInt64(words[3]) ?? 0, view: number)
            disk.first = disk.applied.index + 1
            disks[name] = disk
        case "block": unreached.insert(name)
        case "unblock": unreached.remove(name)
        case "stop": handle(.stopping, at: name)
        case "freeze": frozen.insert(name)
        case "thaw":
            frozen.remove(name)
            deliveries += waitingForThaw.removeValue(forKey: name) ?? []
        case "hold" where words.last == "state": heldStates.insert(name)
        case "hold": heldDisks.insert(name)
        case "votes":
            holdsVotes = words[1] == "held"
            if !holdsVotes {
                deliveries += heldVotes
                heldVotes = []
            }
        case "release":
            heldDisks.remove(name)
            for effect in heldWrites.removeValue(forKey: name) ?? [] { write(effect, of: name) }
            if heldStates.remove(name) != nil, let entries = unapplied.removeValue(forKey: name) {
                apply(entries, at: name)
            }
        case "fill" where words.last == "state": fullStates.insert(name)
        case "fill": fullDisks.insert(name)
        case "empty":
            fullDisks.remove(name)
            fullStates.remove(name)
            if let entries = unapplied.removeValue(forKey: name) { apply(entries, at: name) }
        case "messages": showsMessages = words[1] == "on"
        case "checkpoint":
            handle(.stateDurable(through: disks[name]?.applied.index ?? 0), at: name)
        case "buys":
            let books = Array(repeating: words[3], count: Int(words[2]) ?? 0)
            buy([words[1]] + books, at: name)
        case "buy": buy(Array(words.dropFirst()), at: name)
        case "read": read(words, at: name)
        case "lease":
            say(front.map { now < $0.leaseEnd ? "leased" : "no lease" } ?? "no front end")
        case "status": say(status(of: name))
        case "snapshot": finishSnapshot(words, at: name)
        case "add":
            handle(.administer(Ticket(0), .addAcceptor(ServerName(words[2]))), at: name)
        case "remove":
            handle(.administer(Ticket(0), .removeAcceptor(ServerName(words[2]))), at: name)
        case "force": handle(.administer(Ticket(0), .forceView), at: name)
        default: throw UnknownCommand(line: line)
        }
        settle()
    }

    private mutating func buy(_ words: [String], at name: ServerName) {
        let proposals = words.dropFirst().map { word in
            let number = UInt64(tickets.count + 1)
            tickets[number] = "the buy of \(word)"
            return Proposal(ticket: Ticket(number), keys: [UInt64(word) ?? 0], payload: [1])
        }
        handle(.propose(proposals), at: name)
    }

    private mutating func read(_ words: [String], at name: ServerName) {
        let keys = words.dropFirst(2).compactMap { UInt64($0) }
        switch replicas[name]?.readPermission(touching: keys, at: now) {
        case .serve(cacheable: true)?: say("\(name) answers")
        case .serve(cacheable: false)?: say("\(name) answers, not to be cached")
        case .forward(let other)?: say("\(name) asks \(other)")
        case .unavailable(let reason)?: say("\(name) cannot answer: \(reason)")
        case nil: say("\(name) is down")
        }
    }

    private func status(of name: ServerName) -> String {
        guard let status = replicas[name]?.status(at: now) else { return "\(name) is down" }
        return "\(name): \(status.role.rawValue), \(status.view.map { "\($0)" } ?? "no view"), "
            + "applied \(status.appliedIndex), committed \(status.commitIndex), "
            + "last \(status.lastIndex), \(status.servesReads ? "serves" : "does not serve"); waits "
            + "for \(status.waitsFor ?? "nothing")"
    }

    private mutating func finishSnapshot(_ words: [String], at name: ServerName) {
        let attempt = UInt64(words[2]) ?? 0
        if words.count > 3 {
            handle(.snapshotFailed(attempt: attempt), at: name)
        } else if let position = snapshots[name]?[attempt] {
            handle(.snapshotFetched(attempt: attempt, position), at: name)
        }
    }
}
