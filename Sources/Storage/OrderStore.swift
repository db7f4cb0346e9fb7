public import Bookstore
public import Durability
public import Replication

/// The orders on their disk, and how far the log is applied.
///
/// One thread applies entries; reads come from any thread, see what is committed and never wait for
/// it. A loss of power takes the state back to an earlier entry, after which the log is applied
/// again from `applied`.
public final class OrderStore: StateStore {
    /// How many orders gather before they are entered in the index by books, sorted: some
    /// milliseconds' work.
    private static let ordersGathered: Int64 = 1024

    private let state: StateFile
    private let ordersGathered: Int64

    /// Opens the orders of a data directory, or makes an empty store where there never was one.
    /// - Throws: `damaged`, in which case nothing was changed, `diskFull`, `readOnly`.
    public convenience init(_ directory: DataDirectory, _ log: LogStore) throws(StorageError) {
        try self.init(directory, log, ordersGathered: Self.ordersGathered)
    }

    /// Opens orders that are entered in the index by books whenever so many have gathered.
    init(
        _ directory: DataDirectory, _ log: LogStore, ordersGathered: Int64
    ) throws(StorageError) {
        self.ordersGathered = ordersGathered
        state = try StateFile(OrderTables.schema, directory, log, cacheKilobytes: 4096)
    }

    /// The file as it is now.
    var file: StoreFile { state.file }

    /// The last entry that was applied.
    public var applied: LogPosition { state.applied }

    /// The last entry that is applied in what a loss of power would leave.
    public var durableThrough: LogIndex { state.durableThrough }

    /// Applies entries, which must follow on `applied`, in one transaction that is left open, and
    /// returns the outcome of each.
    /// - Throws: `diskFull` and others: then none was applied, and they can be applied again. An
    ///   entry of a later release is an `other` error that will not go away.
    public func prepare(_ entries: [Entry]) throws(StorageError) -> [OrderOutcome] {
        try state.prepare(entries) { connection, file throws(StorageError) in
            var orders = try SQLiteOrders(connection, path: file.path)
            var outcomes: [OrderOutcome] = []
            outcomes.reserveCapacity(entries.count)
            for entry in entries {
                switch try orders.apply(payload: entry.payload) {
                case .success(let outcome): outcomes.append(outcome)
                case .failure: throw .ofLaterRelease(entry.index, file.path)
                }
            }
            try orders.save(indexingEvery: ordersGathered)
            return outcomes
        }
    }

    /// Makes what was prepared the state or, where it throws, takes it back.
    public func commitPrepared() throws(StorageError) { try state.commitPrepared() }

    /// Takes back what was prepared, where anything was.
    public func discardPrepared() { state.discardPrepared() }

    /// Makes what is applied durable: from time to time, from a thread that does not apply.
    /// - Returns: `durableThrough`, up to where the log may be trimmed.
    @discardableResult
    public func checkpoint() throws(StorageError) -> LogIndex {
        try state.checkpoint()
    }

    /// Has the disk take what was applied lately, so that it is not all left to the next
    /// checkpoint: several times between two, from the same thread.
    public func flush() throws(StorageError) { try state.flush() }

    /// Where a snapshot is to be written that shall be installed.
    public var incomingPath: String { state.incomingPath }

    /// Writes a copy of the state as it is now to a file, for another replica; applying goes on.
    /// - Returns: the last entry that is applied in it.
    public func writeSnapshot(to path: String) throws(StorageError) -> LogPosition {
        try state.writeSnapshot(to: path)
    }

    /// Makes a received snapshot, complete at `incomingPath`, the state, and empties the log.
    /// - Throws: `damaged` where it is not a snapshot at that position; nothing is changed then.
    public func installSnapshot(_ position: LogPosition) throws(StorageError) {
        try state.install(position)
    }

    /// The order of a number.
    public func order(_ orderNumber: Int64) throws(StorageError) -> Order? {
        try order(OrderTables.selectByNumber, orderNumber)
    }

    /// The order of a sale.
    public func order(ofSale saleNumber: Int64) throws(StorageError) -> Order? {
        try order(OrderTables.selectBySale, saleNumber)
    }

