import API

/// The public listener, and one for each server.
extension NginxConfiguration {
    /// How long one front end may take over a request. Where there is a second one, the first has
    /// half of the time, so that one that hangs costs no request.
    private var tryTimeout: Duration {
        let whole = site.configuration.settings.requestTimeout
        return site.frontEnds.count > 1 ? whole / 2 : whole
    }

    /// What a front end is told: a little less, so that it is the front end that says that a buy is
    /// not confirmed yet, with the key, before nginx gives up on it.
    private var toldTimeout: Duration { tryTimeout - min(tryTimeout / 10, .milliseconds(300)) }

    var upstreams: String {
        let servers = site.servers.map { server in
            """
            upstream \(server.id.name) {
                server \(socket(server)) max_fails=0;
                \(NginxConfiguration.kept("    "))
            }

            """
        }
        return ((site.receivesClients ? [frontEndUpstreams] : []) + servers)
            .joined(separator: "\n")
    }

    private var frontEndUpstreams: String {
        let trusted = site.frontEnds
            .map { "    server \(socket($0)) max_fails=1 fail_timeout=1s;" }
        let anyway = site.frontEnds.map { "    server \(socket($0)) max_fails=0;" }
        return """
            # The front ends; one that failed gets nothing for a second. The one with fewer requests
            # under way gets the next: one that hangs soon has more of them and gets no others.
            upstream frontEnds {
                zone frontEnds 128k;
                least_conn;
            \(trusted.joined(separator: "\n"))
                \(NginxConfiguration.kept("    "))
            }

            # The same ones for when all of them failed within a second: better tried than refused.
            upstream frontEndsAnyway {
                zone frontEndsAnyway 128k;
                least_conn;
            \(anyway.joined(separator: "\n"))
                \(NginxConfiguration.kept("    "))
            }

            """
    }

    private func socket(_ server: Configuration.Server) -> String {
        let path = site.configuration.socketPath(of: server.id)
        let written = paths == .absolute ? site.configuration.absolute(path) : path
        return NginxConfiguration.quoted("unix:\(written)")
    }

    /// Kept connections are short-lived, so that a server that is told to end can go on serving
    /// until nginx has closed them all, within half a second. There are as many as clients may come
    /// at once: one that is not kept costs both sides more than the request itself.
    private static func kept(_ indent: String) -> String {
        [
            "keepalive 256;", "keepalive_requests 1000;", "keepalive_timeout 300ms;",
            "keepalive_time 500ms;",
        ].joined(separator: "\n\(indent)")
    }

    var publicListener: String {
        let listen = site.configuration.settings.listen
        return """
            # Where clients find the store: its public routes, and nothing of what servers say to
            # each other.
            server {
                listen \(listen) default_server backlog=4096;
                limit_conn pygmy_listeners 3000;
                # Everything: what is left out elsewhere is no route here.
                \(accessLog);

                include problem-pages.conf;
                include problems.conf;
                include public-headers.conf;
                include compression.conf;

            \(routes)

            \(furtherChances)

            \(files)
            }

            """
    }

