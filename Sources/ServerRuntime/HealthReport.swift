public import API

/// One thing that a probe asks about.
public struct HealthCheck: Sendable, Equatable {
    /// What it is about, a word.
    public let name: String
    /// How it is, whichever way.
    public let finding: String
    /// Whether that is as it should be.
    public let isPassed: Bool

    /// Makes a check.
    public init(_ name: String, _ finding: String, isPassed: Bool) {
        self.name = name
        self.finding = finding
        self.isPassed = isPassed
    }
}

/// The answer to `GET /livez` and `GET /readyz`: 200 `ok`, or 503 with a problem document; with
/// `?verbose` a line a check, whatever they came to.
public struct HealthReport: Sendable {
    /// The media type of the lines.
    public static let mediaType = "text/plain; charset=utf-8"

    /// What to answer.
    public enum Answer: Sendable, Equatable {
        /// Lines of text with status 200 or 503.
        case text(status: Int, String)
        /// A problem document.
        case problem(Problem)
    }

    /// The route, `livez` or `readyz`.
    public let name: String
    /// The checks, in the order in which they are told.
    public let checks: [HealthCheck]

    /// Makes a report.
    public init(name: String, checks: [HealthCheck]) {
        self.name = name
        self.checks = checks
    }

    /// Whether all checks passed.
    public var isPassed: Bool { checks.allSatisfy(\.isPassed) }

    /// The answer.
    public func answer(isVerbose: Bool) -> Answer {
        if isVerbose {
            let lines = checks.map { "[\($0.isPassed ? "+" : "-")] \($0.name): \($0.finding)\n" }
            return .text(
                status: isPassed ? 200 : 503,
                lines.joined() + "\(name) \(isPassed ? "passed" : "failed")\n")
        }
        if isPassed { return .text(status: 200, "ok\n") }
        let failed = checks.filter { !$0.isPassed }.map { "\($0.name): \($0.finding)" }
        return .problem(.unavailable(failed.joined(separator: "; ")))
    }
}
