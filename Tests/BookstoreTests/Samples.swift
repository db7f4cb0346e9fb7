import Bookstore

func book(_ itemNumber: Int64 = 1, stock: Int64 = 3, topic: String = "Misc") -> Book {
    Book(
        itemNumber: itemNumber, title: "Book \(itemNumber)", topic: topic, cost: Cents(1250),
        stock: stock)
}

func key(_ text: String) -> IdempotencyKey {
    guard let key = IdempotencyKey(text) else { preconditionFailure("no key: \(text)") }
    return key
}

func buy(_ text: String, _ itemNumber: Int64 = 1, of quantity: Int64 = 1, at time: Int64 = 1000)
    -> CatalogOperation
{
    .buy(.init(key: key(text), itemNumber: itemNumber, quantity: quantity, time: time))
}

func sale(_ saleNumber: Int64, key text: String? = nil) -> Sale {
    Sale(
        saleNumber: saleNumber, itemNumber: 7, title: "Spring in the Pioneer Valley",
        topic: "Misc", cost: Cents(21500), time: 1000 + saleNumber,
        key: key(text ?? "key \(saleNumber)"), quantity: 1)
}
