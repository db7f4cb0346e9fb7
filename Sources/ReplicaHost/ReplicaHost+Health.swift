internal import API
internal import FastCGI
internal import MonotonicTime
internal import Replication
internal import ServerRuntime
internal import Synchronization

/// What probes ask of a catalog or order server: whether to restart it, and whether it serves.
extension ReplicaHost {
    /// Whether the process does its work, whatever became of the others: a probe that restarts what
    /// waits for another server would only make it worse.
    var liveness: HealthReport {
        let status = status
        let silence = BootClock.now() - Instant(nanoseconds: lastTick.load(ordering: .relaxed))
        let waiting = status.lastIndex - min(status.durableIndex, status.lastIndex)
        return HealthReport(
            name: "livez",
            checks: [
                HealthCheck("process", "it answers", isPassed: true),
                HealthCheck(
                    "clock", "the last tick was \(silence.nanoseconds / 1_000_000) ms ago",
                    isPassed: silence < .seconds(10)),
                HealthCheck(
                    "log", "\(status.lastIndex) entries, \(waiting) of them not yet on the disk",
                    isPassed: true),
            ])
    }

    /// Whether it serves: reads, and operations where it is the primary.
    var readiness: HealthReport {
        let status = status
        let view = status.view.map { view in
            "\(view.number) of \(view.members.map(\.name.text).joined(separator: ", "))"
        }
        var checks = [
            HealthCheck("view", view ?? "none is known", isPassed: view != nil),
            HealthCheck(
                "role", "\(status.role)",
                isPassed: status.role == .primary || status.role == .backup),
            HealthCheck(
                "reads",
                status.servesReads ? "served" : "it waits for \(status.waitsFor ?? "its lease")",
                isPassed: status.servesReads),
        ]
        if status.role == .primary {
            checks.append(
                HealthCheck(
                    "operations",
                    status.servesWrites
                        ? "taken" : "it waits for \(status.waitsFor ?? "its lease")",
                    isPassed: status.servesWrites))
        }
        return HealthReport(name: "readyz", checks: checks)
    }

    func send(_ report: HealthReport, _ request: InternalRequest, _ responder: Responder) {
        let isVerbose = request.query.contains { $0.name == "verbose" }
        switch report.answer(isVerbose: isVerbose) {
        case .text(let status, let text):
            responder.send(
                Response(
                    status: status,
                    headers: [
                        ("Content-Type", HealthReport.mediaType), ("Cache-Control", "no-store"),
                    ] + (status == 503 ? [("Retry-After", "1")] : []), body: Array(text.utf8)))
        case .problem(let problem): responder.send(problem)
        }
    }
}
