import MonotonicTime
import ServerRuntime
import Testing

@Suite("Faults that come again")
struct RepeatedFaultsTests {
    private func time(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 0) + .seconds(seconds)
    }

    @Test("A fault is told at once, then every ten seconds with how often it came")
    func repeated() {
        let faults = RepeatedFaults()
        #expect(faults.text("full", at: time(1)) == "full")
        for second in 2...10 { #expect(faults.text("full", at: time(Double(second))) == nil) }
        #expect(faults.text("other", at: time(5)) == "other")
        #expect(
            faults.text("full", at: time(11)) == "full (and 9 times more since this was last said)")
        #expect(faults.text("full", at: time(30)) == "full")
    }

    @Test("Of many different faults the oldest are forgotten")
    func many() {
        let faults = RepeatedFaults()
        for number in 0..<64 { _ = faults.text("\(number)", at: time(Double(number) / 100)) }
        #expect(faults.text("64", at: time(1)) == "64")
        #expect(faults.text("63", at: time(1)) == nil)
        #expect(faults.text("0", at: time(1)) == "0")
    }
}
