import API
import TestSupport
import Testing

/// All records of a text and what was reported.
private func read(_ text: String) throws -> (records: [[String]], faults: [String]) {
    try read(Array(text.utf8))
}

private func read(_ bytes: [UInt8]) throws -> (records: [[String]], faults: [String]) {
    var reader = CSVReader(bytes)
    var records: [[String]] = []
    while try reader.next() {
        records.append((0..<reader.record.count).map { reader.record.text($0) })
    }
    return (records, reader.faults.faults.map(\.description))
}

@Suite struct `CSV that is read` {
    @Test(arguments: [
        ("", []), ("\n\r\n\n", []), ("a", [["a"]]), ("a\n", [["a"]]),
        ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,\n", [["a", ""]]), (",", [["", ""]]), ("\"\"\n", [[""]]), ("\"\"", [[""]]),
        ("\"a,b\",\"c\"\"d\",\"e\nf\"", [["a,b", "c\"d", "e\nf"]]),
        ("\"a\r\n\"\r\n\n\nb\n", [["a\r\n"], ["b"]]), ("\u{feff}a\n", [["a"]]),
        ("日本,é\n", [["日本", "é"]]), (" a , b ", [[" a ", " b "]]), ("a\r\n", [["a"]]),
        ("a\r", [["a"]]),
    ])
    func `Records are what RFC 4180 says`(_ text: String, _ records: [[String]]) throws {
        let result = try read(text)
        #expect(result.records == records)
        #expect(result.faults == [])
    }

    @Test(arguments: [
        (
            "a,b\nc,\"d\n",
            "line 2, column 3: the quoted field that begins here has no closing quote"
        ),
        ("é,\"a\"b\n", "line 1, column 6: something follows the closing quote"),
        ("ab\"c\n", "line 1, column 3: a quote stands inside a field"),
        ("a\rb\n", "line 1, column 2: a carriage return stands without a line feed"),
        ("\"a\nb\",\"c\" \n", "line 2, column 7: something follows"),
    ])
    func `What breaks the rules is said with its place`(_ text: String, _ fault: String) throws {
        let faults = try read(text).faults
        #expect(faults.count == 1 && faults[0].hasPrefix(fault), "\(faults)")
    }

    @Test func `Bytes that are not UTF-8 are said with the place of their field`() throws {
        let faults = try read([0x61, 0x2c, 0xff, 0x0a]).faults
        #expect(faults == ["line 1, column 3: the field is not UTF-8"])
    }

    @Test func `Faults are counted beyond those that are kept`() throws {
        var reader = CSVReader(Array(String(repeating: "a\"\n", count: 250).utf8))
        while try reader.next() {}
        #expect(reader.faults.faults.count == 100)
        #expect(reader.faults.omitted == 150)
        #expect(reader.faults.lines(path: "x.csv").last == "x.csv: and 150 more")
    }

    @Test func `A quote that is never closed does not fill the memory`() throws {
        var remaining = 20_000_000
        var reader = CSVReader { buffer throws(FileFault) in
            let count = min(buffer.count, remaining)
            for index in 0..<count { buffer[index] = UInt8(ascii: "x") }
            if remaining == 20_000_000 { buffer[0] = UInt8(ascii: "\"") }
            remaining -= count
            return count
        }
        #expect(try reader.next())
        #expect(reader.record[0].count <= CSVReader.maximumRecord + 1)
        #expect(reader.faults.faults.count == 2)
    }

    /// Chunks of a byte each meet every state of the reader at a border.
    @Test(arguments: ["a,\"b\"\"c\"\r\n\r\n日本,x\n", "\u{feff}\"q\"\n"])
    func `Where the chunks end makes no difference`(_ text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try read(bytes)
        for size in 3...7 {
            var position = 0
            var reader = CSVReader { buffer throws(FileFault) in
                let count = min(size, bytes.count - position)
                buffer.copyBytes(from: bytes[position..<position + count])
                position += count
                return count
            }
            var records: [[String]] = []
            while try reader.next() {
                records.append((0..<reader.record.count).map { reader.record.text($0) })
            }
            #expect(records == whole.records)
            #expect(reader.faults.isEmpty)
        }
    }

    @Test func `What is written comes back as it was, whatever it is`() throws {
        var generator = Lottery(seed: 42)
        let alphabet: [String] = ["a", "\"", ",", "\n", "\r\n", "é", "日", "👩‍👧", " ", "\t", ""]
        for _ in 0..<300 {
            let records = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (0..<3).map { _ in
                    (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                        alphabet.randomElement(using: &generator) ?? ""
                    }.joined()
                }
            }
            var text = CSVText()
            for record in records {
                for field in record { text.field(field) }
                text.endLine()
            }
            let result = try read(text.bytes)
            #expect(result.faults == [])
            #expect(
                result.records.map { $0.map { Array($0.utf8) } }
                    == records.map { $0.map { Array($0.utf8) } })
        }
    }
}

