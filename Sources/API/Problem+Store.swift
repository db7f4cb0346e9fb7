/// Problems with the state of the store: its books, its orders, its servers.
extension Problem {
    /// 404: no book has the number; nil for a number beyond all books. Where it refuses a buy, its
    /// key has come to that for good.
    public static func noSuchBook(_ itemNumber: Int64?, idempotencyKey: String? = nil) -> Problem {
        Problem(
            "no-such-book", 404, "There is no such book",
            itemNumber.map { "There is no book with the number \($0)" }
                ?? "There is no book with that number"
        ).with("itemNumber", itemNumber).with("idempotencyKey", idempotencyKey)
    }

    /// 404: no order has the number; nil for a number beyond all orders.
    public static func noSuchOrder(_ orderNumber: Int64?) -> Problem {
        Problem(
            "no-such-order", 404, "There is no such order",
            orderNumber.map { "There is no order with the number \($0)" }
                ?? "There is no order with that number"
        ).with("orderNumber", orderNumber)
    }

    /// 409: fewer copies are left than were asked for. The refusal is what its key gets for good.
    public static func outOfStock(
        itemNumber: Int64, quantity: UInt32 = 1, idempotencyKey: String?
    ) -> Problem {
        Problem(
            "out-of-stock", 409, "Out of stock",
            quantity == 1
                ? "Book \(itemNumber) is out of stock"
                : "There are fewer than \(quantity) copies of book \(itemNumber)"
        ).with("itemNumber", itemNumber).with("quantity", quantity == 1 ? nil : Int64(quantity))
            .with("idempotencyKey", idempotencyKey)
    }

    /// 422: the key has an outcome already, for another book or another number of copies.
    public static func keyReused(
        itemNumber: Int64, quantity: UInt32 = 1, earlier: (itemNumber: Int64, quantity: Int64),
        idempotencyKey: String
    ) -> Problem {
        let detail =
            itemNumber == earlier.itemNumber
            ? "The key was used to buy \(copies(earlier.quantity)) of book \(itemNumber); a buy of "
                + "\(copies(Int64(quantity))) needs its own"
            : "The key was used to buy book \(earlier.itemNumber); one of book \(itemNumber) needs "
                + "its own"
        return Problem("key-reused", 422, "The key was used for another buy", detail)
            .with("itemNumber", itemNumber).with("idempotencyKey", idempotencyKey)
    }

    private static func copies(_ count: Int64) -> String {
        count == 1 ? "1 copy" : "\(count) copies"
    }

    /// 502: a server gave an answer that cannot be used.
    public static func badGateway(_ detail: String = "A server gave no usable answer") -> Problem {
        Problem("bad-gateway", 502, "Bad gateway", detail)
    }

    /// 503: the store cannot serve this now. It says nothing of an earlier attempt at the same,
    /// which nginx may have sent to another server.
    public static func unavailable(
        _ detail: String = "The store cannot serve this right now",
        retryAfter seconds: Int = 1
    ) -> Problem {
        Problem("unavailable", 503, "Service unavailable", detail).retry(after: seconds)
    }

    /// 503: a buy was not confirmed in time. A retry with the key learns what became of it.
    public static func outcomeUnknown(itemNumber: Int64, idempotencyKey: String) -> Problem {
        Problem(
            "outcome-unknown", 503, "The outcome is not known yet",
            "The buy could not be confirmed in time; send it again with the same Idempotency-Key "
                + "to learn its outcome, it will not be made twice"
        ).with("itemNumber", itemNumber).with("idempotencyKey", idempotencyKey).retry(after: 1)
    }

    /// A server's problem document as the answer to a buy: with the book and the key.
    public static func document(
        _ document: [UInt8], forBuyOf itemNumber: Int64, idempotencyKey: String
    ) -> [UInt8] {
        var members = JSONText(reservingCapacity: 100)
        members.object { object in
            object.member("itemNumber", itemNumber)
            object.member("idempotencyKey", idempotencyKey)
        }
        guard document.last == UInt8(ascii: "}") else { return document }
        return document.dropLast() + [UInt8(ascii: ",")] + members.bytes.dropFirst()
    }

    /// 503: more requests wait than the server takes on; this one was not looked at.
    public static func overloaded(retryAfter seconds: Int = 1) -> Problem {
        Problem(
            "overloaded", 503, "Too many requests",
            "Too many requests are waiting"
        ).retry(after: seconds)
    }

    /// 503: the group has no primary yet. Names the servers that it waits for.
    public static func noView(of group: String, waitingFor servers: [String]) -> Problem {
        let names = servers.joined(separator: ", ")
        return Problem(
            "no-view", 503, "Waiting for servers",
            servers.isEmpty
                ? "The \(group) servers have no primary yet"
                : "The \(group) servers have no primary yet, they wait for \(names)"
        ).with("waitingFor", servers).retry(after: 1)
    }

    /// 409: an operator's command cannot be carried out.
    public static func refusedCommand(_ reason: String) -> Problem {
        Problem("refused-command", 409, "The command was refused", reason)
    }

    /// 504: a server did not answer in time.
    public static func gatewayTimeout(
        _ detail: String = "A server did not answer in time"
    ) -> Problem {
        Problem("gateway-timeout", 504, "Gateway timeout", detail)
    }

    /// 500: a fault of the program; the log says which under the request's id.
    public static func internalFault() -> Problem {
        Problem(
            "internal-fault", 500, "Internal fault",
            "The store made a mistake; its log names the request by its X-Request-ID")
    }

    private func retry(after seconds: Int) -> Problem {
        with(header: "Retry-After", String(seconds))
    }
}
