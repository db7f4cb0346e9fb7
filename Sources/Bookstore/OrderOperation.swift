/// What is asked of the order group, as it stands in the log.
public enum OrderOperation: Hashable, Sendable {
    /// Gives each of these sales of the catalog an order number, unless it has one.
    case record([Sale])

    /// The keys of the log entry. Every operation extends the one sequence of orders, for which 0
    /// stands, whatever the sales.
    public var keys: [UInt64] {
        [0]
    }
}

extension OrderOperation {
    private static let version: UInt8 = 1

    /// The operation as the payload of a log entry.
    public var encoded: [UInt8] {
        var writer = ByteWriter(version: Self.version)
        switch self {
        case .record(let sales):
            writer.write(byte: 1)
            writer.write(unsigned: UInt64(sales.count))
            for sale in sales { writer.write(sale) }
        }
        return writer.bytes
    }

    /// Reads an operation from the payload of a log entry.
    public init(decoding bytes: [UInt8]) throws(DecodingFault) {
        var reader = try ByteReader(bytes, version: Self.version)
        switch try reader.byte() {
        case 1:
            let count = try reader.unsigned()
            var sales: [Sale] = []
            for _ in 0..<count { sales.append(try reader.sale()) }
            self = .record(sales)
        case let other: throw .unknownCase(other)
        }
        try reader.end()
    }
}

/// What an operation on the orders came to.
public enum OrderOutcome: Hashable, Sendable {
    /// The orders of the sales, in the order in which the operation names them.
    case recorded([Recorded])
    /// The log entry held no operation.
    case nothing
    /// The log entry could not be read. Nothing was changed.
    case malformed

    /// The order of one sale.
    public struct Recorded: Hashable, Sendable {
        /// The order.
        public var order: Order
        /// Whether the sale had it already.
        public var replayed: Bool

        /// Makes it.
        public init(order: Order, replayed: Bool) {
            self.order = order
            self.replayed = replayed
        }
    }
}

extension OrderOutcome {
    private static let version: UInt8 = 1

    /// The outcome as bytes.
    public var encoded: [UInt8] {
        var writer = ByteWriter(version: Self.version)
        switch self {
        case .nothing:
            writer.write(byte: 0)
        case .malformed:
            writer.write(byte: 2)
        case .recorded(let all):
            writer.write(byte: 1)
            writer.write(unsigned: UInt64(all.count))
            for recorded in all {
                writer.write(recorded.order.orderNumber)
                writer.write(recorded.order.sale)
                writer.write(recorded.replayed)
            }
        }
        return writer.bytes
    }

    /// Reads an outcome from bytes.
    public init(decoding bytes: [UInt8]) throws(DecodingFault) {
        var reader = try ByteReader(bytes, version: Self.version)
        switch try reader.byte() {
        case 0: self = .nothing
        case 2: self = .malformed
        case 1:
            let count = try reader.unsigned()
            var all: [Recorded] = []
            for _ in 0..<count {
                let orderNumber = try reader.number(in: Sale.numbers)
                let order = Order(orderNumber: orderNumber, sale: try reader.sale())
                all.append(Recorded(order: order, replayed: try reader.flag()))
            }
            self = .recorded(all)
        case let other: throw .unknownCase(other)
        }
        try reader.end()
    }
}