@Suite struct `The catalog as CSV` {
    private func rows(_ text: String) throws -> [CatalogCSV.Row] {
        var reader = CSVReader(Array(text.utf8))
        var rows: [CatalogCSV.Row] = []
        try CatalogCSV.read(&reader) { rows.append($0) }
        return rows
    }

    private func faults(_ text: String) -> [String] {
        let error = #expect(throws: CSVFaults.self) { try rows(text) }
        return error?.faults.map(\.description) ?? []
    }

    @Test func `A file is read and written`() throws {
        let text = #"""
            ItemNumber,Title,Topic,Cost,Stock
            1,How to get a good grade in 677 in 20 minutes a day,DistributedSystems,10.00,46
            2,"Commas, and ""quotes""",Misc,0.05,0

            """#
        let rows = try rows(text)
        #expect(rows.map(\.itemNumber) == [1, 2])
        #expect(
            rows[1].fields
                == BookFields(title: "Commas, and \"quotes\"", topic: "Misc", cents: 5, stock: 0))
        var written = CSVText()
        for row in rows { CatalogCSV.append(row, to: &written) }
        #expect("\(CatalogCSV.header)\n" + String(decoding: written.bytes, as: UTF8.self) == text)
    }

    @Test func `Every fault of the file is said, with its line and column`() {
        let found = faults(
            """
            ItemNumber,Title,Topic,Cost,Stock
            0,A,T,1,1
            x,,T,-1,1.5
            3,A,T,1
            4,A,T,1,1
            4,B,"T
            U",1,1
            5,A,T,1,2,3
            """)
        #expect(
            found == [
                "line 2, column 1: ItemNumber \"0\" must be a whole number from 1 to "
                    + "9007199254740991",
                "line 3, column 1: ItemNumber \"x\" must be a whole number from 1 to "
                    + "9007199254740991",
                "line 3, column 3: Title must not be empty",
                "line 3, column 6: Cost \"-1\" must be a number from 0 to 10000000 with at most "
                    + "two decimals",
                "line 3, column 9: Stock \"1.5\" must be a whole number from 0 to 1000000000",
                "line 4, column 1: the line has 4 fields, it must have 5: \(CatalogCSV.header)",
                "line 6, column 5: Topic has a control character",
                "line 6, column 1: ItemNumber 4 stands on an earlier line already",
                "line 8, column 1: the line has 6 fields, it must have 5: \(CatalogCSV.header)",
            ])
    }

    @Test(arguments: ["", "\n", "Title\n1", "ItemNumber,Title,Topic,Cost\n"])
    func `Without its header it is refused`(_ text: String) {
        #expect(faults(text).first?.contains("first line must be") == true)
    }

    @Test func `After a fault no more books are handed over`() {
        var reader = CSVReader(
            Array("\(CatalogCSV.header)\n1,A,T,1,1\nx,A,T,1,1\n2,A,T,1,1\n".utf8))
        var count = 0
        #expect(throws: CSVFaults.self) { try CatalogCSV.read(&reader) { _ in count += 1 } }
        #expect(count == 1)
    }

    @Test func `Reading a file tells how much of it is done`() throws {
        let path = "\(checkout)/catalog.csv"
        var told: [(done: Int, total: Int)] = []
        var count = 0
        try CatalogCSV.read(path: path, progress: { told.append(($0, $1)) }) { _ in count += 1 }
        #expect(count == 7)
        let last = try #require(told.last)
        #expect(last.total > 300)
        #expect(last.done == last.total)
        #expect(told.allSatisfy { $0.total == last.total })
    }

    @Test func `A file that is not there is a fault of the system's`() {
        #expect(throws: FileFault.self) { try CatalogCSV.read(path: "/nonexistent") { _ in } }
    }
}

@Suite struct `Orders as CSV` {
    @Test func `A line has the columns of the header`() {
        var text = CSVText()
        OrdersCSV.append(
            orderNumber: 17, itemNumber: 1, title: "A, B", topic: "T", cents: 1000,
            milliseconds: 1_795_386_005_123, idempotencyKey: "k,1".utf8, to: &text)
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == "17,1,\"A, B\",T,10.00,2026-11-22T22:20:05.123Z,\"k,1\"\n")
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ])
    func `Times are ISO 8601 in UTC`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp.text(milliseconds: milliseconds) == text)
    }
}
