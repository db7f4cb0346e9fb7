import API

/// nginx's own errors as the problem documents that the store's servers send.
extension NginxConfiguration {
    /// A status of nginx's and the problem that stands for it.
    private var problemTable: [(codes: [Int], problem: Problem)] {
        [
            ([400], .malformedRequest("nginx could not read this as a request")),
            ([403, 404], .notFound()),
            ([405], .methodNotAllowed(allowed: ["GET", "HEAD"])),
            ([408], .requestTimeout()),
            ([411], .lengthRequired()),
            ([413], .bodyTooLarge(limit: NginxConfiguration.publicBodyLimit)),
            ([414], .uriTooLong(limit: NginxConfiguration.headerLimit)),
            ([416], .rangeNotSatisfiable()),
            ([494], .headersTooLarge(limit: NginxConfiguration.headerLimit)),
            ([500], .internalFault()),
            ([501], .notImplemented()),
            (
                [502],
                .badGateway(
                    "No server took the request; a buy can be sent again with its Idempotency-Key")
            ),
            ([503], .overloaded()),
            (
                [504],
                .gatewayTimeout(
                    "No server answered in time; a buy may have been made: send it again with its "
                        + "Idempotency-Key to learn its outcome")
            ),
            ([505], .versionNotSupported()),
        ]
    }

    /// A server's error pages; included again wherever a location has one of its own, for nginx
    /// inherits all of them or none.
    var problemPages: String {
        let lines = problemTable.map { page in
            let codes = page.codes.map(String.init).joined(separator: " ")
            let status = page.problem.status
            return "error_page \(codes) =\(status) /.problem/\(status);"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The documents. They are found by paths, not by names (`@…`), for nginx refuses to go to a
    /// name with a request that was too broken to have a path.
    var problems: String {
        problemTable.map { page in
            let problem = page.problem
            var added = problem.headers.map {
                "\($0.name) \"\($0.value.replacing("\"", with: "\\\""))\""
            }
            if [502, 503, 504].contains(problem.status) {
                added.append("Idempotency-Key $pygmy_default_key")
            }
            // What no server has been sent, none can have acted on.
            if problem.status == 502 { added.append("X-Upstream-Bytes-Sent $upstream_bytes_sent") }
            // One header of its own, and a location inherits none.
            added += ["Cache-Control no-store"] + NginxConfiguration.everyHeader
            let headers = added.map { "    add_header \($0) always;\n" }.joined()
            let body = String(decoding: problem.body, as: UTF8.self)
            let quoted = body.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return """
                location = /.problem/\(problem.status) {
                    internal;
                    types { }
                    default_type \(Problem.mediaType);
                \(headers)    return \(problem.status) '\(quoted)';
                }

                """
        }.joined(separator: "\n")
    }
}
