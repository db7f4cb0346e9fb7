/// What an operation on the catalog came to.
public enum CatalogOutcome: Hashable, Sendable {
    /// Copies were sold; `replayed` where that happened when the key was first used.
    case sale(Sale, replayed: Bool)
    /// A buy was refused; `replayed` where that happened when the key was first used.
    case refused(Refusal, itemNumber: Int64, replayed: Bool)
    /// The key of the buy was used before, for another book or another number of copies: these.
    /// Nothing was changed.
    case keyReused(itemNumber: Int64, quantity: Int64)
    /// A book has its stock filled up; `added` is 0 where it was full.
    case restocked(itemNumber: Int64, stock: Int64, added: Int64)
    /// A book was stored as it stands here; `created` where there was none of its number.
    case stored(Book, created: Bool)
    /// This book was taken out of the catalog.
    case withdrawn(Book)
    /// There is no such book to restock or to withdraw.
    case noSuchBook(itemNumber: Int64)
    /// The condition of a change did not hold of the book as it is, or of there being none.
    case conditionFailed(current: Book?)
    /// The log entry held no operation.
    case nothing
    /// The log entry could not be read. Nothing was changed.
    case malformed

    /// Why a buy was refused.
    public enum Refusal: UInt8, Hashable, Sendable {
        /// Fewer copies are left than were asked for.
        case outOfStock = 1
        /// No book has the number.
        case noSuchBook = 2
    }
}

extension CatalogOutcome {
    private static let version: UInt8 = 1

    /// The outcome as bytes, as it travels from the catalog group to the order group.
    public var encoded: [UInt8] {
        var writer = ByteWriter(version: Self.version)
        switch self {
        case .nothing:
            writer.write(byte: 0)
        case .malformed:
            writer.write(byte: 9)
        case .sale(let sale, let replayed):
            writer.write(byte: 1)
            writer.write(sale)
            writer.write(replayed)
        case .refused(let refusal, let itemNumber, let replayed):
            writer.write(byte: 2)
            writer.write(byte: refusal.rawValue)
            writer.write(itemNumber)
            writer.write(replayed)
        case .keyReused(let itemNumber, let quantity):
            writer.write(byte: 3)
            writer.write(itemNumber)
            writer.write(quantity)
        case .restocked(let itemNumber, let stock, let added):
            writer.write(byte: 4)
            writer.write(itemNumber)
            writer.write(stock)
            writer.write(added)
        case .stored(let book, let created):
            writer.write(byte: 5)
            writer.write(book)
            writer.write(created)
            writer.writeLevel(of: book)
        case .withdrawn(let book):
            writer.write(byte: 6)
            writer.write(book)
            writer.writeLevel(of: book)
        case .noSuchBook(let itemNumber):
            writer.write(byte: 7)
            writer.write(itemNumber)
        case .conditionFailed(let current):
            writer.write(byte: 8)
            writer.write(current != nil)
            if let current {
                writer.write(current)
                writer.writeLevel(of: current)
            }
        }
        return writer.bytes
    }

    /// Reads an outcome from bytes.
    public init(decoding bytes: [UInt8]) throws(DecodingFault) {
        var reader = try ByteReader(bytes, version: Self.version)
        switch try reader.byte() {
        case 0: self = .nothing
        case 1: self = .sale(try reader.sale(), replayed: try reader.flag())
        case 2:
            let number = try reader.byte()
            guard let refusal = Refusal(rawValue: number) else { throw .unknownCase(number) }
            self = .refused(
                refusal, itemNumber: try reader.number(in: Book.itemNumbers),
                replayed: try reader.flag())
        case 3:
            self = .keyReused(
                itemNumber: try reader.number(in: Book.itemNumbers),
                quantity: try reader.number(in: Sale.quantities))
        case 4:
            self = .restocked(
                itemNumber: try reader.number(in: Book.itemNumbers),
                stock: try reader.number(in: Book.stocks),
                added: try reader.number(in: Book.stocks))
        case 5:
            var book = try reader.book()
            let created = try reader.flag()
            try reader.readLevel(of: &book)
            self = .stored(book, created: created)
        case 6:
            var book = try reader.book()
            try reader.readLevel(of: &book)
            self = .withdrawn(book)
        case 7: self = .noSuchBook(itemNumber: try reader.number(in: Book.itemNumbers))
        case 9: self = .malformed
        case 8:
            var current: Book?
            if try reader.flag() {
                var book = try reader.book()
                try reader.readLevel(of: &book)
                current = book
            }
            self = .conditionFailed(current: current)
        case let other: throw .unknownCase(other)
        }
        try reader.end()
    }
}

extension ByteWriter {
    /// Adds `restockTo` behind a book that has one.
    fileprivate mutating func writeLevel(of book: Book) {
        if let level = book.restockTo { write(level) }
    }
}

extension ByteReader {
    /// Reads `restockTo` where anything is left.
    fileprivate mutating func readLevel(of book: inout Book) throws(DecodingFault) {
        if !isAtEnd { book.restockTo = try number(in: Book.stocks) }
    }
}
