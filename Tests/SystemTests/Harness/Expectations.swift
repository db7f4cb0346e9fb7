internal import Testing

/// The answer is a problem document (RFC 9457) with this status, in its body as on the wire.
func expectProblem(
    _ answer: HTTPAnswer, _ statuses: Int..., sourceLocation: SourceLocation = #_sourceLocation
) {
    expectProblem(answer, in: statuses, sourceLocation: sourceLocation)
}

/// The answer is a problem document (RFC 9457) with one of these statuses, in its body as on the
/// wire.
func expectProblem(
    _ answer: HTTPAnswer, in statuses: [Int], sourceLocation: SourceLocation = #_sourceLocation
) {
    let shown = "\(answer.status) \(answer.text.prefix(300))"
    #expect(
        statuses.contains(answer.status), "wanted \(statuses), got \(shown)",
        sourceLocation: sourceLocation)
    let type = answer.header("Content-Type") ?? "none"
    #expect(
        type.hasPrefix("application/problem+json"), "of type \(type): \(shown)",
        sourceLocation: sourceLocation)
    #expect(
        answer.json["status"] as? Int == answer.status, "\(shown)", sourceLocation: sourceLocation)
    for member in ["type", "title", "detail"] {
        #expect(
            (answer.json[member] as? String)?.isEmpty == false, "\(member) of \(shown)",
            sourceLocation: sourceLocation)
    }
    #expect(
        answer.header("X-Request-ID")?.isEmpty == false, "X-Request-ID of \(shown)",
        sourceLocation: sourceLocation)
}
