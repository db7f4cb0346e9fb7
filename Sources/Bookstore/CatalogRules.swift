extension CatalogState {
    /// Applies the payload of a log entry; an empty one is an entry without an operation.
    ///
    /// - Returns: the outcome, or the fault of a payload that a later release wrote: the state is
    ///   then untouched, and the caller must stop, for it cannot follow the log.
    public mutating func apply(
        payload: [UInt8]
    ) throws(Failure) -> Result<CatalogOutcome, DecodingFault> {
        guard !payload.isEmpty else { return .success(.nothing) }
        let operation: CatalogOperation
        do throws(DecodingFault) {
            operation = try CatalogOperation(decoding: payload)
        } catch {
            return error.isOfLaterRelease ? .failure(error) : .success(.malformed)
        }
        return .success(try apply(operation))
    }

    /// Applies an operation: decides it by the state as it is, and changes the state accordingly.
    public mutating func apply(_ operation: CatalogOperation) throws(Failure) -> CatalogOutcome {
        switch operation {
        case .buy(let buy): try apply(buy)
        case .restock(let itemNumber, let maximum): try restock(itemNumber, upTo: maximum)
        case .putBook(let change): try apply(change)
        case .withdraw(let itemNumber, let condition): try withdraw(itemNumber, if: condition)
        case .restoreSale(let sale): try restore(sale)
        case .once(let key, let time, let change): try apply(change, under: key, at: time)
        }
    }

    /// A change says what shall be, but a stock moves on: what was sold since would be back in
    /// stock if it were made a second time. So it has one outcome under its key.
    private mutating func apply(
        _ change: CatalogOperation, under key: IdempotencyKey, at time: Int64
    ) throws(Failure) -> CatalogOutcome {
        counters.logTime = max(counters.logTime, time)
        try forgetChanges(
            before: counters.logTime - Bookstore.changeRetention,
            atMost: Bookstore.keysForgottenAtOnce)
        if let outcome = try outcome(ofChange: key) { return outcome }
        let outcome = try apply(change)
        try record(outcome, ofChange: key, at: counters.logTime)
        return outcome
    }

    /// A key has one outcome. It is looked up before the book and its stock, and recorded whatever
    /// it is, so that a repetition is told the same even after the stock has changed.
    private mutating func apply(_ buy: CatalogOperation.Buy) throws(Failure) -> CatalogOutcome {
        let logTime = max(counters.logTime, buy.time)
        counters.logTime = logTime
        try forgetKeys(
            before: logTime - Bookstore.keyRetention, atMost: Bookstore.keysForgottenAtOnce)
        if let use = try use(of: buy.key) {
            return use.outcome(of: buy)
        }
        guard var record = try record(of: buy.itemNumber), !record.isWithdrawn else {
            return try refuse(buy, .noSuchBook)
        }
        guard record.book.stock >= buy.quantity else {
            return try refuse(buy, .outOfStock)
        }
        record.book.stock -= buy.quantity
        record.sold += buy.quantity
        try storeAccount(of: record)
        let sale = Sale(
            saleNumber: counters.lastSaleNumber + 1, itemNumber: buy.itemNumber,
            title: record.book.title, topic: record.book.topic, cost: record.book.cost,
            time: buy.time, key: buy.key, quantity: buy.quantity)
        try enter(sale, at: logTime)
        return .sale(sale, replayed: false)
    }

    private mutating func enter(_ sale: Sale, at logTime: Int64) throws(Failure) {
        try record(sale, at: logTime)
        counters.salesDigest &+= sale.digest
        counters.highestSaleNumber = max(counters.highestSaleNumber, sale.saleNumber)
        guard sale.saleNumber == counters.lastSaleNumber + 1 else { return }
        counters.lastSaleNumber = sale.saleNumber
        while counters.lastSaleNumber < counters.highestSaleNumber,
            try hasSale(counters.lastSaleNumber + 1)
        {
            counters.lastSaleNumber += 1
        }
    }

    /// After the loss of a catalog the orders tell of sales that what is left of it does not know.
    /// They happened: their buyers were told so. What is missing of the stock, or of the book, was
    /// lost with them, and is entered as restocked.
    private mutating func restore(_ sale: Sale) throws(Failure) -> CatalogOutcome {
        guard try !hasSale(sale.saleNumber) else { return .nothing }
        var record =
            try record(of: sale.itemNumber)
            ?? BookRecord.withdrawn(
                Book(
                    itemNumber: sale.itemNumber, title: sale.title, topic: sale.topic,
                    cost: sale.cost, stock: 0))
        if record.book.stock < sale.quantity { record.restock(to: sale.quantity) }
        record.book.stock -= sale.quantity
        record.sold += sale.quantity
        try store(record)
        counters.logTime = max(counters.logTime, sale.time)
        try enter(sale, at: counters.logTime)
        return .sale(sale, replayed: false)
    }

    private mutating func refuse(
        _ buy: CatalogOperation.Buy, _ refusal: CatalogOutcome.Refusal
    ) throws(Failure) -> CatalogOutcome {
        try record(refusal, of: buy, at: counters.logTime)
        return .refused(refusal, itemNumber: buy.itemNumber, replayed: false)
    }

    private mutating func restock(
        _ itemNumber: Int64, upTo maximum: Int64
    ) throws(Failure) -> CatalogOutcome {
        guard var record = try record(of: itemNumber), !record.isWithdrawn else {
            return .noSuchBook(itemNumber: itemNumber)
        }
        let level = record.book.restockTo ?? maximum
        let added = max(0, level - record.book.stock)
        if added > 0 {
            record.restock(to: level)
            try storeAccount(of: record)
        }
        return .restocked(itemNumber: itemNumber, stock: record.book.stock, added: added)
    }

    private mutating func apply(
        _ change: CatalogOperation.PutBook
    ) throws(Failure) -> CatalogOutcome {
        let itemNumber = change.book.itemNumber
        guard var record = try record(of: itemNumber) else {
            guard change.condition.holds(of: nil) else { return .conditionFailed(current: nil) }
            try store(BookRecord(opening: change.book))
            return .stored(change.book, created: true)
        }
        let current = record.isWithdrawn ? nil : record.book
        guard change.condition.holds(of: current) else {
            return .conditionFailed(current: current)
        }
        if !change.keepsStock || current == nil {
            record.restock(to: change.book.stock)
        }
        record.book.title = change.book.title
        record.book.topic = change.book.topic
        record.book.cost = change.book.cost
        record.book.restockTo = change.book.restockTo
        record.isWithdrawn = false
        try store(record)
        return .stored(record.book, created: current == nil)
    }

    private mutating func withdraw(
        _ itemNumber: Int64, if condition: CatalogOperation.Condition
    ) throws(Failure) -> CatalogOutcome {
        guard var record = try record(of: itemNumber), !record.isWithdrawn else {
            return .noSuchBook(itemNumber: itemNumber)
        }
        let book = record.book
        guard condition.holds(of: book) else { return .conditionFailed(current: book) }
        record.restock(to: 0)
        record.isWithdrawn = true
        try store(record)
        return .withdrawn(book)
    }
}
