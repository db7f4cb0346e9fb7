/// The bodies of answers that are not problems, as bytes to send.
public enum Bodies {
    /// The media type of every one of them.
    public static let mediaType = "application/json"

    /// `{"topic":"…","items":[{"itemNumber":1,"title":"…"},…]}`
    public static func searchResult(
        topic: String, items: [(itemNumber: Int64, title: String)]
    ) -> [UInt8] {
        self.items(items, foundBy: "topic", topic) { entry, item in
            entry.member("itemNumber", item.itemNumber)
            entry.member("title", item.title)
        }
    }

    /// `{"query":"…","items":[{"itemNumber":1,"title":"…","topic":"…"},…]}`, best matches first.
    public static func matches(
        query: String, items: [(itemNumber: Int64, title: String, topic: String)]
    ) -> [UInt8] {
        self.items(items, foundBy: "query", query) { entry, item in
            entry.member("itemNumber", item.itemNumber)
            entry.member("title", item.title)
            entry.member("topic", item.topic)
        }
    }

    private static func items<Item>(
        _ items: [Item], foundBy name: String, _ value: String,
        _ write: (_ entry: inout JSONText, Item) -> Void
    ) -> [UInt8] {
        var text = JSONText(reservingCapacity: 512)
        text.object { result in
            result.member(name, value)
            result.array("items") { array in
                for item in items { array.object { entry in write(&entry, item) } }
            }
        }
        return text.bytes
    }

    /// `{"itemNumber":1,"title":"…","topic":"…","cost":10.00,"stock":46}`; with `"restockTo":80`
    /// behind it where the book has a level of its own.
    public static func book(
        itemNumber: Int64, title: String, topic: String, cents: Int64, stock: Int64,
        restockTo: Int64? = nil
    ) -> [UInt8] {
        var text = JSONText()
        text.object { book in
            book.member("itemNumber", itemNumber)
            book.member("title", title)
            book.member("topic", topic)
            book.member("cost", cents: cents)
            book.member("stock", stock)
            if let restockTo { book.member("restockTo", restockTo) }
        }
        return text.bytes
    }

    /// `{"orderNumber":17,"itemNumber":1,"title":"…","topic":"…","cost":10.00,
    /// "idempotencyKey":"…"}`, the answer to a buy and to `GET /orders/17`; `"quantity":3` behind
    /// the cost of a copy where there are more than one.
    public static func order(
        orderNumber: Int64, itemNumber: Int64, title: String, topic: String, cents: Int64,
        quantity: Int64 = 1, idempotencyKey: some Collection<UInt8>
    ) -> [UInt8] {
        var text = JSONText(reservingCapacity: 240)
        text.object { order in
            order.member("orderNumber", orderNumber)
            order.member("itemNumber", itemNumber)
            order.member("title", title)
            order.member("topic", topic)
            order.member("cost", cents: cents)
            if quantity > 1 { order.member("quantity", quantity) }
            order.member("idempotencyKey", utf8: idempotencyKey)
        }
        return text.bytes
    }

    /// `{"topics":["DistributedSystems",…]}`
    public static func topics(_ topics: some Sequence<String>) -> [UInt8] {
        var text = JSONText(reservingCapacity: 256)
        text.object { document in
            document.array("topics") { array in
                for topic in topics { array.element(topic) }
            }
        }
        return text.bytes
    }

    /// `{"itemNumber":1,"stock":50,"added":4}`
    public static func restocked(itemNumber: Int64, stock: Int64, added: Int64) -> [UInt8] {
        var text = JSONText(reservingCapacity: 64)
        text.object { document in
            document.member("itemNumber", itemNumber)
            document.member("stock", stock)
            document.member("added", added)
        }
        return text.bytes
    }
}
