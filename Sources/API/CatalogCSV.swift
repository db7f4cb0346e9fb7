import Glibc

/// `catalog.csv`: the books that an empty catalog begins with, and what the administrator exports.
public enum CatalogCSV {
    /// The first line, without its end.
    public static let header = "ItemNumber,Title,Topic,Cost,Stock"
    private static let columns = header.split(separator: ",").map(String.init)

    /// One book.
    public struct Row: Sendable, Equatable {
        /// The book's number.
        public let itemNumber: Int64
        /// Everything else of it.
        public let fields: BookFields

        /// A book.
        public init(itemNumber: Int64, fields: BookFields) {
            self.itemNumber = itemNumber
            self.fields = fields
        }
    }

    /// Adds a book's line to a text.
    public static func append(_ row: Row, to text: inout CSVText) {
        text.field(row.itemNumber)
        text.field(row.fields.title)
        text.field(row.fields.topic)
        text.field(cents: row.fields.cents)
        text.field(row.fields.stock)
        text.endLine()
    }

    /// Reads a file and hands over each book in order. Every fault of the whole file is thrown at
    /// the end as `CSVFaults`: the caller stores the books in a transaction and takes it back. Two
    /// lines with one number are a fault. Throws what `body` throws, and `FileFault`.
    /// - Parameter progress: told again and again how many bytes were read, and of how many.
    public static func read(
        path: String, progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in },
        _ body: (Row) throws -> Void
    ) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault.last }
        defer { close(descriptor) }
        var status = stat()
        let total = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        var done = 0
        var reader = CSVReader { buffer throws(FileFault) in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .last }
                done += count
                progress(done, total)
                return count
            }
        }
        try read(&reader, body)
    }

    /// Reads from any stream; see `read(path:_:)`.
    public static func read(_ reader: inout CSVReader, _ body: (Row) throws -> Void) throws {
        guard try readHeader(&reader) else { throw reader.faults }
        var seen = Set<Int64>()
        while try reader.next() {
            guard let row = row(&reader) else { continue }
            guard seen.insert(row.itemNumber).inserted else {
                reader.report(
                    "ItemNumber \(row.itemNumber) stands on an earlier line already",
                    at: reader.record.position(of: 0))
                continue
            }
            // Once the file is known to be bad there is no use in storing the rest of it.
            if reader.faults.isEmpty { try body(row) }
        }
        guard reader.faults.isEmpty else { throw reader.faults }
    }

    private static func readHeader(_ reader: inout CSVReader) throws(FileFault) -> Bool {
        let start = CSVPosition(line: 1, column: 1)
        guard try reader.next() else {
            reader.report("the file is empty, the first line must be \(header)", at: start)
            return false
        }
        let found = (0..<reader.record.count).map { reader.record.text($0) }
        guard found == columns else {
            let wrong = (0..<found.count).first { $0 >= columns.count || found[$0] != columns[$0] }
            reader.report(
                "the first line must be \(header)",
                at: wrong.map { reader.record.position(of: $0) } ?? start)
            return false
        }
        return true
    }

    private static func row(_ reader: inout CSVReader) -> Row? {
        let record = reader.record
        guard record.count == columns.count else {
            reader.report(
                "the line has \(record.count) field\(record.count == 1 ? "" : "s"), it must have "
                    + "\(columns.count): \(header)", at: record.position(of: 0))
            return nil
        }
        var itemNumber: Int64?
        if case .number(let number) = ItemNumber.parse(record[0]),
            BookRule.itemNumbers.contains(number)
        {
            itemNumber = number
        } else {
            reader.report(
                "ItemNumber \(shown(record, 0)) must be a whole number from 1 to "
                    + "\(BookRule.itemNumbers.upperBound)", at: record.position(of: 0))
        }
        let title = record.text(1)
        if let fault = BookRule.fault(title: title) {
            reader.report("Title \(fault)", at: record.position(of: 1))
        }
        let topic = record.text(2)
        if let fault = BookRule.fault(topic: topic) {
            reader.report("Topic \(fault)", at: record.position(of: 2))
        }
        let cents = BookRule.cents(decimal: record[3])
        if cents == nil {
            reader.report(
                "Cost \(shown(record, 3)) \(BookRule.costRule)", at: record.position(of: 3))
        }
        let stock = stock(record[4])
        if stock == nil {
            reader.report(
                "Stock \(shown(record, 4)) \(BookRule.stockRule)", at: record.position(of: 4))
        }
        guard let itemNumber, let cents, let stock else { return nil }
        return Row(
            itemNumber: itemNumber,
            fields: BookFields(title: title, topic: topic, cents: cents, stock: stock))
    }

    private static func stock(_ bytes: ArraySlice<UInt8>) -> Int64? {
        switch ItemNumber.parse(bytes) {
        case .number(let number) where BookRule.stocks.contains(number): number
        case .ofNoBook where bytes.allSatisfy { $0 == UInt8(ascii: "0") }: 0
        default: nil
        }
    }

    private static func shown(_ record: CSVReader.Record, _ field: Int) -> String {
        "\"\(String(record.text(field).prefix(40)))\""
    }
}
