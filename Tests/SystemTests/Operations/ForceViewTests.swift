internal import ChildProcess
internal import Foundation
internal import Glibc
internal import Testing

/// The operator's way out where every member of a view is gone for good.
@Suite(.serialized)
struct ForceViewTests {
    @Test(.cluster(.pair.with { $0.restarts = false }))
    func `A catalog that goes on with an old replica gets the lost sales back from their orders`()
        throws
    {
        let store = Cluster.current
        try store.waitUntilWhole(within: .seconds(60))
        let survivor = try store.backup("catalogServer")
        let lost = try store.primary("catalogServer")
        var answers: [String: String] = [:]
        func buy(_ key: String) throws {
            let answer = try store.buy(1, key: key)
            #expect(answer.status == 201)
            answers[key] = answer.text
        }
        for number in 1...3 { try buy("known to both \(number)") }
        try store.killServer(survivor)
        for number in 1...5 { try buy("known to one \(number)") }

        try store.killServer(lost)
        try FileManager.default.removeItem(atPath: store.dataFolder(of: lost))
        try store.launchServer(survivor)
        try eventually("what is waited for") {
            try store.status(of: survivor).waitsFor?.contains(lost) ?? false
        }
        // The first one may have met the death of the primary, and cannot know.
        try eventually("a refusal that names the server") {
            let refused = try store.buy(1, key: "too early")
            #expect(refused.status == 503)
            return refused.text.contains(lost)
        }

        let unconfirmed = try store.pygmy("force-view", survivor)
        #expect(unconfirmed.status == .exited(1))
        #expect(unconfirmed.errors.contains("is lost"))
        let forced = try store.pygmy("force-view", survivor, "--yes")
        #expect(forced.status == .exited(0), "\(forced.errors)")
        try eventually("a sale", within: .seconds(60)) {
            let answer = try store.buy(1, key: "after")
            return answer.status < 300 && answer.json["orderNumber"] as? Int == 9
        }
        for (key, body) in answers {
            let replay = try store.buy(1, key: key)
            #expect(replay.status == 200)
            #expect(replay.text == body)
        }
        #expect(try store.stock(of: 1) == 46 - 9)

        try store.launchServer(lost)
        try store.waitUntilWhole(within: .seconds(60))
        try store.auditByProgram()
    }
}
