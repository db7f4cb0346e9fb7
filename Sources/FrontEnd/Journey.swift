internal import API
internal import Logging
internal import MonotonicTime
internal import ServerRuntime
internal import Synchronization

/// Where the time of a client's request goes: the servers that it asks, for how long, and what each
/// says. Any thread.
final class Journey: Sendable {
    /// One question to a server of the back end.
    struct Leg: Sendable, Equatable {
        var server: String
        var time: Instant.Span
        /// What the server answered; nil where it did not, or was not waited for any longer.
        var status: Int?
    }

    private let legs = Mutex<[Leg]>([])

    /// Takes note of a question that has ended.
    func add(_ leg: Leg) { legs.withLock { $0.append(leg) } }

    /// Takes note of what a request went through that was made for several.
    func add(_ other: Journey) {
        let more = other.legs.withLock { $0 }
        legs.withLock { $0 += more }
    }

    /// The line about a request that has ended; nil where it was not slow.
    /// - Parameters:
    ///   - request: its method and its route.
    ///   - time: what it took in all.
    func line(_ request: String, took time: Instant.Span) -> String? {
        guard time >= SlowRequest.threshold else { return nil }
        let legs = legs.withLock { $0 }
        let here = time - legs.reduce(Instant.Span.zero) { $0 + $1.time }
        let parts =
            legs.map { leg in
                "\(leg.server) \(Self.milliseconds(leg.time)) ms"
                    + (leg.status.map { $0 < 400 ? "" : " (\($0))" } ?? " (no answer)")
            } + ["here \(Self.milliseconds(max(here, .zero))) ms"]
        return "slow: \(request) took \(Self.milliseconds(time)) ms: "
            + parts.joined(separator: ", ")
    }

    private static func milliseconds(_ span: Instant.Span) -> Int64 { span.nanoseconds / 1_000_000 }
}

/// Writes the line about a slow request of a client.
struct SlowNote: Sendable {
    let method: String
    let route: RouteName
    let requestID: String
    let journey: Journey
    let logger: Logger

    func write(took time: Instant.Span, status: Int) {
        guard let line = journey.line("\(method) \(route.template)", took: time) else { return }
        logger.warning(
            "\(line)", metadata: ["request": "\(requestID)", "status": "\(status)"])
    }
}
