/// The fields of a book as an administrator gives them, in a body or in a line of CSV.
public struct BookFields: Sendable, Equatable {
    /// The title.
    public let title: String
    /// The topic.
    public let topic: String
    /// The price of a copy, in cents.
    public let cents: Int64
    /// Copies there are.
    public let stock: Int64
    /// Up to how many copies it is restocked; nil for as many as every book.
    public let restockTo: Int64?

    /// Fields that are known to be right.
    public init(
        title: String, topic: String, cents: Int64, stock: Int64, restockTo: Int64? = nil
    ) {
        self.title = title
        self.topic = topic
        self.cents = cents
        self.stock = stock
        self.restockTo = restockTo
    }

    /// Reads the body of `PUT /items/{itemNumber}`:
    /// `{"title":"…","topic":"…","cost":10.00,"stock":46}`, with a `restockTo` where the book is to
    /// have one. An `itemNumber` member is taken too, so
    /// that the answer of a lookup can be sent back, but must be that of the path.
    public init(parsingBody bytes: [UInt8], itemNumber: Int64) throws(Problem) {
        let document: JSON
        do throws(JSONFault) {
            document = try JSON(parsing: bytes, maximumDepth: 8)
        } catch {
            throw .malformedRequest("The body is not JSON: \(error)")
        }
        guard let members = document.members else {
            throw .invalidBook(["the body must be an object, {…}"])
        }
        var parser = BookFieldsParser()
        for member in members { parser.read(member, itemNumber: itemNumber) }
        self = try parser.fields()
    }
}

/// What a field of a book may be; the bounds are those of the catalog.
enum BookRule {
    static let itemNumbers: ClosedRange<Int64> = 1...9_007_199_254_740_991
    static let cents: ClosedRange<Int64> = 0...1_000_000_000
    static let stocks: ClosedRange<Int64> = 0...1_000_000_000
    static let titleBytes = 4096
    static let topicBytes = 255

    /// Nil where the title is sound, else the end of a sentence that began with the field.
    static func fault(title: String) -> String? {
        if title.isEmpty { return "must not be empty" }
        if title.utf8.count > titleBytes { return "is longer than \(titleBytes) bytes" }
        // Titles may run over lines; what no text has is refused.
        let isText = title.unicodeScalars.allSatisfy {
            $0.isPrintable || $0 == "\n" || $0 == "\r" || $0 == "\t" || $0.value >= 0x2028
        }
        return isText ? nil : "has a control character"
    }

    static func fault(topic: String) -> String? {
        if topic.isEmpty { return "must not be empty" }
        if topic.utf8.count > topicBytes { return "is longer than \(topicBytes) bytes" }
        return topic.unicodeScalars.allSatisfy(\.isPrintable) ? nil : "has a control character"
    }

    /// Cents from a decimal such as `10`, `10.5` or `10.00`; nil for anything else.
    static func cents(decimal text: some Collection<UInt8>) -> Int64? {
        var amount: Int64 = 0
        var whole = 0
        var decimals: Int?
        for byte in text {
            if byte == UInt8(ascii: "."), decimals == nil, whole > 0 {
                decimals = 0
                continue
            }
            guard byte.isASCIIDigit, amount <= cents.upperBound else { return nil }
            amount = amount * 10 + Int64(byte - 0x30)
            if let count = decimals { decimals = count + 1 } else { whole += 1 }
        }
        switch decimals {
        case nil: amount *= 100
        case 1: amount *= 10
        case 2: break
        default: return nil
        }
        return whole > 0 && cents.contains(amount) ? amount : nil
    }

    static let costRule = "must be a number from 0 to 10000000 with at most two decimals"
    static let stockRule = "must be a whole number from 0 to 1000000000"
}

/// Collects the fields and all that is wrong with them.
private struct BookFieldsParser {
    private static let names = ["title", "topic", "cost", "stock"]

    var title: String?
    var topic: String?
    var cents: Int64?
    var stock: Int64?
    var restockTo: Int64?
    var seen: [String] = []
    var faults: [String] = []

    mutating func read(_ member: JSON.Member, itemNumber: Int64) {
        guard !seen.contains(member.name) else {
            faults.append("\"\(member.name.prefix(40))\" stands there twice")
            return
        }
        seen.append(member.name)
        switch member.name {
        case "title":
            title = member.value.string
            let fault = title.map(BookRule.fault(title:)) ?? "must be a string"
            if let fault { faults.append("title \(fault)") }
        case "topic":
            topic = member.value.string
            let fault = topic.map(BookRule.fault(topic:)) ?? "must be a string"
            if let fault { faults.append("topic \(fault)") }
        case "cost":
            cents = member.value.number.flatMap { BookRule.cents(decimal: $0.utf8) }
            if cents == nil { faults.append("cost \(BookRule.costRule)") }
        case "stock":
            stock = member.value.integer.flatMap { BookRule.stocks.contains($0) ? $0 : nil }
            if stock == nil { faults.append("stock \(BookRule.stockRule)") }
        case "restockTo":
            if case .null = member.value.value { return }
            restockTo = member.value.integer.flatMap { BookRule.stocks.contains($0) ? $0 : nil }
            if restockTo == nil { faults.append("restockTo \(BookRule.stockRule), or null") }
        case "itemNumber":
            if member.value.integer != itemNumber {
                faults.append("itemNumber must be \(itemNumber), the number in the path")
            }
        default:
            faults.append("there is no member \"\(member.name.prefix(40))\"")
        }
    }

    mutating func fields() throws(Problem) -> BookFields {
        for name in BookFieldsParser.names where !seen.contains(name) {
            faults.append("\(name) is missing")
        }
        guard faults.isEmpty, let title, let topic, let cents, let stock else {
            throw .invalidBook(faults)
        }
        return BookFields(
            title: title, topic: topic, cents: cents, stock: stock, restockTo: restockTo)
    }
}
