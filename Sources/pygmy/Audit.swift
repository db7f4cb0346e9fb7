import API

/// Judges what the catalog and order servers say of their books and orders (`GET /audit`).
///
/// Each server's figures must add up in themselves. Servers are asked one after another while the
/// store is in use, so what must agree between them is asked again until it does, for a while.
/// Where it does not because more is being bought all the time, the sales up to a number that all
/// have reached are compared, which never change.
struct Audit {
    /// What one server said.
    struct Answer {
        let server: ServerID
        let document: JSON
    }

    let answers: [Answer]
    /// Up to which number the sales are compared; nil where everything is.
    var through: Int64?

    /// What is wrong with the figures of a server in itself; this never passes.
    var faults: [String] {
        answers.flatMap { answer -> [String] in
            let document = answer.document
            var faults = (document["faults"]?.elements ?? []).compactMap(\.string)
            if let opening = document["opening"]?.integer,
                let restocked = document["restocked"]?.integer,
                let stock = document["stock"]?.integer, let sold = document["sold"]?.integer
            {
                if opening + restocked != stock + sold {
                    faults.append(
                        "opening \(opening) + restocked \(restocked) is not stock \(stock) + sold "
                            + "\(sold)")
                }
                if stock < 0 { faults.append("the stock is \(stock)") }
            } else if answer.server.kind == .catalog {
                faults.append("the answer does not say opening, restocked, stock and sold")
            }
            return faults.map { "\(answer.server): \($0)" }
        }
    }

    /// Where servers do not agree; it may pass, while the store is in use.
    var disagreements: [String] {
        var texts: [String] = []
        for (member, kinds) in through == nil ? Audit.shared : Audit.settled {
            let said = answers.filter { kinds.contains($0.server.kind) }.map { answer in
                (answer.server, Audit.value(member, of: answer) ?? "does not say")
            }
            guard let first = said.first, said.contains(where: { $0.1 != first.1 }) else {
                continue
            }
            let list = said.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            texts.append("\(member) differs: \(list)")
        }
        return texts
    }

    /// A sentence for each thing that was proved.
    var proof: [String] {
        guard let catalog = answers.first(where: { $0.server.kind == .catalog })?.document,
            let opening = catalog["opening"]?.integer, let stock = catalog["stock"]?.integer,
            let restocked = catalog["restocked"]?.integer, let sold = catalog["sold"]?.integer
        else { return [] }
        let names = answers.map(\.server.name).joined(separator: ", ")
        return [
            "opening \(opening) + restocked \(restocked) = stock \(stock) + sold \(sold)",
            through.map {
                "\(names) agree on every sale up to number \($0); the store is in use, and what "
                    + "came later was not compared"
            } ?? "\(names) agree on every sale",
        ]
    }

    /// The number up to which every server has every sale; nil where one does not say.
    var settledThrough: Int64? {
        let numbers = answers.compactMap { $0.document["settledThrough"]?.integer }
        return numbers.count == answers.count ? numbers.min() : nil
    }

    /// What must be the same of the sales up to a number, whatever is sold meanwhile.
    private static let settled: [(String, [ServerKind])] = [
        ("through", [.catalog, .order]), ("throughSales", [.catalog, .order]),
        ("throughDigest", [.catalog, .order]),
    ]

    /// What must be the same, and between which kinds of server.
    private static let shared: [(String, [ServerKind])] = [
        ("sales", [.catalog, .order]), ("salesDigest", [.catalog, .order]),
        ("booksDigest", [.catalog]), ("ordersDigest", [.order]),
    ]

    /// An order server counts orders, of which there is one for each sale.
    private static func value(_ member: String, of answer: Answer) -> String? {
        let name = member == "sales" && answer.server.kind == .order ? "orders" : member
        guard let value = answer.document[name] else { return nil }
        return value.number ?? value.string
    }
}
