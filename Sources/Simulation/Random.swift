/// A seeded generator (SplitMix64), and the draws that a simulation needs.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True with that probability.
    mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

    /// A number from 0 up to 1.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// A whole number of a range.
    mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// A number between two, evenly spread.
    mutating func real(_ low: Double, _ high: Double) -> Double { low + (high - low) * fraction() }

    /// An element.
    mutating func element<Element>(_ elements: [Element]) -> Element {
        elements[integer(0...elements.count - 1)]
    }

    private func root(_ value: Double) -> Double {
        value.squareRoot().squareRoot().squareRoot()
    }
}
