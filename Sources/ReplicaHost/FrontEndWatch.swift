internal import API
internal import MonotonicTime
internal import Synchronization

/// What the front ends say of the cluster in their heartbeats.
///
/// It decides nothing: the engine counts leases and answers. It is what an operator looks at where
/// one front end is cut off from a server that the others reach.
final class FrontEndWatch: Sendable {
    /// What a front end said last.
    struct Heard: Sendable {
        var report: FrontEndReport
        var at: Instant
    }

    private let servers: Set<String>
    private let frontEnds: Set<String>
    private let heard = Mutex<[String: Heard]>([:])

    /// - Parameter configuration: what is not in it is nobody's report, and no server.
    init(_ configuration: Configuration) {
        frontEnds = Set(configuration.servers(of: .frontEnd).map(\.id.name))
        servers = Set(configuration.servers.map(\.id.name)).subtracting(frontEnds)
    }

    /// Takes a report.
    /// - Returns: a sentence for each thing that has changed since the last one.
    func hear(_ report: FrontEndReport, at now: Instant) -> [String] {
        guard frontEnds.contains(report.name) else { return [] }
        var report = report
        report.reaches = report.reaches.filter(servers.contains).sorted()
        let before = heard.withLock { heard -> FrontEndReport? in
            let before = heard[report.name]?.report
            heard[report.name] = Heard(report: report, at: now)
            return before
        }
        guard let before else { return [] }
        let (old, new) = (Set(before.reaches), Set(report.reaches))
        return old.subtracting(new).sorted().map { "\(report.name) no longer reaches \($0)" }
            + new.subtracting(old).sorted().map { "\(report.name) reaches \($0)" }
    }

    /// What each front end said last, by name; a front end that has said nothing is left out.
    func reports(at now: Instant) -> [FrontEndReport] {
        heard.withLock { $0 }.values.map { heard in
            var report = heard.report
            report.age = max(0, (now - heard.at).nanoseconds / 1_000_000)
            return report
        }.sorted { $0.name < $1.name }
    }
}
