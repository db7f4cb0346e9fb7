import Bookstore
import Durability
import Replication
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("The index of keys on the disk")
struct KeyIndexTests {
    private let temporary = TemporaryFolder()

    private func open(_ name: String = "data") throws -> (LogStore, CatalogStore) {
        let directory = try DataDirectory(path: temporary(name), name: "catalogServer1")
        let log = try LogStore(directory)
        return (log, try CatalogStore(directory, log, keysGathered: 50))
    }

    private func number(_ sql: String, in store: CatalogStore) throws -> Int64 {
        let file = store.file
        return try file.longRead { connection throws(StorageError) in
            let select = try PreparedStatement(sql, connection, file: file.path)
            defer { select.reset() }
            return try select.step() ? select.number(at: 0) : 0
        }
    }

    /// Keys that neither the index has nor a restart would read.
    private let lost = """
        SELECT count(*) FROM keys WHERE seq <= (SELECT keys_through FROM catalog) AND NOT EXISTS (
            SELECT 1 FROM key_index WHERE key_index.hash = keys.hash AND key_index.seq = keys.seq)
        """
    /// Entries of the index whose keys are forgotten.
    private let stale = "SELECT count(*) FROM key_index WHERE seq NOT IN (SELECT seq FROM keys)"

    private func isReplay(_ outcome: CatalogOutcome?) -> Bool {
        guard case .sale(_, replayed: true)? = outcome else { return false }
        return true
    }

