internal import ChildProcess
internal import Foundation
internal import Testing

/// What is wrong with `config.json` or `catalog.csv` is said, by every program, before it does
/// anything.
@Suite(.serialized)
struct ConfigurationTests {
    static let programs = ["pygmy up", "frontEndServer", "catalogServer", "orderServer"]

    @Test(.folder(.single), arguments: programs)
    func `A fault of the configuration is exit status 78 and one clear line`(
        _ program: String
    ) throws {
        let store = Cluster.current
        try store.writeConfiguration(["cacheTimout": .number(5)])
        let run = try run(program, in: store)
        #expect(run.status == .exited(78))
        #expect(run.errorLines.count == 1, "\(run.errors)")
        #expect(run.errors.contains("cacheTimout"))
        #expect(run.errors.contains("cacheTimeout"), "the nearest known setting is named")
        #expect(run.errors.contains("config.json"))
        #expect(FileManager.default.fileExists(atPath: store.directory + "/data") == false)
    }

    @Test(.folder(.single), arguments: programs)
    func `A configuration that is not there, or is not JSON, is 78`(_ program: String) throws {
        let store = Cluster.current
        for text in [nil, "", "not json", "[]", "{", #"{"frontEndServer1": "127.0.0.1:1"}"#] {
            if let text {
                try store.write(text, to: "config.json")
            } else {
                try FileManager.default.removeItem(atPath: store.directory + "/config.json")
            }
            let run = try run(program, in: store)
            #expect(run.status == .exited(78), "\(text ?? "none"): \(run.errors)")
            #expect(run.errors.contains("config.json"))
        }
    }

    @Test(.folder(.single)) func `pygmy check says every fault at once, with its key`() throws {
        let store = Cluster.current
        let faulty = """
            {
              "frontEndServer1": "127.0.0.1:70000",
              "catalogServer1": "127.0.0.1:8083",
              "orderServer1": "127.0.0.1:8083",
              "catalogueServer2": "127.0.0.1:8084",
              "settings": {"cacheTimeout": -1, "maximumStock": "many", "restokInterval": 3}
            }
            """
        try store.write(faulty, to: "config.json")
        let run = try store.pygmy("check", "--config", "config.json")
        #expect(run.status == .exited(78))
        let said = run.output + run.errors
        for key in [
            "frontEndServer1", "orderServer1", "catalogueServer2", "cacheTimeout", "maximumStock",
            "restokInterval", "restockInterval", "70000",
        ] {
            #expect(said.contains(key), "\(key) in \(said)")
        }
    }

    @Test(.folder(.single))
    func `pygmy check says what is wrong with files and folders beside what is wrong in the file`()
        throws
    {
        let store = Cluster.current
        try store.writeConfiguration([
            "threads": .number(0), "catalog": .text("nofile.csv"),
            "dataDirectory": .text("/proc/x"), "runDirectory": .text("config.json/run"),
            "heartbeatInterval": .number(5), "leaseDuration": .number(0.1),
            "requestTimeout": .text("long"),
        ])
        let run = try store.pygmy("check", "--config", "config.json")
        #expect(run.status == .exited(78))
        for part in [
            "settings.threads", "settings.leaseDuration: 0.1 s is too short",
            "settings.requestTimeout", "settings.catalog: ", "nofile.csv cannot be read",
            "settings.dataDirectory: \"/proc/x\" cannot be made: /proc ",
            "settings.runDirectory: \"config.json/run\" cannot be ",
        ] {
            #expect(run.errors.contains(part), "\(part) in \(run.errors)")
        }
        // Nothing was made to find out.
        let left = try FileManager.default.contentsOfDirectory(atPath: store.directory)
        #expect(!left.contains("data") && !left.contains("log"), "\(left)")
    }

    @Test(.folder(.pair)) func `pygmy check of a sound file is 0`() throws {
        let run = try Cluster.current.pygmy("check", "--config", "config.json")
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(run.errors == "")
    }

    @Test(.folder(.pair), arguments: ["frontEndServer", "catalogServer", "orderServer"])
    func `A server that the file does not name, or that must be named, is refused`(
        _ program: String
    ) throws {
        let store = Cluster.current
        let unknown = try Command.run(
            Programs.path(program), ["\(program)5", "--config", "config.json"],
            environment: store.environment, directory: store.directory)
        #expect(unknown.status == .exited(78), "\(unknown.errors)")
        #expect(unknown.errors.contains("\(program)5"))
        let unnamed = try Command.run(
            Programs.path(program), ["--config", "config.json"], environment: store.environment,
            directory: store.directory)
        #expect(unnamed.status == .exited(78), "\(unnamed.errors)")
        #expect(unnamed.errors.contains("\(program)1"))
        #expect(unnamed.errors.contains("\(program)2"))
    }

    @Test(.folder(.single))
    func `A bad catalog is refused as a whole, with the place of every fault`()
        throws
    {
        let store = Cluster.current
        let bad = """
            ItemNumber,Title,Topic,Cost,Stock
            1,Fine,Topic,10,46
            two,Not a number,Topic,10,46
            3,Negative,Topic,-10,46
            1,Twice,Topic,10,46
            5,Too few fields,Topic

            """
        try store.write(bad, to: "catalog.csv")
        let run = try Command.run(
            Programs.path("catalogServer"), ["catalogServer1", "--config", "config.json"],
            environment: store.environment, directory: store.directory)
        #expect(run.status == .exited(78), "\(run.errors)")
        #expect(run.errors.contains("catalog.csv"))
        for line in 3...6 { #expect(run.errors.contains("line \(line), column"), "\(run.errors)") }
        #expect(run.errors.contains("line 2") == false)

        // Nothing was taken of it: mended, the file is loaded as if it had never been wrong.
        try store.write(ClusterPlan.catalog(stock: 3), to: "catalog.csv")
        try store.start()
        #expect(try store.stock(of: 7) == 3)
        let books = try CSVTable(try store.administer("GET", "/catalog.csv").text)
        #expect(books.rows.count == 7)
    }

    @Test(.folder(.single)) func `A catalog that is not there is said`() throws {
        let store = Cluster.current
        try FileManager.default.removeItem(atPath: store.directory + "/catalog.csv")
        let run = try Command.run(
            Programs.path("catalogServer"), ["catalogServer1", "--config", "config.json"],
            environment: store.environment, directory: store.directory)
        #expect(run.status == .exited(78), "\(run.errors)")
        #expect(run.errors.contains("catalog.csv"))
    }

    @Test(.cluster(.single)) func `A data directory in use is refused with 75`() throws {
        let store = Cluster.current
        let run = try Command.run(
            Programs.path("catalogServer"), ["catalogServer1", "--config", "config.json"],
            environment: store.environment, directory: store.directory)
        #expect(run.status == .exited(75), "\(run.errors)")
        // The one that runs has lost neither its socket nor its pid file.
        #expect(store.pid(of: "catalogServer1") != nil)
        #expect(try store.request("GET", "/lookup/1", server: "catalogServer1").status == 200)
        #expect(try store.buy(1).status == 201)
    }

    private func run(_ program: String, in store: Cluster) throws -> CommandResult {
        let words = program.split(separator: " ").map(String.init)
        return try Command.run(
            Programs.path(words[0]), words.dropFirst() + ["--config", "config.json"],
            environment: store.environment, directory: store.directory)
    }
}
