/// A digest of 64 bits that is the same on every server and in every release: FNV-1a, and the
/// finishing steps of SplitMix64 over it, which spread what FNV leaves in the low bits.
///
/// It tells states apart that differ by mistake, not by design: it is no cryptographic hash.
public struct Digest: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Makes the digest of nothing.
    public init() {}

    /// Adds the eight bytes of a number.
    public mutating func combine(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        for _ in 0..<8 {
            combine(byte: UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Adds bytes, and how many they are, so that neighbouring fields cannot run together.
    public mutating func combine(_ bytes: [UInt8]) {
        combine(Int64(bytes.count))
        for byte in bytes { combine(byte: byte) }
    }

    /// Adds the UTF-8 of a text.
    public mutating func combine(_ text: String) {
        combine(Int64(text.utf8.count))
        // Several times as fast as going through `utf8`.
        var text = text
        text.withUTF8 { for byte in $0 { combine(byte: byte) } }
    }

    /// The digest of what was added so far.
    public var value: UInt64 {
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private mutating func combine(byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
