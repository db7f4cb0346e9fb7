import MonotonicTime
import Testing

@testable import Catalog

@Suite("An import that takes a while")
struct ImportProgressTests {
    @Test("It says how far it is, how fast, and how long it will take")
    func progress() {
        #expect(
            CatalogImport.progress(of: 25, 100, books: 120_000, after: .seconds(2))
                == "importing: 120000 books, 25 % of the file, 60000 books a second, about 6 s left"
        )
        #expect(
            CatalogImport.progress(of: 999, 1000, books: 9, after: .seconds(3))
                == "importing: 9 books, 99 % of the file, 3 books a second, about 1 s left")
        // A file that grows while it is read.
        #expect(
            CatalogImport.progress(of: 110, 100, books: 9, after: .seconds(3))
                == "importing: 9 books, 110 % of the file, 3 books a second, about 0 s left")
    }
}
