import API
import Glibc

/// What a person reads of the store's answers; nil where an answer is not what it should be.
enum Wording {
    /// A line for each book of a topic.
    static func search(_ document: JSON) -> String? {
        guard let topic = document["topic"]?.string, let items = document["items"]?.elements else {
            return nil
        }
        if items.isEmpty { return "There are no books about \(topic)." }
        let lines = items.compactMap { item -> String? in
            guard let number = item["itemNumber"]?.number, let title = item["title"]?.string else {
                return nil
            }
            let padding = String(repeating: " ", count: max(0, 6 - number.count))
            return "\(padding)\(number)  \(title)"
        }
        return (["\(topic):"] + lines).joined(separator: "\n")
    }

    /// A line for each book with some words in its title.
    static func matches(_ document: JSON) -> String? {
        guard let query = document["query"]?.string, let items = document["items"]?.elements else {
            return nil
        }
        if items.isEmpty { return "No title has all of these words: \(query)" }
        return items.compactMap { item -> String? in
            guard let number = item["itemNumber"]?.number, let title = item["title"]?.string,
                let topic = item["topic"]?.string
            else { return nil }
            let padding = String(repeating: " ", count: max(0, 6 - number.count))
            return "\(padding)\(number)  \(title) (\(topic))"
        }.joined(separator: "\n")
    }

    /// A book, a line a field.
    static func book(_ document: JSON) -> String? {
        guard let number = document["itemNumber"]?.number, let title = document["title"]?.string,
            let topic = document["topic"]?.string, let cost = document["cost"]?.number,
            let stock = document["stock"]?.number
        else { return nil }
        return """
            Item number: \(number)
            Title:       \(title)
            Topic:       \(topic)
            Cost:        \(cost)
            Stock:       \(stock)
            """
    }

    /// What was bought, and the key that it was bought with.
    static func order(_ document: JSON) -> String? {
        guard let number = document["orderNumber"]?.number, let title = document["title"]?.string,
            let cost = document["cost"]?.number
        else { return nil }
        let goods =
            document["quantity"]?.number.map { "\($0) copies of \"\(title)\" for \(cost) each" }
            ?? "\"\(title)\" for \(cost)"
        let key = document["idempotencyKey"]?.string.map { "\nKey: \($0)" } ?? ""
        return "Bought \(goods). Order number: \(number)\(key)"
    }
}

/// Waiting, for a program that has nothing else to do.
enum Pause {
    static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
