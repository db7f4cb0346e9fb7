import MonotonicTime
import Replication

/// The answers of back-end servers to heartbeats.
enum HeartbeatAnswer {
    static func bytes(
        from sender: String, view: UInt64, incarnation: UInt64 = 5, members: [String],
        lease: Instant.Span?, serves: Bool = true
    ) -> [UInt8] {
        let view = View(
            number: view, members: members.map { member($0) },
            incarnation: Incarnation(incarnation))
        return Message.frontEndReply(
            FrontEndReply(sender: member(sender), view: view, lease: lease, serves: serves)
        ).encoded()
    }

    private static func member(_ name: String) -> Member {
        Member(name: ServerName(name), identity: StoreIdentity(UInt64(name.utf8.count)))
    }

    /// What a heartbeat says, behind its envelope.
    static func heartbeat(_ body: [UInt8]) -> FrontEndHeartbeat? {
        var rest = body[...]
        for _ in 0..<2 { rest = rest.dropFirst(Int(rest.first ?? 0) + 1) }
        guard case .frontEndHeartbeat(let heartbeat) = try? Message(decoding: Array(rest)) else {
            return nil
        }
        return heartbeat
    }
}
