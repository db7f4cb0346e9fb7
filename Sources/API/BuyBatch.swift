/// Buys that travel together: the body of `POST /buys`, front end to order server and order
/// server to catalog server. Numbers are big-endian; a version byte stands first.
public struct BuyBatch: Sendable, Equatable {
    /// The media type of both bodies.
    public static let mediaType = "application/octet-stream"

    /// One buy.
    public struct Item: Sendable, Equatable {
        /// 1 to 1,020 bytes.
        public var idempotencyKey: [UInt8]
        /// The book.
        public var itemNumber: Int64
        /// How many copies.
        public var quantity: UInt32
        /// nginx's id of the client's request, for logs.
        public var requestID: [UInt8]
        /// Whether the client chose the key, so that it can be used again for another request.
        public var isClientKeyed: Bool

        /// A buy.
        public init(
            idempotencyKey: [UInt8], itemNumber: Int64, quantity: UInt32 = 1, requestID: [UInt8],
            isClientKeyed: Bool
        ) {
            self.idempotencyKey = idempotencyKey
            self.itemNumber = itemNumber
            self.quantity = quantity
            self.requestID = requestID
            self.isClientKeyed = isClientKeyed
        }
    }

    /// The most buys that one batch carries.
    public static let maximumCount = 65_536

    /// The buys, in order.
    public var items: [Item]

    /// A batch of buys.
    public init(_ items: [Item]) { self.items = items }

    /// The bytes to send. Keys and ids longer than 65,535 bytes cannot be written and are a
    /// programmer's mistake: both were checked when the request came in.
    public var encoded: [UInt8] {
        var writer = BatchWriter(version: 1, count: items.count)
        for item in items {
            writer.write(UInt64(bitPattern: item.itemNumber))
            writer.write(item.quantity)
            writer.write(UInt8(item.isClientKeyed ? 1 : 0))
            writer.write(UInt16(item.idempotencyKey.count))
            writer.bytes.append(contentsOf: item.idempotencyKey)
            writer.write(UInt16(item.requestID.count))
            writer.bytes.append(contentsOf: item.requestID)
        }
        return writer.bytes
    }

    /// Reads bytes that another server sent.
    public init(decoding bytes: [UInt8]) throws(BatchFault) {
        var reader = BatchReader(bytes)
        let count = try reader.begin(version: 1, bytesPerItem: 17)
        items = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            let itemNumber = Int64(bitPattern: try reader.integer(UInt64.self))
            let quantity = try reader.integer(UInt32.self)
            let isClientKeyed = try reader.flag()
            let key = try reader.bytes(count: Int(try reader.integer(UInt16.self)))
            guard (1...1020).contains(key.count), quantity > 0 else { throw .outOfRange }
            let requestID = try reader.bytes(count: Int(try reader.integer(UInt16.self)))
            items.append(
                Item(
                    idempotencyKey: key, itemNumber: itemNumber, quantity: quantity,
                    requestID: requestID, isClientKeyed: isClientKeyed))
        }
        try reader.end()
    }
}

/// What became of each buy of a batch, in the batch's order.
public struct BuyResults: Sendable, Equatable {
    /// What became of one buy.
    public struct Item: Sendable, Equatable {
        /// The HTTP status that a single buy would have got: 200, 201, 404, 409, 422, 503.
        public var status: UInt16
        /// Whether the key had its outcome before.
        public var isReplayed: Bool
        /// The order's number, 0 where there is none.
        public var orderNumber: Int64
        /// The order or the problem document, compact.
        public var body: [UInt8]

        /// An outcome.
        public init(status: UInt16, isReplayed: Bool, orderNumber: Int64, body: [UInt8]) {
            self.status = status
            self.isReplayed = isReplayed
            self.orderNumber = orderNumber
            self.body = body
        }
    }

    /// The outcomes, in order.
    public var items: [Item]

    /// Outcomes of a batch.
    public init(_ items: [Item]) { self.items = items }

    /// The bytes to send.
    public var encoded: [UInt8] {
        var writer = BatchWriter(version: 1, count: items.count)
        for item in items {
            writer.write(item.status)
            writer.write(UInt8(item.isReplayed ? 1 : 0))
            writer.write(UInt64(bitPattern: item.orderNumber))
            writer.write(UInt32(item.body.count))
            writer.bytes.append(contentsOf: item.body)
        }
        return writer.bytes
    }

    /// Reads bytes that another server sent.
    public init(decoding bytes: [UInt8]) throws(BatchFault) {
        var reader = BatchReader(bytes)
        let count = try reader.begin(version: 1, bytesPerItem: 15)
        items = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            let status = try reader.integer(UInt16.self)
            let isReplayed = try reader.flag()
            let orderNumber = Int64(bitPattern: try reader.integer(UInt64.self))
            guard (200...599).contains(status), orderNumber >= 0 else { throw .outOfRange }
            let body = try reader.bytes(count: Int(try reader.integer(UInt32.self)))
            items.append(
                Item(
                    status: status, isReplayed: isReplayed, orderNumber: orderNumber, body: body))
        }
        try reader.end()
    }
}
