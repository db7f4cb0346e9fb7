import API

/// The process as a whole, its logs, its limits.
extension NginxConfiguration {
    var main: String {
        let settings = site.configuration.settings
        let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map { kind in
            let folder = "\(settings.runDirectory)/nginx-\(kind.replacing("_", with: "-"))"
            return "    \(kind)_temp_path \(path(folder));"
        }.joined(separator: "\n")
        let user =
            runsAsRoot
            ? """
            # Workers must reach the sockets in whatever folder the store runs, be it closed to
            # other users. An ordinary user's nginx ignores this line and says so.
            user root;

            """ : ""
        return """
            \(user)worker_processes auto;
            # Two for each request, and the system's own limit is often 1024.
            worker_rlimit_nofile 16384;
            pcre_jit on;
            pid \(path("\(settings.runDirectory)/nginx.pid"));
            error_log \(path("\(settings.logDirectory)/nginx.log")) warn;

            events {
                worker_connections 8192;
            }

            http {
                # Of its own, so that it runs as any user; proxy, scgi and uwsgi are not used, but
                # nginx makes their folders all the same.
            \(temporary)

                server_tokens off;
                default_type application/octet-stream;
                sendfile on;
                tcp_nopush on;
                absolute_redirect off;
                # Paths reach the servers as they were sent, so they are matched as they were sent.
                merge_slashes off;

                include identifiers.conf;

                include log.conf;

                include limits.conf;

                include fastcgi.conf;

                include upstreams.conf;

            \(site.receivesClients ? "    include public.conf;\n\n" : "")    include internal.conf;
            }

            """
    }

    var identifiers: String {
        """
        # A caller's place in a trace (W3C Trace Context, version 00), which every server carries
        # on.
        map $http_traceparent $pygmy_traceparent {
            "~^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$" $http_traceparent;
            default "";
        }

        # A new id. Of a lookup it need not be random, only no other request's of this nginx:
        # nothing else that nginx does for one is as dear as random bytes.
        map $request_uri $pygmy_new_id {
            "~^/lookup/" "$msec-$pid-$connection-$connection_requests";
            default $request_id;
        }

        # A request without an id of its own has its trace's.
        map $pygmy_traceparent $pygmy_trace_id {
            "~^00-(?<pygmy_trace>[0-9a-f]{32})-" $pygmy_trace;
            default $pygmy_new_id;
        }

        # The id of a request: the caller's, where it is one that may stand in logs and headers.
        map $http_x_request_id $pygmy_request_id {
            "~^[A-Za-z0-9._-]{1,64}$" $http_x_request_id;
            default $pygmy_trace_id;
        }

        # What a page from elsewhere may read (CORS): what anybody may read, by the path as sent.
        map $request_uri $pygmy_cors_origin {
            "~^/(?:lookup|orders)/[^/?]" "*";
            "~^/search(?:[/?]|$)" "*";
            "~^/(?:topics|status|health|openapi\\.json)/?(?:\\?|$)" "*";
            default "";
        }

        # The headers that such a page may see besides those that any page may.
        map $pygmy_cors_origin $pygmy_cors_headers {
            "*" "\(NginxConfiguration.corsHeaders)";
            default "";
        }

        # The routes for clients, by the path as it was sent: the servers see that path, so one that
        # nginx would make another of (/update/../lookup/1) must not pass for a public one.
        map $request_uri $pygmy_is_public {
            "~^/(?:search|lookup|buy|orders|restock|items)(?:[/?]|$)" 1;
            "~^/(?:topics|status|health|livez|readyz|catalog\\.csv|orders\\.csv)/?(?:\\?|$)" 1;
            default 0;
        }

        # The key that a buy without one of its own has: a client that got no answer can use it.
        map $http_idempotency_key $pygmy_default_key {
            "" $request_id;
            default "";
        }

        """
    }

    var log: String {
        """
        log_format pygmy '$time_iso8601 $remote_addr "$request" $status $body_bytes_sent '
                         '${request_time}s id=$pygmy_request_id port=$server_port '
                         'upstream=$upstream_addr upstream_status=$upstream_status '
                         'upstream_time=$upstream_response_time trace=$pygmy_traceparent';

        # What servers tell each other several times a second would bury everything else.
        map $request_uri $pygmy_is_logged {
            "~^/(?:heartbeat|update|register)(?:[/?]|$)" 0;
            default 1;
        }

        \(accessLog) if=$pygmy_is_logged;

        """
    }

    /// Written in blocks, at least every second, and when nginx ends.
    var accessLog: String {
        let file = path("\(site.configuration.settings.logDirectory)/nginx-access.log")
        return "access_log \(file) pygmy buffer=64k flush=1s"
    }

    var limits: String {
        """
        # A request line or header of more than 8 KiB is refused, and more than 32 KiB of them all.
        client_header_buffer_size 2k;
        large_client_header_buffers 4 8k;
        client_max_body_size \(NginxConfiguration.publicBodyLimit);
        client_body_buffer_size 64k;

        client_header_timeout 10s;
        client_body_timeout 10s;
        send_timeout 30s;
        keepalive_timeout 65s;
        keepalive_requests 100000;

        # Past so many requests at once a listener answers 503 at once; up to there they queue.
        limit_conn_zone $server_port zone=pygmy_listeners:1m;
        limit_conn_status 503;
        limit_conn_log_level warn;

        """
    }

    /// Bytes of a client's body.
    static let publicBodyLimit = 64 * 1024
    /// Bytes of what servers send each other in bulk.
    static let internalBodyLimit = 64 * 1024 * 1024
    /// Bytes of one header or of the request line, as `large_client_header_buffers` says.
    static let headerLimit = 8 * 1024
}
