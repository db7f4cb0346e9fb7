internal import Testing

/// The answer is a problem document (RFC 9457) with this status, in its body as on the wire.
func expectProblem(
    _ answer: HTTPAnswer, _ status: Int, sourceLocation: SourceLocation = #_sourceLocation
) {
    let shown = "\(answer.status) \(answer.text.prefix(300))"
    #expect(
        answer.status == status, "wanted \(status), got \(shown)", sourceLocation: sourceLocation)
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
