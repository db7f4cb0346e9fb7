/// What clients asked and were told, held against the ledger: each answer by itself, and all
/// answers about a book together.
struct History {
    let ledger: Ledger
    let operations: [Judge.Operation]

    /// What is wrong; nil where nothing is.
    func fault() -> String? {
        for operation in operations {
            if let fault = fault(of: operation) { return fault }
        }
        for item in ledger.stocks.keys.sorted() {
            if let fault = fault(ofBook: item) { return fault }
        }
        return nil
    }

    /// What is wrong with an answer, seen by itself.
    private func fault(of operation: Judge.Operation) -> String? {
        switch operation.result {
        case .view(let view, _)?, .restocked(let view)?:
            guard ledger.stocks[operation.item]?[view.version] == view.stock else {
                return "\(operation) of book \(operation.item) saw \(view), which it never was"
            }
        case .purchase(.order(let number, let sale))?:
            guard case .sold(sale, operation.item, _)? = ledger.decisions[operation.key] else {
                return "\(operation) was answered with sale \(sale), and there is no such sale"
            }
            guard number >= 1, number <= ledger.orders.count, ledger.orders[Int(number) - 1] == sale
            else { return "\(operation) was answered with order \(number), which is another one" }
        case .purchase(.outOfStock)?:
            guard case .refused(operation.item, _)? = ledger.decisions[operation.key] else {
                return "\(operation) was answered as refused, and was not"
            }
        case .purchase(.keyReused)?:
            guard let decision = ledger.decisions[operation.key], decision.item != operation.item
            else { return "\(operation) was told that its key was used for another book" }
        case .order(let sale)?:
            guard let sale, ledger.orders[Int(operation.item) - 1] == sale else {
                return "\(operation) found \(sale.map(String.init) ?? "nothing")"
            }
        case nil: break
        }
        return nil
    }

    /// What an operation says about a book: it was at that version, or was brought to it, at some
    /// moment between the two times.
    private struct Observation {
        var invoked: Int64
        var answered: Int64?
        var version: Int64
        var isWrite: Bool
        var text: String
    }

    /// Whether the operations on a book could have happened one after the other, each between its
    /// beginning and its end: the committed log says in which order the book's states came, so a
    /// sweep over the times is enough.
    private func fault(ofBook item: Int64) -> String? {
        var events: [(time: Int64, isEnd: Bool, seen: Observation)] = []
        for seen in observations(of: item) {
            events.append((seen.invoked, false, seen))
            if let answered = seen.answered { events.append((answered, true, seen)) }
        }
        events.sort { ($0.time, $0.isEnd ? 1 : 0) < ($1.time, $1.isEnd ? 1 : 0) }
        var newest: Observation?
        for (_, isEnd, seen) in events {
            if isEnd {
                if seen.version > newest?.version ?? .min { newest = seen }
            } else if let newest,
                seen.version < newest.version || (seen.isWrite && seen.version == newest.version)
            {
                return "not linearizable: (\(seen.text)) began after (\(newest.text)) had ended"
            }
        }
        return nil
    }

    private func observations(of item: Int64) -> [Observation] {
        var observations: [Observation] = []
        // A key is decided once, after it was first sent and before it was first answered.
        var buys: [String: Int] = [:]
        for operation in operations where operation.item == item {
            guard let (version, isWrite) = version(of: operation) else { continue }
            if operation.kind == .buy, let first = buys[operation.key] {
                observations[first].answered =
                    [observations[first].answered, operation.answered].compactMap { $0 }.min()
                continue
            }
            if operation.kind == .buy { buys[operation.key] = observations.count }
            observations.append(
                Observation(
                    invoked: operation.invoked, answered: operation.answered, version: version,
                    isWrite: isWrite, text: "\(operation), version \(version)"))
        }
        return observations
    }

    private func version(of operation: Judge.Operation) -> (Int64, isWrite: Bool)? {
        switch operation.kind {
        case .lookup:
            guard case .view(let view, _)? = operation.result else { return nil }
            return (view.version, false)
        case .buy:
            if case .purchase(.keyReused)? = operation.result { return nil }
            switch ledger.decisions[operation.key] {
            case .sold(_, operation.item, let version)?: return (version, true)
            case .refused(operation.item, let version)?: return (version, false)
            default: return nil
            }
        case .restock:
            // It may have been carried out more than once; the last time is the one answered.
            guard case .restocked(let view)? = operation.result else { return nil }
            return (view.version, false)
        case .order: return nil
        }
    }
}
