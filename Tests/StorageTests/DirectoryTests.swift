import Durability
import Glibc
import TestSupport
import Testing

@Suite("Data directory and acceptor store")
struct DirectoryTests {
    private let temporary = TemporaryFolder()
    private var data: String { temporary("a/b/data") }

    private func open(_ name: String = "catalogServer1") throws -> DataDirectory {
        try DataDirectory(path: data, name: name)
    }

    @Test("An identity stays the same for as long as the directory does")
    func identity() throws {
        let first = try open().identity
        #expect(first.count == 16)
        #expect(try open().identity == first)
        run("/bin/rm", "-rf", data)
        #expect(try open().identity != first)
    }

    @Test("A directory in use is refused, and free again when its user is gone")
    func locked() throws {
        do {
            let first = try open()
            #expect(throws: StorageError.inUse(directory: data)) { _ = try open() }
            withExtendedLifetime(first) {}
        }
        _ = try open()
    }

    @Test("A directory of another server is refused, and its name is said")
    func foreign() throws {
        _ = try open()
        let error = #expect(throws: StorageError.self) { _ = try open("catalogServer2") }
        guard case .foreign(data, let reason) = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(reason.contains("belongs to catalogServer1"))
    }

    @Test("A directory remembers which catalog it was made for")
    func catalog() throws {
        do {
            let directory = try open()
            #expect(directory.catalog == "")
            try directory.dedicate(to: "digest catalog.csv")
            #expect(directory.catalog == "digest catalog.csv")
        }
        #expect(try open().catalog == "digest catalog.csv")
    }

    @Test(
        "An identity file that is missing, cut or changed is damage, not a new directory",
        arguments: [nil, "", "format 1\n", "changed"] as [String?])
    func damagedIdentity(content: String?) throws {
        do {
            let directory = try open()
            try directory.add("log.db")
            try overwrite("\(data)/log.db", [1])
        }
        let file = "\(data)/identity"
        switch content {
        case nil: try Files.remove(file)
        case "changed":
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            let changed = text.replacing("catalogServer1", with: "catalogServer2")
            try overwrite(file, Array(changed.utf8))
        case let content?: try overwrite(file, Array(content.utf8))
        }
        let error = #expect(throws: StorageError.self) { _ = try open() }
        guard case .damaged(file, _) = error else {
            Issue.record("\(error as Any)")
            return
        }
    }

    @Test("Files of a directory are for its owner alone")
    func permissions() throws {
        let directory = try open()
        try AcceptorStore(directory).persist([1], as: "catalog")
        for name in try names(in: data) {
            var status = stat()
            #expect(stat("\(data)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o077 == 0, "\(name)")
        }
    }

    @Test("An acceptor's value is what was last made durable, also for the next process")
    func acceptor() throws {
        do {
            let store = AcceptorStore(try open())
            #expect(try store.value(of: "catalog") == nil)
            try store.persist([1, 2, 3], as: "catalog")
            try store.persist([], as: "order")
            try store.persist([4], as: "catalog")
        }
        let store = AcceptorStore(try open())
        #expect(try store.value(of: "catalog") == [4])
        #expect(try store.value(of: "order") == [])
        #expect(try store.value(of: "third") == nil)
    }

    @Test("A write of an acceptor that a crash cut short leaves the value from before")
    func acceptorCrash() throws {
        let store = AcceptorStore(try open())
        try store.persist([1, 2, 3], as: "catalog")
        try overwrite("\(data)/acceptor-catalog.new", [9, 9])
        #expect(try store.value(of: "catalog") == [1, 2, 3])
        try store.persist([4], as: "catalog")
        #expect(try store.value(of: "catalog") == [4])
    }

    @Test(
        "A promise that is missing or changed is damage: an acceptor never forgets in silence",
        arguments: [nil, [], [1, 2, 3], [7, 7, 7, 7, 7, 7, 7, 7, 7]] as [[UInt8]?])
    func damagedAcceptor(content: [UInt8]?) throws {
        let store = AcceptorStore(try open())
        try store.persist([1, 2, 3], as: "catalog")
        let file = "\(data)/acceptor-catalog"
        if let content { try overwrite(file, content) } else { try Files.remove(file) }
        let error = #expect(throws: StorageError.self) { _ = try store.value(of: "catalog") }
        guard case .damaged(file, _) = error else {
            Issue.record("\(error as Any)")
            return
        }
    }
}
