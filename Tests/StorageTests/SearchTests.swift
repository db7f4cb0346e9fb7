import Bookstore
import Durability
import TestSupport
import Testing

@testable import Storage

@Suite("Searches by words")
struct SearchTests {
    private let temporary = TemporaryFolder()

    private func store(_ titles: [String]) throws -> CatalogStore {
        let directory = try DataDirectory(path: temporary("data"), name: "catalogServer1")
        let store = try CatalogStore(directory, try LogStore(directory))
        try store.importBooks { put in
            for (place, title) in titles.enumerated() {
                var book = book(Int64(place + 1))
                book.title = title
                try put(book)
            }
        }
        return store
    }

    private func numbers(
        _ store: CatalogStore, _ words: [String], offset: Int = 0, limit: Int = 100
    ) throws -> [Int64] {
        try store.search(words: words, offset: offset, limit: limit).map(\.itemNumber)
    }

    @Test("All words must be there, whatever their case, their marks and their order")
    func words() throws {
        let store = try store([
            "RPCs for Dummies", "Why theory classes are so hard", "Über die Täler: RPC & Café",
            "Пособие по теории", "東京 guide",
        ])
        #expect(try numbers(store, ["dummies", "rpcs"]) == [1])
        #expect(try numbers(store, ["uber", "TALER"]) == [3])
        #expect(try numbers(store, ["cafe"]) == [3])
        #expect(try numbers(store, ["теории"]) == [4])
        #expect(try numbers(store, ["東京"]) == [5])
        // The last word may be a beginning, an earlier one not.
        #expect(try Set(numbers(store, ["rpc"])) == [1, 3])
        #expect(try numbers(store, ["rpc", "dummies"]) == [])
        #expect(try numbers(store, ["theo"]) == [2])
    }

    @Test("The best matches come first, equal ones by number, in pages without gap or repeat")
    func ranking() throws {
        var titles = (1...40).map { "Volume \($0) of a long series about cooking and other things" }
        titles.append("Cooking")
        titles.append("Cooking, cooking")
        let store = try store(titles)
        let all = try numbers(store, ["cooking"])
        #expect(Set(all.prefix(2)) == [41, 42])
        #expect(Array(all.dropFirst(2)) == Array(1...40))
        let pages = try stride(from: 0, to: 50, by: 7).flatMap {
            try numbers(store, ["cooking"], offset: $0, limit: 7)
        }
        #expect(pages == all)
    }

    @Test("No word is taken for an operator of the index")
    func operators() throws {
        let store = try store(["AND OR NOT NEAR", "plain"])
        #expect(try numbers(store, ["AND"]) == [1])
        #expect(try numbers(store, ["NOT", "plain"]) == [])
        #expect(try numbers(store, ["NEAR", "OR"]) == [1])
        #expect(try numbers(store, ["\u{0301}"]).count <= 2)
        #expect(try numbers(store, []) == [])
        // As many words as a query can have.
        #expect(try numbers(store, Array(repeating: "plain", count: 125)) == [2])
    }
}
