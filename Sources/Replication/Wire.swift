/// Why bytes are not a message, an entry or a state of this protocol.
public enum WireError: Error, Hashable, Sendable {
    /// They end too soon.
    case truncated
    /// They go on behind the end.
    case trailingBytes
    /// They were written by another version of the format.
    case unknownVersion(UInt8)
    /// A tag, a count or a text at this offset is none that the format knows.
    case malformed(offset: Int)
}

/// The version of the format that this module writes and reads.
let wireVersion: UInt8 = 1

/// The most elements that any list other than an update's entries may have.
let wireListLimit = 1 << 20

/// Appends values to bytes: integers little-endian and fixed, lists and texts behind their count.
struct WireWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: UInt8) { bytes.append(value) }

    mutating func write(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func write(_ value: [UInt8]) {
        write(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func write(_ text: String) { write(Array(text.utf8)) }

    mutating func write<Value>(
        list values: [Value], _ writeOne: (inout WireWriter, Value) -> Void
    ) {
        write(UInt32(values.count))
        for value in values { writeOne(&self, value) }
    }

    mutating func write<Value>(
        optional value: Value?, _ writeOne: (inout WireWriter, Value) -> Void
    ) {
        write(value != nil)
        if let value { writeOne(&self, value) }
    }
}

/// Reads values from bytes that may be anything: every length is checked before it is used.
struct WireReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func uint8() throws(WireError) -> UInt8 {
        guard remaining >= 1 else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func uint32() throws(WireError) -> UInt32 {
        guard remaining >= 4 else { throw .truncated }
        var value: UInt32 = 0
        for place in 0..<4 { value |= UInt32(bytes[offset + place]) << UInt32(8 * place) }
        offset += 4
        return value
    }

    mutating func uint64() throws(WireError) -> UInt64 {
        guard remaining >= 8 else { throw .truncated }
        var value: UInt64 = 0
        for place in 0..<8 { value |= UInt64(bytes[offset + place]) << UInt64(8 * place) }
        offset += 8
        return value
    }

    /// A number that is counted up: of a view, an entry, a round. One that no store comes to in its
    /// life is none, for the next one would be out of range, and what is noted of it stays.
    mutating func ordinal() throws(WireError) -> UInt64 {
        let number = try uint64()
        guard number <= 1 << 62 else { throw .malformed(offset: offset - 8) }
        return number
    }

    mutating func bool() throws(WireError) -> Bool {
        switch try uint8() {
        case 0: return false
        case 1: return true
        default: throw .malformed(offset: offset - 1)
        }
    }

    mutating func byteArray() throws(WireError) -> [UInt8] {
        let count = Int(try uint32())
        guard count <= remaining else { throw .truncated }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    mutating func text() throws(WireError) -> String {
        let start = offset
        guard let text = String(validating: try byteArray(), as: UTF8.self) else {
            throw .malformed(offset: start)
        }
        return text
    }

    /// Reads a list whose elements take at least one byte each.
    mutating func list<Value>(
        _ readOne: (inout WireReader) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        let count = Int(try uint32())
        guard count <= remaining else { throw .truncated }
        guard count <= wireListLimit else { throw .malformed(offset: offset - 4) }
        var values: [Value] = []
        for _ in 0..<count { values.append(try readOne(&self)) }
        return values
    }

    mutating func optional<Value>(
        _ readOne: (inout WireReader) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        try bool() ? try readOne(&self) : nil
    }

    mutating func version() throws(WireError) {
        let version = try uint8()
        guard version == wireVersion else { throw .unknownVersion(version) }
    }

    func end() throws(WireError) {
        guard remaining == 0 else { throw .trailingBytes }
    }

    func malformed() -> WireError { .malformed(offset: offset) }
}
