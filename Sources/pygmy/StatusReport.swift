import API

/// The answer of `GET /status` as a person reads it. What is not known here is shown all the same:
/// servers may say more than this program knows of.
struct StatusReport {
    let document: JSON
    /// How long a line may be, where there is an edge.
    var width: Int?

    /// Columns in the order in which they are shown; others follow in the order of the document.
    private static let columns = [
        "name", "role", "reachable", "serving", "view", "lastIndex", "commitIndex", "appliedIndex",
        "lag", "leaseMilliseconds", "waitsFor",
    ]
    /// What columns are called where the window has no room for their names.
    private static let brief = [
        "reachable": "up", "serving": "serves", "lastIndex": "last",
        "commitIndex": "commit", "appliedIndex": "applied", "leaseMilliseconds": "lease ms",
        "waitsFor": "waits for", "reachedBy": "reached by", "uptimeSeconds": "up s",
        "hitRatio": "hit ratio",
    ]
    /// What a server says of itself, beside what the front end knows of it.
    private static let own = [
        "lastIndex", "commitIndex", "appliedIndex", "leaseMilliseconds", "waitsFor",
    ]
    /// What a front end's row shows of its cache.
    private static let cacheColumns = ["entries", "hits", "misses", "hitRatio"]

    /// A table of the servers, one of the front ends, and a line for everything else.
    var text: String {
        var parts: [String] = []
        if let servers = document["servers"]?.elements, !servers.isEmpty {
            parts.append(StatusReport.table(servers, width: width))
        }
        if let frontEnds = document["frontEnds"]?.elements, !frontEnds.isEmpty {
            parts.append(StatusReport.frontEndTable(frontEnds, width: width))
        }
        let rest = (document.members ?? [])
            .filter { $0.name != "servers" && $0.name != "frontEnds" }
            .map { member in "\(member.name): \(StatusReport.line(member))" }
        if !rest.isEmpty {
            let lines = rest.map { line in width.map { StatusReport.wrapped(line, to: $0) } ?? line
            }
            parts.append(lines.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    /// A line that goes on, a little to the right, on as many as the window needs.
    static func wrapped(_ line: String, to width: Int) -> String {
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ") {
            if !current.isEmpty, current.count + 1 + word.count > width {
                lines.append(current)
                current = "  " + word
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return (lines + [current]).joined(separator: "\n")
    }

    /// The role of each server, where the document says it.
    var roles: [String: String] {
        var roles: [String: String] = [:]
        for server in document["servers"]?.elements ?? [] {
            if let name = server["name"]?.string, let role = server["role"]?.string {
                roles[name] = role
            }
        }
        return roles
    }

    private static func table(_ servers: [JSON], width: Int?) -> String {
        let all = servers.map(cells)
        var names = columns.filter { name in all.contains { $0.contains { $0.name == name } } }
        for cell in all.joined() where !names.contains(cell.name) { names.append(cell.name) }
        let rows = all.map { cells in
            names.map { name in cells.first { $0.name == name }?.text ?? "-" }
        }
        return Table.text(
            header: names, brief: names.map { brief[$0] ?? $0 }, rows: rows, width: width)
    }

    private static func cells(_ server: JSON) -> [(name: String, text: String)] {
        var cells = (server.members ?? [])
            .filter { $0.name != "kind" && $0.name != "replica" }
            .map { (name: $0.name, text: cell($0.value)) }
        guard let replica = server["replica"] else { return cells }
        for name in own {
            if let value = replica[name] { cells.append((name, cell(value))) }
        }
        let lags = (replica["peers"]?.elements ?? []).compactMap { $0["lag"]?.integer }
        cells.append(("lag", lags.max().map(String.init) ?? "-"))
        return cells
    }

    private static func frontEndTable(_ frontEnds: [JSON], width: Int?) -> String {
        let rows = frontEnds.map { entry -> [String] in
            let report = entry["frontEnd"]
            return [
                entry["name"].map(cell) ?? "-", entry["reachable"].map(cell) ?? "-",
                report?["uptimeSeconds"].map(cell) ?? "-",
            ] + cacheColumns.map { report?["cache"]?[$0].map(cell) ?? "-" } + [
                report?["cache"]?["lease"]?["held"].map(cell) ?? "-",
                report?["requests"]?["buys"].map(cell) ?? "-",
            ]
        }
        let names = ["name", "reachable", "uptimeSeconds"] + cacheColumns + ["lease", "buys"]
        return Table.text(
            header: names, brief: names.map { brief[$0] ?? $0 }, rows: rows, width: width)
    }

    private static func cell(_ value: JSON) -> String {
        if let bool = value.bool { return bool ? "yes" : "no" }
        // A view is a number and its members; the first of them is the primary.
        if let number = value["number"]?.number {
            let members = value["members"]?.elements?.compactMap(\.string) ?? []
            return members.isEmpty ? number : "\(number) (\(members.joined(separator: ", ")))"
        }
        return inline(value)
    }

    /// Of the requests the numbers alone: their histograms are for programs.
    private static func line(_ member: JSON.Member) -> String {
        guard member.name == "requests", let members = member.value.members else {
            return inline(member.value)
        }
        return members.filter { $0.value.number != nil }
            .map { "\($0.name) \(inline($0.value))" }.joined(separator: ", ")
    }

    /// A value on one line.
    static func inline(_ value: JSON) -> String {
        switch value.value {
        case .null: "-"
        case .bool(let bool): bool ? "yes" : "no"
        case .number(let text): text
        case .string(let text): text
        case .array(let elements): elements.map(inline).joined(separator: ", ")
        case .object(let members):
            members.map { member in
                member.value.members == nil
                    ? "\(member.name) \(inline(member.value))"
                    : "\(member.name) (\(inline(member.value)))"
            }.joined(separator: ", ")
        }
    }
}
