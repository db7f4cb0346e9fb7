internal import Bookstore

/// Hashes idempotency keys for their index: SipHash-1-3 under 128 random bits of the store, so that
/// a client cannot choose keys that all stand at one place (Aumasson and Bernstein, 2012).
struct KeySeed {
    private let first: UInt64
    private let second: UInt64

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        first = Self.word(bytes[..<8])
        second = Self.word(bytes[8...])
    }

    /// The hash of a key as the tables have it.
    func column(_ key: IdempotencyKey) -> Int64 {
        Int64(bitPattern: hash(key.bytes))
    }

    func hash(_ bytes: [UInt8]) -> UInt64 {
        var state = State(
            v0: first ^ 0x736f_6d65_7073_6575, v1: second ^ 0x646f_7261_6e64_6f6d,
            v2: first ^ 0x6c79_6765_6e65_7261, v3: second ^ 0x7465_6462_7974_6573)
        let whole = bytes.count & ~7
        for start in stride(from: 0, to: whole, by: 8) {
            state.add(Self.word(bytes[start..<start + 8]))
        }
        state.add(Self.word(bytes[whole...]) | UInt64(bytes.count) << 56)
        state.v2 ^= 0xff
        for _ in 0..<3 { state.round() }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        mutating func add(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        mutating func round() {
            v0 = v0 &+ v1
            v1 = v1 << 13 | v1 >> 51
            v1 ^= v0
            v0 = v0 << 32 | v0 >> 32
            v2 = v2 &+ v3
            v3 = v3 << 16 | v3 >> 48
            v3 ^= v2
            v0 = v0 &+ v3
            v3 = v3 << 21 | v3 >> 43
            v3 ^= v0
            v2 = v2 &+ v1
            v1 = v1 << 17 | v1 >> 47
            v1 ^= v2
            v2 = v2 << 32 | v2 >> 32
        }
    }
}
