import API
import TestSupport
import Testing

@Suite struct `Batches of lookups` {
    private let batch = LookupBatch([1, 7, .max, 1])
    private let results = LookupResults([
        .init(isSettled: true, body: Array("{}".utf8)), nil, .init(isSettled: false, body: []),
    ])

    @Test func `They come back as they went`() throws {
        #expect(try LookupBatch(decoding: batch.encoded) == batch)
        #expect(try LookupResults(decoding: results.encoded) == results)
        #expect(try LookupResults(decoding: LookupResults([]).encoded) == LookupResults([]))
    }

    @Test func `What was cut off, goes on or lies is refused`() {
        for length in 0..<batch.encoded.count {
            #expect(throws: BatchFault.self) {
                try LookupBatch(decoding: Array(batch.encoded.prefix(length)))
            }
        }
        for length in 0..<results.encoded.count {
            #expect(throws: BatchFault.self) {
                try LookupResults(decoding: Array(results.encoded.prefix(length)))
            }
        }
        #expect(throws: BatchFault.tooLong) { try LookupBatch(decoding: batch.encoded + [0]) }
        #expect(throws: BatchFault.tooMany(257)) {
            try LookupBatch(decoding: LookupBatch(Array(1...257)).encoded)
        }
        #expect(throws: BatchFault.outOfRange) { try LookupResults(decoding: [1, 0, 0, 0, 1, 3]) }
    }
}

@Suite struct `Batches of buys` {
    private let batch = BuyBatch([
        .init(
            idempotencyKey: Array("k1".utf8), itemNumber: 7, requestID: Array("r1".utf8),
            isClientKeyed: true),
        .init(
            idempotencyKey: [UInt8](repeating: 0xc3, count: 1020), itemNumber: .max, quantity: 3,
            requestID: [], isClientKeyed: false),
    ])
    private let results = BuyResults([
        .init(status: 201, isReplayed: false, orderNumber: 17, body: Array("{}".utf8)),
        .init(status: 409, isReplayed: true, orderNumber: 0, body: []),
    ])

    @Test func `A batch comes back as it went`() throws {
        #expect(try BuyBatch(decoding: batch.encoded) == batch)
        #expect(try BuyBatch(decoding: BuyBatch([]).encoded) == BuyBatch([]))
    }

    @Test func `Results come back as they went`() throws {
        #expect(try BuyResults(decoding: results.encoded) == results)
    }

    @Test func `A batch that was cut off anywhere is refused`() {
        for length in 0..<batch.encoded.count {
            #expect(throws: BatchFault.self) {
                try BuyBatch(decoding: Array(batch.encoded.prefix(length)))
            }
        }
        for length in 0..<results.encoded.count {
            #expect(throws: BatchFault.self) {
                try BuyResults(decoding: Array(results.encoded.prefix(length)))
            }
        }
    }

    @Test func `Nothing may follow`() {
        #expect(throws: BatchFault.tooLong) { try BuyBatch(decoding: batch.encoded + [0]) }
    }

    @Test func `Another version is refused`() {
        var bytes = batch.encoded
        bytes[0] = 9
        #expect(throws: BatchFault.unknownVersion(9)) { try BuyBatch(decoding: bytes) }
    }

    @Test func `Counts and lengths are not believed`() {
        #expect(throws: BatchFault.tooShort) {
            try BuyBatch(decoding: [1, 0, 0, 255, 255])
        }
        #expect(throws: BatchFault.tooMany(Int(UInt32.max))) {
            try BuyBatch(decoding: [1, 255, 255, 255, 255])
        }
    }

    @Test func `No bytes at all make it stop`() {
        var generator = Lottery(seed: 7)
        for _ in 0..<20_000 {
            var bytes = batch.encoded
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? BuyBatch(decoding: bytes)
            _ = try? BuyResults(decoding: bytes)
        }
    }
}
