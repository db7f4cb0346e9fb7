/// Why bytes could not be read as an operation or an outcome.
public enum DecodingFault: Error, Hashable, Sendable {
    /// The bytes end before the value does.
    case endsEarly
    /// The value ends before the bytes do.
    case trailingBytes
    /// The first byte names a version that this release does not know.
    case unknownVersion(UInt8)
    /// No case of the value has this number.
    case unknownCase(UInt8)
    /// A text is not UTF-8.
    case notUTF8
    /// A number, a length or a text is outside of what it may be.
    case outOfRange

    /// Whether a later release may have written the bytes. Such a log entry cannot be passed over,
    /// for the replicas that know it do something; every other faulty one comes to nothing on every
    /// replica alike, so that no mistake of one server stops all of them for good.
    public var isOfLaterRelease: Bool {
        switch self {
        case .unknownVersion, .unknownCase: true
        default: false
        }
    }
}

/// Writes values as bytes: numbers in LEB128 (signed ones in zigzag), texts after their length.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(version: UInt8) {
        bytes.reserveCapacity(64)
        bytes.append(version)
    }

    mutating func write(byte: UInt8) {
        bytes.append(byte)
    }

    mutating func write(_ flag: Bool) {
        bytes.append(flag ? 1 : 0)
    }

    mutating func write(unsigned number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ number: Int64) {
        write(unsigned: UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    mutating func write(_ content: some Collection<UInt8>) {
        write(unsigned: UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func write(_ text: String) {
        write(text.utf8)
    }
}

/// Reads what `ByteWriter` wrote; whatever else it is given ends in a `DecodingFault`, never in a
/// crash or in an allocation greater than the bytes themselves.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8], version: UInt8) throws(DecodingFault) {
        rest = bytes[...]
        let found = try byte()
        guard found == version else { throw .unknownVersion(found) }
    }

    mutating func byte() throws(DecodingFault) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .endsEarly }
        return byte
    }

    mutating func flag() throws(DecodingFault) -> Bool {
        let byte = try byte()
        guard byte <= 1 else { throw .outOfRange }
        return byte == 1
    }

    mutating func unsigned() throws(DecodingFault) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw .outOfRange }
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
    }

    mutating func number() throws(DecodingFault) -> Int64 {
        let zigzag = try unsigned()
        return Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    }

    mutating func number(in range: ClosedRange<Int64>) throws(DecodingFault) -> Int64 {
        let number = try number()
        guard range.contains(number) else { throw .outOfRange }
        return number
    }

    mutating func bytes() throws(DecodingFault) -> ArraySlice<UInt8> {
        let length = try unsigned()
        guard length <= UInt64(rest.count) else { throw .endsEarly }
        let content = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        return content
    }

    mutating func text() throws(DecodingFault) -> String {
        let bytes = try bytes()
        // `String(validating:as:)` decodes one scalar after the other: for plain texts, as most
        // are, that would be a twentieth of all the work of an order.
        let isASCII = bytes.withUnsafeBufferPointer { $0.reduce(0, |) < 0x80 }
        if isASCII { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    var isAtEnd: Bool { rest.isEmpty }

    func end() throws(DecodingFault) {
        guard rest.isEmpty else { throw .trailingBytes }
    }
}

extension ByteWriter {
    mutating func write(_ book: Book) {
        write(book.itemNumber)
        write(book.title)
        write(book.topic)
        write(book.cost.amount)
        write(book.stock)
    }

    mutating func write(_ sale: Sale) {
        write(sale.saleNumber)
        write(sale.itemNumber)
        write(sale.title)
        write(sale.topic)
        write(sale.cost.amount)
        write(sale.time)
        write(sale.key.bytes)
        write(sale.quantity)
    }
}

extension ByteReader {
    mutating func book() throws(DecodingFault) -> Book {
        let book = Book(
            itemNumber: try number(), title: try text(), topic: try text(),
            cost: Cents(try number()), stock: try number())
        guard book.faults.isEmpty else { throw .outOfRange }
        return book
    }

    mutating func key() throws(DecodingFault) -> IdempotencyKey {
        guard let key = IdempotencyKey(try bytes()) else { throw .outOfRange }
        return key
    }

    mutating func sale() throws(DecodingFault) -> Sale {
        Sale(
            saleNumber: try number(in: Sale.numbers),
            itemNumber: try number(in: Book.itemNumbers), title: try text(), topic: try text(),
            cost: Cents(try number()), time: try number(in: Sale.times), key: try key(),
            quantity: try number(in: Sale.quantities))
    }
}
