/// What the public listener adds to answers, whoever they are from.
extension NginxConfiguration {
    /// The headers of every public answer; included again wherever a location has one of its own,
    /// for nginx inherits all of them or none. One without a value is left out.
    var publicHeaders: String {
        NginxConfiguration.everyHeader.map { "add_header \($0) always;\n" }.joined()
    }

    /// The same for a location of routes that a page from elsewhere may read.
    var openHeaders: String {
        NginxConfiguration.everyHeader.map { header in
            header.replacing("$pygmy_cors_origin", with: "*")
                .replacing("$pygmy_cors_headers", with: "\"\(NginxConfiguration.corsHeaders)\"")
        }.map { "add_header \($0) always;\n" }.joined()
    }

    /// The headers that a page from elsewhere may see besides those that any page may.
    static let corsHeaders =
        "Age, Allow, Cache-Status, ETag, Link, Retry-After, X-Cache, X-Request-ID"

    /// The headers of every public answer, and of nginx's own documents.
    static let everyHeader = [
        "X-Request-ID $pygmy_request_id", "X-Content-Type-Options nosniff",
        "Access-Control-Allow-Origin $pygmy_cors_origin",
        "Access-Control-Expose-Headers $pygmy_cors_headers",
    ]

    /// Bodies worth it are sent compressed: a book is not, a long search and a CSV are.
    var compression: String {
        """
        gzip on;
        gzip_min_length 1024;
        gzip_comp_level 5;
        gzip_vary on;
        gzip_proxied any;
        gzip_types application/json application/problem+json text/csv text/css text/javascript
            image/svg+xml;

        """
    }
}
