internal import API
internal import MonotonicTime
internal import ServerRuntime

// What probes ask: whether to restart this process, and whether to send it requests.
extension StoreFront {
    /// Whether the process does its work, whatever became of the others: it answers, and its
    /// heartbeats go out.
    var liveness: HealthReport {
        let silence = watch.sinceLastBeat(at: timers.now())
        let limit = max(.seconds(5), Instant.Span(settings.heartbeatInterval) * 20)
        return HealthReport(
            name: "livez",
            checks: [
                HealthCheck("process", "it answers", isPassed: true),
                HealthCheck(
                    "heartbeats",
                    silence.map { "the last went out \($0.nanoseconds / 1_000_000) ms ago" }
                        ?? "none has gone out yet",
                    isPassed: (silence ?? now(since: startedAt)) <= limit),
            ])
    }

    /// Whether requests are in good hands here: there is a catalog server to read from and an order
    /// primary to buy from.
    var readiness: HealthReport {
        let names = dispatcher.withCluster { cluster in
            (
                catalog: cluster.servers.filter {
                    $0.id.kind == .catalog && $0.isReachable && $0.report?.serves == true
                }.map(\.id.name),
                primary: cluster.hasPrimary(.order)
                    ? cluster[.order].primary.map { cluster.servers[$0].id.name } : nil
            )
        }
        return HealthReport(
            name: "readyz",
            checks: [
                HealthCheck(
                    "catalog",
                    names.catalog.isEmpty
                        ? "no catalog server answers"
                        : "\(names.catalog.joined(separator: ", ")) can be read from",
                    isPassed: !names.catalog.isEmpty),
                HealthCheck(
                    "orders",
                    names.primary.map { "\($0) is primary" } ?? "no order primary answers",
                    isPassed: names.primary != nil),
            ])
    }

    private func now(since instant: Instant) -> Instant.Span { timers.now() - instant }
}

extension Answer {
    /// What a probe is told.
    static func report(_ report: HealthReport, _ request: IncomingRequest) -> Answer {
        let isVerbose = request.query?.contains { $0.name == "verbose" } ?? false
        switch report.answer(isVerbose: isVerbose) {
        case .text(let status, let text):
            return Answer(
                status: status,
                headers: [
                    ("Content-Type", HealthReport.mediaType), ("Cache-Control", "no-store"),
                ] + (status == 503 ? [("Retry-After", "1")] : []), body: Array(text.utf8))
        case .problem(let problem): return .problem(problem, indented: request.isIndented)
        }
    }
}
