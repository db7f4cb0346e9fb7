internal import Foundation
internal import Testing

/// What the servers tell each other of the cluster.
@Suite(.serialized, .cluster(.pair))
struct HeartbeatTests {
    private let store = Cluster.current

    /// What a catalog or order server was told by each front end: the servers that it reaches.
    private func reaches(toldTo server: String) throws -> [String: Set<String>] {
        let answer = try store.ask(store.endpoint(of: server), "GET", "/status")
        let frontEnds = answer.json["frontEnds"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: frontEnds.compactMap { frontEnd in
                guard let name = frontEnd["name"] as? String,
                    let reaches = frontEnd["reaches"] as? [String]
                else { return nil }
                return (name, Set(reaches))
            })
    }

    /// Which front ends reach each server, as one front end says.
    private func reachedBy(asSeenBy frontEnd: String) throws -> [String: Set<String>] {
        let answer = try store.ask(
            store.endpoint(of: frontEnd), "GET", "/status", timeout: .seconds(5))
        let servers = answer.json["servers"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: servers.compactMap { server in
                guard let name = server["name"] as? String,
                    let reachedBy = server["reachedBy"] as? [String]
                else { return nil }
                return (name, Set(reachedBy))
            })
    }

    private func waitUntilKnown(_ servers: Set<String>, outOf all: Set<String>) throws {
        let frontEnds = Set(store.frontEnds)
        for server in servers {
            try eventually("\(server) to know what every front end reaches") {
                let told = try reaches(toldTo: server)
                return Set(told.keys) == frontEnds && told.values.allSatisfy { $0 == servers }
            }
        }
        for frontEnd in frontEnds {
            try eventually("\(frontEnd) to know who reaches which server") {
                let known = try reachedBy(asSeenBy: frontEnd)
                return Set(known.keys) == all
                    && known.allSatisfy {
                        $0.value == (servers.contains($0.key) ? frontEnds : [])
                    }
            }
        }
    }

    @Test func `A server that falls silent is known to be so everywhere, and logged once`() throws {
        try store.waitUntilWhole()
        let all = Set(store.servers("catalogServer") + store.servers("orderServer"))
        try waitUntilKnown(all, outOf: all)
        let silent = try store.backup("catalogServer")
        try store.pauseServer(silent)
        try waitUntilKnown(all.subtracting([silent]), outOf: all)
        store.resumeServer(silent)
        try waitUntilKnown(all, outOf: all)
        func lines(of server: String, with sentence: String) -> Int {
            store.log(of: server).components(separatedBy: sentence).count - 1
        }
        for frontEnd in store.frontEnds {
            #expect(lines(of: frontEnd, with: "\(silent) no longer answers") == 1)
            for server in all where server != silent {
                let sentence = "\(frontEnd) no longer reaches \(silent)"
                #expect(lines(of: server, with: sentence) == 1, "\(server)")
            }
        }
    }
}
