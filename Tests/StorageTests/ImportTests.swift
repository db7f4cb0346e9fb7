import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Filling a catalog")
struct ImportTests {
    private let temporary = TemporaryFolder()

    private func open(_ name: String = "data") throws -> CatalogStore {
        let directory = try DataDirectory(path: temporary(name), name: "catalogServer1")
        return try CatalogStore(directory, LogStore(directory))
    }

    private struct Interruption: Error {}

    @Test("All books are there after it, and for the next process")
    func whole() throws {
        do {
            let store = try open()
            #expect(try !store.isImported)
            let count = try store.importBooks { put in
                for number in 1...500 as ClosedRange<Int64> { try put(book(number)) }
            }
            #expect(count == 500)
        }
        let store = try open()
        #expect(try store.isImported)
        #expect(try store.audit().books == 500)
        #expect(try store.audit().opening == 1500)
    }

    @Test("One that fails leaves none, says what failed, and can be done again")
    func failed() throws {
        let store = try open()
        #expect(throws: Interruption.self) {
            try store.importBooks { put in
                for number in 1...500 as ClosedRange<Int64> { try put(book(number)) }
                throw Interruption()
            }
        }
        #expect(try !store.isImported)
        #expect(try store.books(limit: 10).isEmpty)
        #expect(try store.importBooks { try $0(book(1)) } == 1)
        #expect(try store.books(limit: 10) == [book(1)])
    }

    @Test("One that the process did not survive leaves none")
    func killed() throws {
        let store = try open()
        try store.importBooks { put in
            // More than the cache holds, so that pages are on the disk before the commit.
            for number in 1...30_000 as ClosedRange<Int64> {
                var book = book(number)
                book.title = String(repeating: "long title ", count: 50)
                try put(book)
            }
            copyDirectory(temporary("data"), to: temporary("copy"))
        }
        #expect(try store.audit().books == 30_000)
        let copy = try open("copy")
        #expect(try !copy.isImported)
        #expect(try copy.books(limit: 10).isEmpty)
    }

    @Test("A catalog that was filled is left as it is, also where it has no books")
    func twice() throws {
        let store = try open()
        #expect(try store.importBooks { _ in } == 0)
        #expect(try store.importBooks { try $0(book(1)) } == nil)
        #expect(try store.books(limit: 10).isEmpty)
    }
}