    /// What the front ends answer.
    private var routes: String {
        """
            # The busiest route: it passes nothing that a lookup has no use for, and has nothing
            # looked up in a map that is known here.
            location ~ "^/lookup(?:/|$)" {
                if ($request_uri !~ "^/lookup(?:[/?]|$)") {
                    error_page 418 = @asSent;
                    return 418;
                }
                include open-headers.conf;
                fastcgi_param REQUEST_METHOD $request_method;
                fastcgi_param REQUEST_URI $request_uri;
                fastcgi_param REQUEST_ID $pygmy_request_id;
                fastcgi_param HTTP_ACCEPT $http_accept if_not_empty;
                fastcgi_param HTTP_IF_NONE_MATCH $http_if_none_match if_not_empty;
                fastcgi_param HTTP_TRACEPARENT $pygmy_traceparent if_not_empty;
                fastcgi_pass_request_body off;
                include front-end.conf;
            }

            # That the store is not healthy is no fault of the front end that says so.
            location ~ "^/(?:health|livez|readyz)(?:/|$)" {
                if ($pygmy_is_public = 0) {
                    return 404;
                }
                include parameters.conf;
                fastcgi_param DEFAULT_IDEMPOTENCY_KEY $request_id;
                fastcgi_next_upstream error timeout;
                fastcgi_read_timeout 2s;
                error_page 502 = @chance1;
                recursive_error_pages on;
                include problem-pages.conf;
                fastcgi_pass frontEnds;
            }

            # What comes in bulk waits for a slow client in the front end, page by page.
            location ~ "^/(?:catalog\\.csv|orders\\.csv)(?:/|$)" {
                if ($pygmy_is_public = 0) {
                    return 404;
                }
                fastcgi_max_temp_file_size 0;
                include parameters.conf;
                fastcgi_param DEFAULT_IDEMPOTENCY_KEY $request_id;
                include front-end.conf;
            }

            location ~ "^/(?:search|buy|orders|topics|status|restock|items)(?:/|$)" {
                if ($pygmy_is_public = 0) {
                    return 404;
                }
                include parameters.conf;
                # Never the client's: this is what makes a retry of nginx's own harmless.
                fastcgi_param DEFAULT_IDEMPOTENCY_KEY $request_id;
                include front-end.conf;
            }

            # A path such as /search/%2E%2E that is a route as it was sent, and another one, or
            # none, to nginx: the front ends go by what was sent.
            location @asSent {
                if ($pygmy_is_public = 0) {
                    return 404;
                }
                include parameters.conf;
                fastcgi_param DEFAULT_IDEMPOTENCY_KEY $request_id;
                include front-end.conf;
            }
        """
    }

    /// The page for a person with a browser, where this host has its files.
    private var files: String {
        guard let folder = pages else {
            return """
                    location / {
                        recursive_error_pages on;
                        error_page 418 = @asSent;
                        return 418;
                    }
                """
        }
        return """
                # The page for a person with a browser; nothing but its files is here.
                location / {
                    recursive_error_pages on;
                    if ($pygmy_is_public) {
                        error_page 418 = @asSent;
                        return 418;
                    }
                    root \(NginxConfiguration.quoted(folder));
                    index index.html;
                    rewrite "^/problems/[a-z-]+$" /problems.html break;
                    try_files $uri $uri/index.html =404;
                    types {
                        text/html html;
                        text/css css;
                        text/javascript js;
                        application/json json;
                        image/svg+xml svg;
                    }
                    charset utf-8;
                    charset_types text/css text/javascript;
                    include public-headers.conf;
                    add_header Content-Security-Policy "\(Self.contentSecurityPolicy)" always;
                    add_header Referrer-Policy no-referrer always;
                    add_header Cache-Control no-cache always;
                }
            """
    }

    /// What the pages may load and do: files of the store, and nothing that a title could bring in.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// How often a request that front ends have cost is tried anew: once for each of them that dies
    /// while it has the request. That several do is rare, but takes no more than a machine so busy
    /// that a buy outlasts the restarts of all of them.
    private static let chances = 4

    /// The places to which a request goes on whose front ends have all failed it. Each tries them
    /// all, whatever became of them a moment ago: so it finds the one that has come back meanwhile.
    private var furtherChances: String {
        (1...Self.chances).map { number in
            let onward =
                number == Self.chances ? "" : "\n        error_page 502 = @chance\(number + 1);"
            return """
                    location @chance\(number) {\(onward)
                        include chance.conf;
                    }
                """
        }.joined(separator: "\n\n")
    }

    var chance: String {
        """
        include parameters.conf;
        fastcgi_param DEFAULT_IDEMPOTENCY_KEY $request_id;
        fastcgi_param HTTP_X_REQUEST_TIMEOUT \(told);
        fastcgi_next_upstream error timeout non_idempotent;
        fastcgi_next_upstream_tries 2;
        fastcgi_next_upstream_timeout \(nextTimeout);
        fastcgi_read_timeout \(NginxConfiguration.milliseconds(tryTimeout));
        recursive_error_pages on;
        include problem-pages.conf;
        fastcgi_pass frontEndsAnyway;

        """
    }

