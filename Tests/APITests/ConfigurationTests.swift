import API
import Testing

/// The map alone, to which tests add what they are about.
private func document(_ settings: String = "", servers: String? = nil) -> [UInt8] {
    let servers =
        servers
            ?? """
            "frontEndServer1": "127.0.0.1:8081", "catalogServer1": "127.0.0.1:8083",
            "orderServer1": "127.0.0.1:8085"
            """
    return Array("{\n\(servers)\(settings.isEmpty ? "" : ",\n\"settings\": {\(settings)}")\n}".utf8)
}

private func parse(_ bytes: [UInt8]) throws -> Configuration {
    try Configuration.parse(bytes, folder: "/store")
}

/// The faults of a document, as a person reads them.
private func faults(_ bytes: [UInt8]) -> [String] {
    do throws(ConfigurationError) {
        _ = try Configuration.parse(bytes, folder: "/store")
        return []
    } catch {
        return error.faults.map(\.description)
    }
}

@Suite struct `A configuration` {
    @Test func `The map alone is enough`() throws {
        let configuration = try parse(document())
        #expect(configuration.settings == Configuration.Settings())
        #expect(configuration.settings.listen.description == "127.0.0.1:8080")
        #expect(configuration.settings.cacheTimeout == .seconds(100))
        #expect(configuration.settings.cacheThreshold == 10_000)
        #expect(configuration.settings.maximumStock == 50)
        #expect(configuration.settings.logRetention == 100_000)
        #expect(configuration.settings.restockInterval == .seconds(10))
        #expect(configuration.settings.heartbeatInterval == .milliseconds(200))
        #expect(configuration.settings.leaseDuration == .milliseconds(800))
        #expect(configuration.settings.requestTimeout == .seconds(8))
    }