    private func order(_ select: String, _ number: Int64) throws(StorageError) -> Order? {
        let file = state.file
        return try file.read { connection throws(StorageError) in
            try OrderTables.order(select, number, connection, file.path)
        }
    }

    /// The orders after an order number, in order.
    public func orders(
        after orderNumber: Int64 = 0, limit: Int
    ) throws(StorageError) -> [Order] {
        let file = state.file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                OrderTables.select + "WHERE number > ? ORDER BY number LIMIT ?", connection,
                file: file.path)
            defer { select.reset() }
            select.bind(orderNumber, at: 1)
            select.bind(Int64(limit), at: 2)
            var orders: [Order] = []
            while try select.step() { orders.append(try OrderTables.order(select, file.path)) }
            return orders
        }
    }

    /// A page of the orders by time, those of the same time by number.
    /// - Parameters:
    ///   - itemNumber: the book; nil for all.
    ///   - from: the earliest time, in milliseconds since 1970.
    ///   - to: the time that all are before.
    ///   - isNewestFirst: whether the latest comes first.
    ///   - after: the order to go on behind.
    /// - Returns: nil where there is no such order.
    public func history(
        itemNumber: Int64?, from: Int64, to: Int64, isNewestFirst: Bool, after: Int64?, limit: Int
    ) throws(StorageError) -> [Order]? {
        var start = isNewestFirst ? (to, Int64(0)) : (from, Int64(0))
        if let after {
            guard let last = try order(after) else { return nil }
            let place = (last.sale.time, last.orderNumber)
            if isNewestFirst ? place < start : place > start { start = place }
        }
        let sql = OrderTables.selectHistory(
            ofOneBook: itemNumber != nil, isNewestFirst: isNewestFirst)
        let file = state.file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(sql, connection, file: file.path)
            defer { select.reset() }
            select.bind(start.0, at: 1)
            select.bind(start.1, at: 2)
            select.bind(isNewestFirst ? from : to, at: 3)
            select.bind(Int64(limit), at: 4)
            if let itemNumber { select.bind(itemNumber, at: 5) }
            var orders: [Order] = []
            while try select.step() { orders.append(try OrderTables.order(select, file.path)) }
            return orders
        }
    }

    /// The sales of the orders that follow a sale number, in the order of their numbers.
    public func sales(
        after saleNumber: Int64, limit: Int
    ) throws(StorageError) -> [Sale] {
        let file = state.file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                OrderTables.select + "WHERE sale > ? ORDER BY sale LIMIT ?", connection,
                file: file.path)
            defer { select.reset() }
            select.bind(saleNumber, at: 1)
            select.bind(Int64(limit), at: 2)
            var sales: [Sale] = []
            while try select.step() { sales.append(try OrderTables.order(select, file.path).sale) }
            return sales
        }
    }

    /// The greatest number of a sale that has an order; 0 where there is none.
    public func highestSaleNumber() throws(StorageError) -> Int64 {
        let file = state.file
        return try file.read { connection throws(StorageError) in
            try OrderTables.highestSale(connection, file.path)
        }
    }

    /// The numbers that are kept of all orders: `settledThrough`, the last sale before the first
    /// one that has no order, among them.
    public func counters() throws(StorageError) -> OrderCounters {
        let file = state.file
        return try file.read { connection throws(StorageError) in
            try OrderTables.counters(connection, file.path)
        }
    }

    /// Checks everything there is, as it is at one moment, while work goes on.
    /// - Parameter through: up to which number the sales are summed up apart.
    public func audit(through: Int64 = 0) throws(StorageError) -> OrderAudit {
        let file = state.file
        return try file.longRead { connection throws(StorageError) in
            try OrderTables.audit(connection, file.path, through: through)
        }
    }
}

extension OrderTables {
    /// Checks everything there is; inside a transaction.
    static func audit(
        _ connection: Connection, _ path: String, through: Int64 = 0
    ) throws(StorageError) -> OrderAudit {
        var audit = OrderAudit(counters: try counters(connection, path), through: through)
        let rows = try PreparedStatement(select + "ORDER BY number", connection, file: path)
        while try rows.step() { audit.add(try order(rows, path)) }
        return audit
    }
}