    /// Until when a second front end may be asked: a little more than the first one can take.
    private var nextTimeout: String {
        NginxConfiguration.milliseconds(tryTimeout + .milliseconds(900))
    }

    private var told: String { String(NginxConfiguration.milliseconds(toldTimeout).dropLast(2)) }

    var frontEnd: String {
        """
        # What is left of a request's time is nginx's to say, never the client's.
        fastcgi_param HTTP_X_REQUEST_TIMEOUT \(told);
        # A front end that dies, hangs or has lost its back end costs no request: the other one
        # gets it, a buy too, for every buy has a key and no key buys twice.
        fastcgi_next_upstream error timeout http_503 non_idempotent;
        fastcgi_next_upstream_tries 2;
        fastcgi_next_upstream_timeout \(nextTimeout);
        fastcgi_read_timeout \(NginxConfiguration.milliseconds(tryTimeout));
        recursive_error_pages on;
        # Stands before the others: of two pages for one status nginx takes the first.
        error_page 502 = @chance1;
        include problem-pages.conf;
        fastcgi_pass frontEnds;

        """
    }

    var internalListeners: String {
        let timeout = site.configuration.settings.requestTimeout + .seconds(1)
        return site.servers.map { server in
            let bulk = "/(?:update|buys|detour|sales|catalog\\.csv|orders\\.csv)"
            return """
                server {
                    listen \(server.address) default_server backlog=4096;
                    # One server, one try: whoever asks knows what to do next.
                    fastcgi_next_upstream off;
                    fastcgi_read_timeout \(NginxConfiguration.milliseconds(timeout));

                    include problem-pages.conf;
                    include problems.conf;

                    location / {
                        include internal-parameters.conf;
                        fastcgi_pass \(server.id.name);
                    }

                    # What comes in bulk.
                    location ~ "^\(bulk)(?:/|$)" {
                        client_max_body_size \(NginxConfiguration.internalBodyLimit);
                        client_body_buffer_size 1m;
                        fastcgi_max_temp_file_size 0;
                        fastcgi_read_timeout 60s;
                        include internal-parameters.conf;
                        fastcgi_param HTTP_X_HIGHEST_SALE $http_x_highest_sale if_not_empty;
                        fastcgi_pass \(server.id.name);
                    }

                    # What begins only when the whole state has been read: a copy of it, an audit.
                    location ~ "^/(?:sync|audit)(?:/|$)" {
                        fastcgi_max_temp_file_size 0;
                        fastcgi_read_timeout 600s;
                        include internal-parameters.conf;
                        fastcgi_pass \(server.id.name);
                    }
                }

                """
        }.joined(separator: "\n")
    }

    var fastCGI: String {
        """
        fastcgi_keep_conn on;
        # Every parameter is taken apart by the server; it gets only those that it uses.
        fastcgi_pass_request_headers off;
        fastcgi_connect_timeout 1s;
        fastcgi_send_timeout 10s;
        fastcgi_buffer_size 16k;
        fastcgi_buffers 16 16k;
        # What a client takes slowly waits in a file, so that no thread of a server waits for it.
        fastcgi_max_temp_file_size 64m;
        # Answers carry the id that nginx knows the request by.
        fastcgi_hide_header X-Request-ID;
        add_header X-Request-ID $pygmy_request_id always;
        add_header X-Content-Type-Options nosniff always;

        """
    }

    /// What servers say to each other besides.
    var internalParameters: String {
        """
        include parameters.conf;
        fastcgi_param HTTP_X_REQUEST_TIMEOUT $http_x_request_timeout if_not_empty;
        fastcgi_param HTTP_X_FORWARDED_BY $http_x_forwarded_by if_not_empty;

        """
    }

    var parameters: String {
        let optional =
            [
                "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_AUTHORIZATION",
                "HTTP_IDEMPOTENCY_KEY", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH",
            ].map { "fastcgi_param \($0) $\($0.lowercased()) if_not_empty;" } + [
                "fastcgi_param HTTP_TRACEPARENT $pygmy_traceparent if_not_empty;"
            ]
        return """
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param REQUEST_ID $pygmy_request_id;
            \(optional.joined(separator: "\n"))

            """
    }
}
