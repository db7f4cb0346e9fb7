import TestSupport
import Testing

@testable import Storage

@Suite("Keys on their way into their index")
struct KeyStageTests {
    private typealias Slot = KeyStage.Slot

    /// What the stage is to be like: an index on a disk, and what was committed.
    private struct Model {
        var stage: KeyStage
        /// Hashes by sequence numbers, as `rows`.
        var index: [Int64: Int64] = [:]
        var rows: [Int64: Int64] = [:]
        var firstKept: Int64 = 1

        /// What a store does when it is opened.
        mutating func restart(limit: Int) {
            stage = KeyStage(through: stage.through, limit: limit)
            for (sequence, hash) in rows.sorted(by: { $0.key < $1.key })
            where sequence > stage.through {
                stage.load(Slot(hash: hash, sequence: sequence))
            }
            guard stage.count > limit else { return }
            stage.sort(firstKept: firstKept)
            for slot in stage.takeAllForIndex() { index[slot.sequence] = slot.hash }
            stage.commit()
            #expect(stage.count == 0)
        }

        /// Every kept key is found, in memory or in the index, and what the index lacks is what a
        /// restart reads again.
        func check() {
            for (sequence, hash) in rows {
                let isStaged = stage.sequences(of: hash).contains(sequence)
                #expect(isStaged || index[sequence] != nil)
                #expect(sequence > stage.through || index[sequence] != nil)
            }
            #expect(stage.last >= rows.keys.max() ?? 0)
        }
    }

    @Test(
        "No key is ever lost between memory and the index", arguments: 1...12 as ClosedRange<UInt64>
    )
    func agreesWithModel(seed: UInt64) throws {
        var random = Lottery(seed: seed)
        let limit = Int.random(in: 1...40, using: &random)
        var model = Model(stage: KeyStage(through: 0, limit: limit))
        for _ in 0..<250 {
            if model.stage.isFull { model.stage.sort(firstKept: model.firstKept) }
            var added: [Int64: Int64] = [:]
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                // Few hashes, so that many keys share one.
                let hash = Int64.random(in: -15...15, using: &random)
                added[model.stage.add(hash)] = hash
            }
            for (sequence, hash) in added {
                #expect(model.stage.sequences(of: hash).contains(sequence))
            }
            let entered = model.stage.takeForIndex()
            let passed = model.stage.passed
            let through = model.stage.throughAfterCommit
            if Int.random(in: 0..<4, using: &random) == 0 {
                model.stage.rollBack()
                for (sequence, hash) in added {
                    #expect(!model.stage.sequences(of: hash).contains(sequence))
                }
            } else {
                model.stage.commit()
                #expect(model.stage.through == through)
                for slot in entered { model.index[slot.sequence] = slot.hash }
                if let passed {
                    // One that shares its hash with the next to be entered is passed with that.
                    #expect(
                        entered.allSatisfy {
                            passed.hashes.contains($0.hash) || $0.hash == passed.hashes.upperBound
                        })
                    model.index = model.index.filter {
                        $0.key >= passed.keptFrom || !passed.hashes.contains($0.value)
                    }
                }
                model.rows.merge(added) { _, new in new }
            }
            // Some are forgotten, the first ones first.
            while Int.random(in: 0..<3, using: &random) == 0, model.firstKept < model.stage.last {
                model.rows[model.firstKept] = nil
                model.firstKept += 1
            }
            if Int.random(in: 0..<15, using: &random) == 0 { model.restart(limit: limit) }
            model.check()
            #expect(model.stage.count <= 2 * limit + 40)
        }
        #expect(model.stage.through > 0)
    }

    @Test("Each pass goes once through all hashes, where something is forgotten")
    func passes() {
        var stage = KeyStage(through: 0, limit: 8)
        for hash in 0..<8 as Range<Int64> { _ = stage.add(hash * 10) }
        stage.commit()
        #expect(stage.isFull)
        stage.sort(firstKept: 3)
        var next = Int64.min
        while stage.isEntering {
            let entered = stage.takeForIndex()
            // The first two are forgotten, and not entered any more.
            #expect(entered.allSatisfy { $0.sequence >= 3 })
            guard let passed = stage.passed else {
                Issue.record("nothing was passed")
                return
            }
            #expect(passed.hashes.lowerBound == next && passed.keptFrom == 3)
            next = passed.hashes.upperBound
            stage.commit()
        }
        #expect(next == .max)
        #expect(stage.through == 8)
        #expect(stage.count == 0)
        // The next one has nothing to remove, as long as nothing more is forgotten.
        for hash in 0..<8 as Range<Int64> { _ = stage.add(hash) }
        stage.commit()
        stage.sort(firstKept: 3)
        _ = stage.takeForIndex()
        #expect(stage.passed == nil)
    }

    @Test("All are entered before as many have gathered again")
    func keepsUp() {
        var stage = KeyStage(through: 0, limit: 1000)
        var hash: Int64 = 0
        for _ in 0..<5000 {
            if stage.isFull { stage.sort(firstKept: 1) }
            for _ in 0..<3 {
                hash &+= 0x1234_5678_9abc_def1
                _ = stage.add(hash)
            }
            _ = stage.takeForIndex()
            stage.commit()
            #expect(stage.count <= 2003)
        }
        #expect(stage.through >= 13_000)
    }

    @Test("More than were to gather are entered as fast")
    func backlog() {
        var stage = KeyStage(through: 0, limit: 100)
        for number in 1...1000 as ClosedRange<Int64> {
            stage.load(Slot(hash: number &* 0x5555_5555_5555, sequence: number))
        }
        stage.sort(firstKept: 1)
        for hash in 0..<100 as Range<Int64> {
            _ = stage.add(hash)
            _ = stage.takeForIndex()
            stage.commit()
        }
        #expect(stage.through == 1000)
    }

    @Test("A number is never given to a second key, also where all keys are forgotten")
    func numbers() {
        var stage = KeyStage(through: 7, limit: 2)
        #expect(stage.add(1) == 8)
        stage.rollBack()
        #expect(stage.add(2) == 8)
        stage.commit()
        #expect(stage.sequences(of: 1).isEmpty)
        #expect(stage.add(3) == 9)
        stage.commit()
        stage.sort(firstKept: .max)
        #expect(stage.count == 0)
        #expect(stage.throughAfterCommit == 9)
        #expect(stage.add(4) == 10)
    }
}