    @Test("A key is found from the moment it is used, wherever it is, and after every crash")
    func foundEverywhere() throws {
        var (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 100_000)) }
        var index: LogIndex = 0
        var copies = 0
        for batch in 0..<60 {
            let first = index
            let entries = (1...10).map { entry(first + $0, buy("key \(first + $0)", 1)) }
            index += 10
            try log.append(entries)
            _ = try store.prepare(entries)
            if batch % 7 == 3 {
                // A process that is killed with a transaction open.
                copies += 1
                copyDirectory(
                    temporary(copies == 1 ? "data" : "copy \(copies - 1)"),
                    to: temporary("copy \(copies)"))
                (log, store) = try open("copy \(copies)")
                #expect(store.applied.index == first)
                _ = try store.apply(entries)
            } else {
                try store.commitPrepared()
            }
            if batch % 9 == 0 { _ = try store.checkpoint() }
            #expect(try number(lost, in: store) == 0)
        }
        #expect(try number("SELECT keys_through FROM catalog", in: store) >= 500)
        let repeats = (1...600).map { entry(index + $0, buy("key \($0)", 1)) }
        try log.append(repeats)
        let outcomes = try store.apply(repeats)
        #expect(outcomes.allSatisfy { isReplay($0) })
        #expect(try store.book(1)?.stock == 100_000 - 600)
    }

    @Test("Forgotten keys leave the index, and nothing else does")
    func forgotten() throws {
        let (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 100_000)) }
        // A key every five minutes: those of a day are kept.
        for index in 1...2000 as ClosedRange<UInt64> {
            let entries = [entry(index, buy("key \(index)", 1, at: Int64(index) * 300_000))]
            try log.append(entries)
            _ = try store.apply(entries)
        }
        #expect(try number(lost, in: store) == 0)
        let kept = try number("SELECT count(*) FROM keys", in: store)
        #expect((280...400).contains(kept))
        // What was forgotten during the last two passes, a pass of 50 keys each, may still be
        // there.
        #expect(try number(stale, in: store) <= 200)
        let repeats = [
            entry(2001, buy("key 1", 1, at: 600_000_000)),
            entry(2002, buy("key 1990", 1, at: 600_000_000)),
        ]
        try log.append(repeats)
        let outcomes = try store.apply(repeats)
        #expect(!isReplay(outcomes[0]) && isReplay(outcomes[1]))
    }

    @Test("Keys that are all forgotten leave no number that a later key could be taken for")
    func allForgotten() throws {
        var index: LogIndex = 0
        func sell(_ text: String, at time: Int64, _ log: LogStore, _ store: CatalogStore) throws
            -> CatalogOutcome?
        {
            index += 1
            let entries = [entry(index, buy(text, 1, at: time))]
            try log.append(entries)
            return try store.apply(entries).first
        }
        do {
            let (log, store) = try open()
            try store.importBooks { try $0(book(1, stock: 100_000)) }
            for number in 1...120 { _ = try sell("early \(number)", at: 0, log, store) }
            try store.file.write { connection throws(StorageError) in
                try PreparedStatement(
                    "DELETE FROM keys", connection, file: store.file.path
                ).run()
            }
        }
        do {
            let (log, store) = try open()
            let through = try number("SELECT keys_through FROM catalog", in: store)
            #expect(through >= 50)
            for number in 1...30 { _ = try sell("late \(number)", at: 1, log, store) }
            #expect(try number("SELECT min(seq) FROM keys", in: store) > through)
        }
        let (log, store) = try open()
        for number in 1...30 {
            #expect(isReplay(try sell("late \(number)", at: 2, log, store)))
        }
        #expect(!isReplay(try sell("early 1", at: 2, log, store)))
    }

    @Test("Keys whose hashes are equal are told apart by their bytes, in memory and in the index")
    func equalHashes() throws {
        do {
            let (log, store) = try open()
            try store.importBooks { try $0(book(1, stock: 1000)) }
            let entries = (1...70).map { entry($0, buy("key \($0)", 1)) }
            try log.append(entries)
            for entry in entries { _ = try store.apply([entry]) }
            // No two keys with one hash can be found in a test's time: make some.
            try store.file.write { connection throws(StorageError) in
                for sql in [
                    "UPDATE keys SET hash = (SELECT hash FROM keys WHERE seq = 70)",
                    "DELETE FROM key_index", "UPDATE catalog SET keys_through = 0",
                ] {
                    try PreparedStatement(sql, connection, file: store.file.path).run()
                }
            }
        }
        let (log, store) = try open()
        // Key 70 has the hash that it is looked for by; so had the others none of theirs.
        let repeats = [entry(71, buy("key 70", 1)), entry(72, buy("key 69", 1))]
        try log.append(repeats)
        for round in 0..<2 {
            let outcomes = try store.prepare(repeats)
            #expect(isReplay(outcomes[0]) && !isReplay(outcomes[1]))
            if round == 0 { store.discardPrepared() } else { try store.commitPrepared() }
        }
        // Long enough for all of them to be entered.
        for index in 73...200 as ClosedRange<UInt64> {
            let entries = [entry(index, buy("key \(index)", 1))]
            try log.append(entries)
            _ = try store.apply(entries)
        }
        #expect(try number("SELECT keys_through FROM catalog", in: store) >= 70)
        let last = [entry(201, buy("key 70", 1)), entry(202, buy("key 69", 1))]
        try log.append(last)
        #expect(try store.apply(last).allSatisfy { isReplay($0) })
    }

    @Test("A snapshot brings its own keys, those in its index and those that are not")
    func snapshot() throws {
        let (log, from) = try open()
        try from.importBooks { try $0(book(1, stock: 1000)) }
        let entries = (1...130).map { entry($0, buy("key \($0)", 1)) }
        try log.append(entries)
        for start in stride(from: 0, to: 130, by: 10) {
            _ = try from.apply(Array(entries[start..<start + 10]))
        }
        let (otherLog, to) = try open("taker")
        let own = (1...60).map { entry($0, buy("own \($0)", 1)) }
        try otherLog.append(own)
        _ = try to.apply(own)
        try to.installSnapshot(from.writeSnapshot(to: to.incomingPath))
        let next = (1...130).map { entry(130 + $0, buy("key \($0)", 1)) }
        try otherLog.append(next)
        #expect(try to.apply(next).allSatisfy { isReplay($0) })
        #expect(try to.use(of: key("own 1")) == nil)
        #expect(try number(lost, in: to) == 0)
    }

    @Test("Entries that fail behind a buy leave none of its keys")
    func failedPreparation() throws {
        let (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 1000)) }
        let first = (1...40).map { entry($0, buy("key \($0)", 1)) }
        try log.append(first)
        _ = try store.apply(first)
        for _ in 0..<3 {
            // As a later release writes them.
            let last = Entry(index: 43, view: 1, keys: [], payload: [255, 255, 255])
            let failing = [entry(41, buy("lost", 1)), entry(42, buy("key 1", 1)), last]
            #expect(throws: StorageError.self) { _ = try store.prepare(failing) }
        }
        #expect(try number("SELECT count(*) FROM keys", in: store) == 40)
        let rest = (41...200).map { entry($0, buy("key \($0)", 1)) } + [entry(201, buy("lost", 1))]
        try log.append(rest)
        let outcomes = try store.apply(rest)
        #expect(!outcomes.contains { isReplay($0) })
        #expect(try store.book(1)?.stock == 1000 - 201)
        #expect(try store.audit().faults == [])
        #expect(try number("SELECT max(seq) FROM keys", in: store) == 201)
    }

    @Test("A key with two rows is answered by the first of them, wherever both are")
    func twoRows() throws {
        func answers(_ name: String, reopenedAt: Int?) throws -> [CatalogOutcome] {
            var (log, store) = try open(name)
            try store.importBooks { put in
                try put(book(1, stock: 0))
                try put(book(2, stock: 10_000))
            }
            var index: LogIndex = 0
            func apply(_ operation: CatalogOperation) throws -> CatalogOutcome? {
                index += 1
                try log.append([entry(index, operation)])
                return try store.apply([entry(index, operation)]).first
            }
            _ = try apply(buy("twice", 1))
            for number in 1...60 { _ = try apply(buy("before \(number)", 2)) }
            _ = try apply(
                .restoreSale(
                    Sale(
                        saleNumber: 500, itemNumber: 1, title: "T", topic: "T", cost: Cents(1),
                        time: 1000, key: key("twice"), quantity: 1)))
            var answers: [CatalogOutcome] = []
            for number in 1...150 {
                if number == reopenedAt {
                    copyDirectory(temporary(name), to: temporary(name + " copy"))
                    (log, store) = try open(name + " copy")
                }
                if let answer = try apply(buy("twice", 1)) { answers.append(answer) }
                _ = try apply(buy("after \(number)", 2))
            }
            let use = try store.use(of: key("twice"))
            if case .refused? = use?.result {} else { Issue.record("\(String(describing: use))") }
            return answers
        }
        let one = try answers("one", reopenedAt: nil)
        #expect(one.count == 150 && Set(one).count == 1)
        #expect(try answers("other", reopenedAt: 20) == one)
    }

    @Test("A store that is opened again and again comes to the end of its rounds all the same")
    func reopened() throws {
        var index: LogIndex = 0
        for _ in 0..<12 {
            let (log, store) = try open()
            if index == 0 { try store.importBooks { try $0(book(1, stock: 100_000)) } }
            for _ in 0..<35 {
                index += 1
                let entries = [entry(index, buy("key \(index)", 1))]
                try log.append(entries)
                _ = try store.apply(entries)
            }
            #expect(try number(lost, in: store) == 0)
        }
        let (_, store) = try open()
        let behind = try number(
            "SELECT count(*) FROM keys WHERE seq > (SELECT keys_through FROM catalog)", in: store)
        #expect(behind <= 50)
        #expect(try number("SELECT count(*) FROM key_index", in: store) >= 370)
    }

    @Test("Books are kept in memory up to a limit, and never beyond a transaction taken back")
    func books() throws {
        let (log, store) = try open()
        try store.importBooks { put in
            for number in 1...3000 { try put(book(Int64(number), stock: 5)) }
        }
        var kept: Int { store.memory.withLock { $0?.books.count ?? 0 } }
        for index in 1...3000 as ClosedRange<UInt64> {
            let entries = [entry(index, buy("key \(index)", Int64(index)))]
            try log.append(entries)
            _ = try store.apply(entries)
            #expect(kept <= 1024)
        }
        #expect(kept > 0)
        _ = try store.prepare([entry(3001, buy("other", 3000))])
        store.discardPrepared()
        #expect(kept == 0)
    }
}
