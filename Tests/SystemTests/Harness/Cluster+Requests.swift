internal import Foundation

extension Cluster {
    /// A request on a connection of its own: to the public port, or to a server's own address.
    func request(
        _ method: String, _ target: String, server: String? = nil,
        headers: [String: String] = [:], body: String? = nil
    ) throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: port(of: server))
        return try connection.request(
            method, target, headers: headers, body: body.map { Array($0.utf8) })
    }

    func get(_ target: String, headers: [String: String] = [:]) throws -> HTTPAnswer {
        try request("GET", target, headers: headers)
    }

    func buy(
        _ item: Int, quantity: Int? = nil, key: String? = nil, server: String? = nil
    ) throws -> HTTPAnswer {
        var headers: [String: String] = [:]
        if let key { headers["Idempotency-Key"] = key }
        let query = quantity.map { "?quantity=\($0)" } ?? ""
        return try request("POST", "/buy/\(item)\(query)", server: server, headers: headers)
    }

    /// A request with the administrator's token.
    func administer(
        _ method: String, _ target: String, headers: [String: String] = [:],
        body: String? = nil, contentType: String? = nil
    ) throws -> HTTPAnswer {
        var headers = headers
        headers["Authorization"] = "Bearer \(adminToken)"
        if let contentType { headers["Content-Type"] = contentType }
        return try request(method, target, headers: headers, body: body)
    }

    /// A request with the secret that servers share, to a server's own address.
    func asServer(_ method: String, _ target: String, to server: String) throws -> HTTPAnswer {
        try request(
            method, target, server: server, headers: ["Authorization": "Bearer \(clusterSecret)"])
    }

    /// The public port, or that of a server's own address.
    func port(of server: String?) -> Int {
        guard let server else { return port }
        guard let port = serverPorts[server] else { preconditionFailure("no server \(server)") }
        return port
    }

    /// The stock that a lookup gives, through the public port or a front end's own address.
    func stock(of item: Int, server: String? = nil) throws -> Int {
        let answer = try request("GET", "/lookup/\(item)", server: server)
        guard answer.status == 200, let stock = answer.json["stock"] as? Int else {
            throw HarnessError("no stock of \(item): \(answer.status) \(answer.text)")
        }
        return stock
    }

    /// Runs `pygmy` in the cluster's folder.
    func pygmy(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            Programs.path("pygmy"), arguments, environment: environment, directory: directory)
    }

    /// Runs `client` in the cluster's folder.
    func client(_ arguments: String..., input: String? = nil) throws -> CommandResult {
        try Command.run(
            Programs.path("client"), arguments, environment: environment, directory: directory,
            input: input)
    }
}
