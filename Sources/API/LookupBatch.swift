/// Lookups that travel together: the body of `POST /lookups`, front end to catalog server. Numbers
/// are big-endian; a version byte stands first.
public struct LookupBatch: Sendable, Equatable {
    /// The media type of both bodies.
    public static let mediaType = "application/octet-stream"

    /// The most lookups that one batch carries: what a server reads in a few milliseconds.
    public static let maximumCount = 256

    /// The books, in order; one may be there several times.
    public var itemNumbers: [Int64]

    /// A batch of lookups.
    public init(_ itemNumbers: [Int64]) { self.itemNumbers = itemNumbers }

    /// The bytes to send.
    public var encoded: [UInt8] {
        var writer = BatchWriter(version: 1, count: itemNumbers.count, bytesPerItem: 8)
        for number in itemNumbers { writer.write(UInt64(bitPattern: number)) }
        return writer.bytes
    }

    /// Reads bytes that another server sent.
    public init(decoding bytes: [UInt8]) throws(BatchFault) {
        var reader = BatchReader(bytes)
        let count = try reader.begin(version: 1, bytesPerItem: 8)
        guard count <= Self.maximumCount else { throw .tooMany(count) }
        itemNumbers = []
        itemNumbers.reserveCapacity(count)
        for _ in 0..<count {
            itemNumbers.append(Int64(bitPattern: try reader.integer(UInt64.self)))
        }
        try reader.end()
    }
}

/// What a server knows of each book of a batch, in the batch's order.
public struct LookupResults: Sendable, Equatable {
    /// A book as it is.
    public struct Item: Sendable, Equatable {
        /// Nothing is under way that would change it.
        public var isSettled: Bool
        /// The answer to a lookup, compact JSON.
        public var body: [UInt8]

        /// A book.
        public init(isSettled: Bool, body: [UInt8]) {
            self.isSettled = isSettled
            self.body = body
        }
    }

    /// The books; nil where the server may not answer for one, or there is none: ask for it alone.
    public var items: [Item?]

    /// Results of a batch.
    public init(_ items: [Item?]) { self.items = items }

    /// The bytes to send.
    public var encoded: [UInt8] {
        var writer = BatchWriter(version: 1, count: items.count, bytesPerItem: 160)
        for item in items {
            guard let item else {
                writer.write(UInt8(0))
                continue
            }
            writer.write(UInt8(item.isSettled ? 1 : 2))
            writer.write(UInt32(item.body.count))
            writer.bytes.append(contentsOf: item.body)
        }
        return writer.bytes
    }

    /// Reads bytes that another server sent.
    public init(decoding bytes: [UInt8]) throws(BatchFault) {
        var reader = BatchReader(bytes)
        let count = try reader.begin(version: 1, bytesPerItem: 1)
        items = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            let kind = try reader.integer(UInt8.self)
            guard kind <= 2 else { throw .outOfRange }
            guard kind > 0 else {
                items.append(nil)
                continue
            }
            let body = try reader.bytes(count: Int(try reader.integer(UInt32.self)))
            items.append(Item(isSettled: kind == 1, body: body))
        }
        try reader.end()
    }
}
