internal import TestSupport
internal import Testing

/// The judge is judged: what it must refuse, what it must accept, and that it agrees with a search
/// through every order of small histories.
struct BookHistoryTests {
    private typealias Operation = BookHistory.Operation

    private func fault(stock: Int, _ operations: [Operation]) -> String? {
        BookHistory(openingStock: stock, operations: operations).fault
    }

    @Test func `One buy after another, each seen by the next lookup, is accepted`() {
        #expect(
            fault(
                stock: 2,
                [
                    Operation(.saw(2), from: 0, to: 1), Operation(.sold, from: 2, to: 3),
                    Operation(.saw(1), from: 4, to: 5), Operation(.sold, from: 6, to: 7),
                    Operation(.saw(0), from: 8, to: 9), Operation(.refused, from: 10, to: 11),
                ]) == nil)
    }

    @Test func `A lookup that began after a buy's answer and does not show it is refused`() {
        let fault = fault(
            stock: 5, [Operation(.sold, from: 0, to: 10), Operation(.saw(5), from: 11, to: 12)])
        #expect(fault?.contains("saw(5)") == true)
    }

    @Test(arguments: [4, 5])
    func `A lookup beside a buy may show it or not`(_ seen: Int) {
        #expect(
            fault(
                stock: 5,
                [Operation(.sold, from: 0, to: 10), Operation(.saw(seen), from: 3, to: 4)]
            ) == nil)
    }

    @Test func `Two lookups that see a buy and then do not see it are refused`() {
        #expect(
            fault(
                stock: 5,
                [
                    Operation(.sold, from: 0, to: 100), Operation(.saw(4), from: 10, to: 20),
                    Operation(.saw(5), from: 30, to: 40),
                ]) != nil)
        // Beside each other they are in either order.
        #expect(
            fault(
                stock: 5,
                [
                    Operation(.sold, from: 0, to: 100), Operation(.saw(4), from: 10, to: 35),
                    Operation(.saw(5), from: 30, to: 40),
                ]) == nil)
    }

    @Test func `A lost buy is refused: the stock is higher than the answers allow`() {
        #expect(
            fault(
                stock: 5,
                [
                    Operation(.sold, from: 0, to: 1), Operation(.sold, from: 2, to: 3),
                    Operation(.saw(4), from: 10, to: 11),
                ]) != nil)
    }

    @Test func `A doubled buy is refused: the stock is lower than the answers allow`() {
        #expect(
            fault(
                stock: 5, [Operation(.sold, from: 0, to: 1), Operation(.saw(3), from: 10, to: 11)])
                != nil)
    }

    @Test func `A buy without stock, and a refusal with stock, are refused`() {
        #expect(fault(stock: 0, [Operation(.sold, from: 0, to: 1)]) != nil)
        #expect(fault(stock: 1, [Operation(.refused, from: 0, to: 1)]) != nil)
        // One of two buys of the last copy is refused, and either may be it.
        let race = [Operation(.sold, from: 0, to: 10), Operation(.refused, from: 0, to: 10)]
        #expect(fault(stock: 1, race) == nil)
        #expect(fault(stock: 1, race + [Operation(.refused, from: 5, to: 6)]) == nil)
        #expect(fault(stock: 2, race) != nil)
    }

    @Test func `An unanswered buy may have happened at any later time, or never, but only once`() {
        let unanswered = Operation(.mayHaveSold, from: 0, to: .max)
        #expect(fault(stock: 5, [unanswered, Operation(.saw(5), from: 90, to: 91)]) == nil)
        let late = [Operation(.saw(5), from: 90, to: 91), Operation(.saw(4), from: 92, to: 93)]
        #expect(fault(stock: 5, [unanswered] + late) == nil)
        let undone = late + [Operation(.saw(5), from: 94, to: 95)]
        #expect(fault(stock: 5, [unanswered] + undone) != nil)
        let twice = late + [Operation(.saw(3), from: 94, to: 95)]
        #expect(fault(stock: 5, [unanswered] + twice) != nil)
    }

    @Test func `An unanswered buy that is in the books must have its moment`() {
        let inBooks = Operation(.sold, from: 0, to: .max)
        #expect(fault(stock: 5, [inBooks, Operation(.saw(4), from: 90, to: 91)]) == nil)
        #expect(fault(stock: 0, [inBooks]) != nil)
        // The books at the end show all of it.
        #expect(fault(stock: 5, [inBooks, Operation(.saw(5), from: 90, to: .max - 1)]) == nil)
        #expect(
            fault(stock: 1, [inBooks, inBooks, Operation(.saw(0), from: 90, to: 91)]) != nil)
    }

    @Test func `A restock is seen by what follows it, and fills up from what it says it did`() {
        let restock = Operation(.restocked(level: 50, added: 2), from: 10, to: 20)
        let sales = [Operation(.sold, from: 0, to: 1), Operation(.sold, from: 2, to: 3)]
        #expect(fault(stock: 50, sales + [restock, Operation(.saw(50), from: 30, to: 31)]) == nil)
        #expect(fault(stock: 50, sales + [restock, Operation(.saw(48), from: 30, to: 31)]) != nil)
        #expect(fault(stock: 50, sales.dropLast() + [restock]) != nil)
        let idle = Operation(.restocked(level: 50, added: 0), from: 10, to: 20)
        #expect(fault(stock: 50, [idle]) == nil)
        #expect(fault(stock: 50, [sales[0], idle]) != nil)
        let unknown = Operation(.mayHaveRestocked(level: 50), from: 10, to: .max)
        for seen in [48, 50] {
            let look = Operation(.saw(seen), from: 90, to: 91)
            #expect(fault(stock: 50, sales + [unknown, look]) == nil)
        }
        #expect(fault(stock: 50, sales + [unknown, Operation(.saw(49), from: 90, to: 91)]) != nil)
    }

    @Test func `What touches in time overlaps`() {
        #expect(
            fault(
                stock: 5, [Operation(.sold, from: 0, to: 10), Operation(.saw(5), from: 10, to: 11)])
                == nil)
    }

    /// The definition itself, for small histories: any order that keeps what is apart in time
    /// apart.
    private func hasOrder(stock: Int, _ left: [Operation]) -> Bool {
        if left.allSatisfy(\.isOptional) { return true }
        for (index, operation) in left.enumerated() {
            // Something else ended before this began: it is not its turn yet.
            if left.contains(where: { $0.end < operation.start }) { continue }
            var rest = left
            rest.remove(at: index)
            let next: Int? =
                switch operation.effect {
                case .saw(let seen): stock == seen ? stock : nil
                case .sold, .mayHaveSold: stock > 0 ? stock - 1 : nil
                case .refused: stock == 0 ? 0 : nil
                case .restocked(let level, added: 0): stock >= level ? stock : nil
                case .restocked(let level, let added): stock == level - added ? level : nil
                case .mayHaveRestocked(let level): max(level, stock)
                }
            if let next, hasOrder(stock: next, rest) { return true }
        }
        return false
    }

    @Test func `It says of thousands of small histories what a search through all orders says`() {
        var random = Lottery(seed: 677)
        var verdicts = [true: 0, false: 0]
        for _ in 0..<4000 {
            let stock = Int.random(in: 0...3, using: &random)
            let operations = (0..<Int.random(in: 1...7, using: &random)).map { _ in
                let start = Int64.random(in: 0...20, using: &random)
                let end = start + Int64.random(in: 0...12, using: &random)
                switch Int.random(in: 0..<12, using: &random) {
                case 0: return Operation(.refused, from: start, to: end)
                case 1: return Operation(.mayHaveSold, from: start, to: .max)
                case 2: return Operation(.sold, from: start, to: .max)
                case 3:
                    let added = Int.random(in: 0...2, using: &random)
                    return Operation(.restocked(level: 3, added: added), from: start, to: end)
                case 4: return Operation(.mayHaveRestocked(level: 3), from: start, to: .max)
                case 5...8: return Operation(.sold, from: start, to: end)
                default:
                    let seen = Int.random(in: 0...stock, using: &random)
                    return Operation(.saw(seen), from: start, to: end)
                }
            }
            let truth = hasOrder(stock: stock, operations)
            let fault = fault(stock: stock, operations)
            #expect((fault == nil) == truth, "\(stock): \(operations)")
            verdicts[truth, default: 0] += 1
        }
        // Both kinds of history are among them.
        #expect(verdicts.values.allSatisfy { $0 > 500 }, "\(verdicts)")
    }

    @Test func `Tens of thousands of operations of a real book are judged, and one lie is found`() {
        var random = Lottery(seed: 1)
        var stock = 100_000
        var time: Int64 = 0
        var operations: [Operation] = []
        // Sixteen clients: each operation has its moment at `time`, and overlaps its neighbours.
        for _ in 0..<30_000 {
            time += 10
            let start = time - Int64.random(in: 1...80, using: &random)
            let end = time + Int64.random(in: 1...80, using: &random)
            if Int.random(in: 0..<3, using: &random) == 0 {
                stock -= 1
                operations.append(Operation(.sold, from: start, to: end))
            } else {
                operations.append(Operation(.saw(stock), from: start, to: end))
            }
        }
        #expect(fault(stock: 100_000, operations) == nil)
        operations.append(Operation(.saw(stock + 1), from: time + 100, to: time + 101))
        #expect(fault(stock: 100_000, operations) != nil)
    }
}