    @Test func `The original system's names are read`() throws {
        let configuration = try parse(
            document(
                servers: """
                    "FrontEndServer": "10.0.0.1:5000", "CatalogServer1": "10.0.0.2:5001",
                    "CatalogServer2": "10.0.0.3:5001", "OrderServer1": "10.0.0.4:5002",
                    "OrderServer2": "10.0.0.5:5002"
                    """))
        #expect(
            configuration.servers.map(\.id.name) == [
                "frontEndServer1", "catalogServer1", "catalogServer2", "orderServer1",
                "orderServer2",
            ])
        #expect(configuration[ServerID(.order, 2)]?.address.description == "10.0.0.5:5002")
    }

    @Test func `Every setting is read`() throws {
        let settings = try parse(
            document(
                """
                "listen": "[::]:80", "dataDirectory": "/d", "runDirectory": "r",
                "logDirectory": "l", "catalog": "c.csv", "cacheTimeout": 1.5, "cacheThreshold": 7,
                "maximumStock": 9, "restockInterval": 0.5, "heartbeatInterval": 1, "logRetention": 500,
                "leaseDuration": 2.5, "requestTimeout": 30, "threads": 2
                """)
        ).settings
        #expect(settings.listen == Address(host: "::", port: 80))
        #expect(settings.dataDirectory == "/d")
        #expect(settings.runDirectory == "r")
        #expect(settings.logDirectory == "l")
        #expect(settings.catalog == "c.csv")
        #expect(settings.cacheTimeout == .milliseconds(1500))
        #expect(settings.cacheThreshold == 7)
        #expect(settings.maximumStock == 9)
        #expect(settings.logRetention == 500)
        #expect(settings.restockInterval == .milliseconds(500))
        #expect(settings.heartbeatInterval == .seconds(1))
        #expect(settings.leaseDuration == .milliseconds(2500))
        #expect(settings.requestTimeout == .seconds(30))
        #expect(settings.threads == 2)
    }

    @Test func `Paths are meant from the file's folder`() throws {
        let configuration = try parse(document("\"dataDirectory\": \"/data\""))
        let id = ServerID(.catalog, 1)
        #expect(configuration.dataDirectory(of: id) == "/data/catalogServer1")
        #expect(configuration.socketPath(of: id) == "run/catalogServer1.sock")
        #expect(configuration.absoluteSocketPath(of: id) == "/store/run/catalogServer1.sock")
        #expect(configuration.pidFile(of: id) == "/store/run/catalogServer1.pid")
        #expect(configuration.logFile(of: id) == "/store/log/catalogServer1.log")
        #expect(configuration.catalogFile == "/store/catalog.csv")
        #expect(configuration.clusterSecretFile == "/store/run/cluster.secret")
        #expect(configuration.adminTokenFile == "/store/run/admin.token")
    }

    @Test func `All faults are said at once, each with its key and line`() {
        let found = faults(
            Array(
                """
                {
                  "frontEndServer1": "127.0.0.1:99999",
                  "catalogServer1": "127.0.0.1:8083",
                  "catalogServer1": "127.0.0.1:8084",
                  "catlogServer2": "127.0.0.1:8085",
                  "settings": {
                    "thread": 4,
                    "threads": 0,
                    "cacheTimeout": "100 s",
                    "threads": 4
                  }
                }
                """.utf8))
        let beginnings = [
            "orderServer: there is none", "frontEndServer1 (line 2): \"127.0.0.1:99999\" port",
            "catalogServer1 (line 4): catalogServer1 stands here a second time",
            "catlogServer2 (line 5): is no server and no setting; did you mean \"catalogServer2\"",
            "settings.thread (line 7): there is no such setting; did you mean \"threads\"",
            "settings.threads (line 8): 0 is not allowed, it must be a whole number from 1 to 256",
            "settings.cacheTimeout (line 9): \"100 s\" is not allowed",
            "settings.threads (line 10): stands here a second time",
        ]
        #expect(found.count == beginnings.count)
        for (fault, beginning) in zip(found, beginnings) {
            #expect(fault.hasPrefix(beginning), "\(fault)")
        }
    }

    @Test(arguments: [
        ("", "is not JSON: line 1, column 1"), ("{", "is not JSON: line 1, column 2"),
        ("{\n  \"a\": 1,\n}", "line 3, column 1: a comma stands before }"),
        ("[]", "must be an object"), ("{} x", "something follows"),
    ])
    func `What is not JSON is said with its place`(_ text: String, _ fault: String) {
        #expect(faults(Array(text.utf8)).first?.contains(fault) == true)
    }

    @Test(arguments: [
        ("\"heartbeatInterval\": 0.4", "settings.leaseDuration"),
        ("\"leaseDuration\": 5", "settings.requestTimeout"),
        ("\"leaseDuration\": 0", "settings.leaseDuration"),
        ("\"cacheTimeout\": -1", "settings.cacheTimeout"),
        ("\"cacheThreshold\": 1.5", "settings.cacheThreshold"),
        ("\"maximumStock\": 0", "settings.maximumStock"),
        ("\"listen\": \"127.0.0.1:8083\"", "settings.listen"),
        ("\"listen\": \"0.0.0.0:8083\"", "settings.listen"),
        ("\"listen\": 8080", "settings.listen"), ("\"catalog\": \"\"", "settings.catalog"),
        ("\"requestTimeout\": 1e99", "settings.requestTimeout"),
        ("\"dataDirectory\": \"a\\u0000b\"", "settings.dataDirectory"),
    ])
    func `A setting out of its range is a fault at its key`(_ setting: String, _ key: String) {
        let found = faults(document(setting))
        #expect(found.count == 1 && found[0].hasPrefix(key), "\(found)")
    }

    @Test func `A time that is no number does not hide that two others do not fit`() {
        let found = faults(
            document("\"heartbeatInterval\": 5, \"leaseDuration\": 0.1, \"requestTimeout\": null"))
        #expect(found.count == 2, "\(found)")
        #expect(found.contains { $0.hasPrefix("settings.leaseDuration: 0.1 s is too short") })
        #expect(found.contains { $0.contains("null is not allowed") })
    }

    @Test func `A setting outside of settings is said to belong there`() {
        let found = faults(
            document(
                servers: """
                    "frontEndServer1": "127.0.0.1:8081", "catalogServer1": "127.0.0.1:8083",
                    "orderServer1": "127.0.0.1:8085", "listen": "127.0.0.1:8080"
                    """))
        #expect(found.count == 1 && found[0].contains("belongs inside"), "\(found)")
    }

    @Test func `Two servers need two addresses that others can reach`() {
        let found = faults(
            document(
                servers: """
                    "frontEndServer1": "127.0.0.1:8081", "catalogServer1": "localhost:8081",
                    "orderServer1": "0.0.0.0:8085"
                    """))
        #expect(found.count == 2)
        #expect(found.first?.contains("is the address of frontEndServer1 already") == true)
        #expect(found.last?.contains("stands for any address") == true)
    }

    @Test func `One to five servers of a kind are allowed, with gaps`() throws {
        func servers(_ numbers: [Int]) -> [UInt8] {
            let list = numbers.map { "\"frontEndServer\($0)\": \"127.0.0.1:90\($0 + 10)\"" }
            return document(
                servers: (list + [
                    "\"catalogServer1\": \"127.0.0.1:8083\"",
                    "\"orderServer1\": \"127.0.0.1:8085\"",
                ]).joined(separator: ","))
        }
        #expect(try parse(servers([2, 5, 7, 30, 89])).servers(of: .frontEnd).count == 5)
        #expect(faults(servers([1, 2, 3, 4, 5, 6])).first?.contains("there are 6") == true)
    }

    @Test func `A file that is not there is said in the system's words`() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(path: "/nonexistent/config.json")
        }
        #expect(error?.description.contains("No such file or directory") == true)
    }
}
