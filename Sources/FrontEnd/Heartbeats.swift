internal import API
internal import Caching
internal import MonotonicTime
internal import Replication

/// The front end's heartbeats in the wire format of `Replication`.
enum Heartbeats {
    static let mediaType = "application/octet-stream"

    /// The name of a kind's group in the messages.
    static func group(_ kind: ServerKind) -> String { kind == .order ? "orders" : "catalog" }

    /// What the answer to a heartbeat says.
    struct Reply {
        var report: ServerReport
        /// The lease it grants, if any.
        var lease: (source: LeaseSource, duration: Instant.Span)?
    }

    /// The body of a heartbeat: the envelope that every message between servers has (the sender's
    /// name and the group's, each behind a byte that counts its bytes), then the message.
    /// - Parameters:
    ///   - kind: the group that it is for.
    ///   - sender: this front end's name.
    ///   - incarnation: this start of it.
    ///   - view: the newest view of the group for which everything older was dropped; 0 for none.
    ///   - asksForLease: whether it wants a cache lease.
    static func body(
        for kind: ServerKind, sender: String, incarnation: UInt64, view: UInt64, asksForLease: Bool
    ) -> [UInt8] {
        var body: [UInt8] = []
        for name in [sender, group(kind)] {
            body.append(UInt8(clamping: name.utf8.count))
            body.append(contentsOf: name.utf8.prefix(255))
        }
        let message = Message.frontEndHeartbeat(
            FrontEndHeartbeat(
                sender: ServerName(sender), incarnation: Incarnation(incarnation), view: view,
                asksForLease: asksForLease))
        return body + message.encoded()
    }

    /// Reads the body of an answer; nil for anything but the answer to a front end's heartbeat.
    static func reply(_ body: [UInt8], from server: String) -> Reply? {
        guard let message = try? Message(decoding: body),
            case .frontEndReply(let reply) = message, reply.sender.name.text == server
        else { return nil }
        var report = ServerReport()
        report.serves = reply.serves
        guard let view = reply.view, !view.members.isEmpty else {
            return Reply(report: report, lease: nil)
        }
        report.view = ServerReport.View(
            number: view.number, members: view.members.map(\.name.text))
        if view.primary == reply.sender {
            report.role = .primary
        } else if view.contains(reply.sender) {
            report.role = .backup
        }
        guard let duration = reply.lease, report.role == .primary else {
            return Reply(report: report, lease: nil)
        }
        let source = LeaseSource(
            viewNumber: view.number, incarnation: view.incarnation.bits, grantor: server)
        return Reply(report: report, lease: (source, duration))
    }
}
