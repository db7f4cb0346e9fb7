internal import API
internal import Console
internal import HTTPClient
internal import Replication
public import ServerRuntime

extension AcceptorHost {
    /// Refuses a configuration that names other voters than a view register does: its server would
    /// look for majorities in the wrong place.
    ///
    /// Registers change one voter at a time, by `pygmy members`, before the configuration does.
    /// What this server accepted last may be older than that, so the others are asked before it
    /// counts. A server that has accepted nothing knows no better than its configuration.
    ///
    /// Voters are all servers, or all but the last front end, whatever their number: on the way
    /// from one odd number to the next there is an even one, and a store that stops there starts
    /// again.
    /// - Throws: exit status 78 and what differs.
    public func checkVoters(_ environment: ServerEnvironment) throws(StartFailure) {
        let expected = RegisterHost.acceptors(of: environment)
        for group in RegisterHost.groups {
            guard let own = accepted(in: group), !Self.isNamed(own, by: environment) else {
                continue
            }
            let newest = accepted(in: group, asking: environment)
                .reduce(own) { $0.ballot < $1.ballot ? $1 : $0 }
            guard !Self.isNamed(newest, by: environment) else { continue }
            throw StartFailure(
                """
                the configuration makes voters of \(Self.list(expected)), and the view register of \
                the \(group) has \(Self.list(newest.value.acceptors.map(\.name))): see pygmy members
                """, exitStatus: ExitStatus.configuration)
        }
    }

    private static func isNamed(
        _ accepted: AcceptedValue, by environment: ServerEnvironment
    ) -> Bool {
        let ids = environment.configuration.servers.map(\.id)
        let all = Set(ids.map { ServerName($0.name) })
        let voters = Set(accepted.value.acceptors.map(\.name))
        guard voters != all, let last = ids.last(where: { $0.kind == .frontEnd }) else {
            return voters == all
        }
        return voters == all.subtracting([ServerName(last.name)])
    }

    private static func list(_ names: [ServerName]) -> String {
        names.map(\.text).sorted().joined(separator: ", ")
    }

    /// What the other servers accepted last, those that answer at once.
    private func accepted(
        in group: String, asking environment: ServerEnvironment
    ) -> [AcceptedValue] {
        let body = Envelope.encode(
            sender: environment.id.name, group: group,
            message: Message.register(.inspect).encoded())
        return environment.configuration.servers.filter { $0.id != environment.id }.compactMap {
            let request = HTTPRequest(
                method: "PUT", authority: "\($0.address)", path: "/register/\(group)",
                headers: [
                    ("Content-Type", Envelope.mediaType),
                    ("Authorization", environment.credentials.clusterSecret.authorization),
                ], body: body)
            guard
                let response = try? environment.client.perform(request, timeout: .seconds(1)),
                case .registerReply(let reply)? = try? Message(decoding: response.body),
                case .inspected(let accepted) = reply.outcome
            else { return nil }
            return accepted
        }
    }
}
