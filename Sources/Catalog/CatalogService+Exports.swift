internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// What is read in bulk: the catalog as CSV, the sales for the order group, and the audit.
extension CatalogService {
    private static let rowLimit: Int64 = 10_000

    /// `GET /catalog.csv?after=&limit=`: a page of books by item number.
    func catalogCSV(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let limit = try request.count("limit", default: Self.rowLimit, limit: Self.rowLimit)
        let after = try request.count("after", default: 0, limit: .max)
        try answer(request, under: host.readPermissionForEverything, responder) {
            _ throws(Problem) in
            let books = try read { () throws(StorageError) in
                try store.books(after: after, limit: Int(limit))
            }
            var text = CSVText()
            if after == 0 { text.header(CatalogCSV.header) }
            for book in books {
                CatalogCSV.append(
                    CatalogCSV.Row(
                        itemNumber: book.itemNumber,
                        fields: BookFields(
                            title: book.title, topic: book.topic, cents: book.cost.amount,
                            stock: book.stock)), to: &text)
            }
            responder.send(
                Response(
                    status: 200, headers: [("Content-Type", "text/csv; charset=utf-8")],
                    body: text.bytes))
        }
    }

    /// `GET /sales?after=&limit=`: the sales behind a sale number, as the operation that gives them
    /// their orders.
    func sales(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let limit = try request.count("limit", default: 500, limit: Self.rowLimit)
        let after = try request.count("after", default: 0, limit: .max)
        try answer(request, under: host.readPermissionForEverything, responder) {
            _ throws(Problem) in
            let (sales, counters) = try read { () throws(StorageError) in
                (try store.sales(after: after, limit: Int(limit)), try store.counters())
            }
            responder.send(
                Response(
                    status: 200,
                    headers: [
                        ("Content-Type", BuyBatch.mediaType),
                        (SaleHeader.last, String(counters.lastSaleNumber)),
                        (SaleHeader.highest, String(counters.highestSaleNumber)),
                    ], body: OrderOperation.record(sales).encoded))
        }
    }

    /// `GET /audit?through=`: whether everything adds up here; it reads everything. The sales up to
    /// a number are summed up apart, so that they can be compared with others' while more are made.
    func audit(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let through = try request.count("through", default: 0, limit: .max)
        audits.find { [self] () throws(Problem) in
            Self.body(
                of: try read { () throws(StorageError) in try store.audit(through: through) })
        } completion: {
            responder.send($0)
        }
    }

    private static func body(of audit: CatalogAudit) -> [UInt8] {
        var text = JSONText(reservingCapacity: 512)
        text.object { document in
            document.member("books", audit.books)
            document.member("withdrawnBooks", audit.withdrawnBooks)
            document.member("opening", audit.opening)
            document.member("restocked", audit.restocked)
            document.member("stock", audit.stock)
            document.member("sold", audit.sold)
            document.member("sales", audit.sales)
            document.member("keys", audit.keys)
            document.member("booksDigest", String(audit.booksDigest, radix: 16))
            document.member("salesDigest", String(audit.salesDigest, radix: 16))
            document.member("settledThrough", audit.counters.lastSaleNumber)
            document.member("through", audit.through)
            document.member("throughSales", audit.throughCount)
            document.member("throughDigest", String(audit.throughDigest, radix: 16))
            document.array("faults") { array in
                for fault in audit.faults { array.element(fault) }
            }
        }
        return text.bytes
    }
}
