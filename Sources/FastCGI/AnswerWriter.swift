internal import CFastCGI

/// Writes an answer piece by piece into libfcgi's buffer, with nothing in between.
///
/// Lives only inside the closure of ``Responder/send(_:)``. Errors are kept until the answer is
/// finished, so that nothing needs to be checked in between.
public struct AnswerWriter: ~Copyable {
    private let stream: UnsafeMutablePointer<FCGX_Stream>

    init(_ stream: UnsafeMutablePointer<FCGX_Stream>) {
        self.stream = stream
    }

    /// Writes bytes.
    public borrowing func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { put($0) }
    }

    /// Writes a part of an array.
    public borrowing func write(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { put($0) }
    }

    /// Writes bytes that somebody else owns.
    public borrowing func write(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { put($0) }
    }

    /// Writes a literal.
    public borrowing func write(_ text: StaticString) {
        put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes a number in decimal.
    public borrowing func write(decimal number: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = 20
            var rest = number
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            put(UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    private borrowing func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard var next = UnsafeRawPointer(bytes.baseAddress) else { return }
        var left = bytes.count
        while left > 0 {
            // libfcgi counts in C's int.
            let count = min(left, 1 << 30)
            let written = FCGX_PutStr(
                next.assumingMemoryBound(to: CChar.self), Int32(count), stream)
            guard written == Int32(count) else { return }
            next += count
            left -= count
        }
    }
}
