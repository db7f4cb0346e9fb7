/// Writes CSV (RFC 4180) as bytes; lines end in LF, which every reader takes.
public struct CSVText: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var isAtLineStart = true

    /// An empty text.
    public init() {}

    /// Forgets what was written, once it is sent.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// A field of text, quoted where it has to be.
    public mutating func field(_ text: String) { field(utf8: text.utf8) }

    /// A field of UTF-8 bytes, quoted where it has to be.
    public mutating func field(utf8: some Collection<UInt8>) {
        separate()
        // A field of nothing in a line of one field would be a blank line.
        let needsQuotes =
            utf8.isEmpty
            || utf8.contains { byte in
                byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0a
                    || byte == 0x0d
            }
        guard needsQuotes else {
            bytes.append(contentsOf: utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A whole number.
    public mutating func field(_ number: Int64) {
        separate()
        JSONText.append(decimal: number, to: &bytes)
    }

    /// An amount of money with two decimals.
    public mutating func field(cents: Int64) {
        separate()
        JSONText.append(cents: cents, to: &bytes)
    }

    /// Writes the header line, which holds nothing that needs quotes.
    public mutating func header(_ line: String) {
        bytes.append(contentsOf: line.utf8)
        endLine()
    }

    /// Ends the line.
    public mutating func endLine() {
        bytes.append(0x0a)
        isAtLineStart = true
    }

    private mutating func separate() {
        if !isAtLineStart { bytes.append(UInt8(ascii: ",")) }
        isAtLineStart = false
    }
}
