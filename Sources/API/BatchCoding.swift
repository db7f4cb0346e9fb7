/// Why bytes are not a batch.
public enum BatchFault: Error, Sendable, Equatable {
    /// The first byte names another version of the format.
    case unknownVersion(UInt8)
    /// The bytes end before the batch does, or it claims more items than they can hold.
    case tooShort
    /// Something follows the last item.
    case tooLong
    /// More items than a batch may have.
    case tooMany(Int)
    /// A field has a value that it cannot have.
    case outOfRange
}

/// Writes a version, a count, and big-endian numbers.
struct BatchWriter {
    var bytes: [UInt8] = []

    /// - Parameter bytesPerItem: how many an item has about.
    init(version: UInt8, count: Int, bytesPerItem: Int = 128) {
        bytes.reserveCapacity(8 + count * bytesPerItem)
        write(version)
        write(UInt32(count))
    }

    mutating func write(_ integer: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what `BatchWriter` wrote and believes none of its lengths.
struct BatchReader {
    private let all: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { all = bytes }

    /// Reads the version and the count, which must fit the bytes that are there.
    mutating func begin(version: UInt8, bytesPerItem: Int) throws(BatchFault) -> Int {
        let found = try integer(UInt8.self)
        guard found == version else { throw .unknownVersion(found) }
        let count = Int(try integer(UInt32.self))
        guard count <= BuyBatch.maximumCount else { throw .tooMany(count) }
        guard count * bytesPerItem <= all.count - position else { throw .tooShort }
        return count
    }

    mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(
        _ type: Integer.Type
    ) throws(BatchFault) -> Integer {
        let width = Integer.bitWidth / 8
        guard all.count - position >= width else { throw .tooShort }
        var integer: Integer = 0
        for byte in all[position..<position + width] {
            integer = width == 1 ? Integer(byte) : integer << 8 | Integer(byte)
        }
        position += width
        return integer
    }

    mutating func flag() throws(BatchFault) -> Bool {
        switch try integer(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .outOfRange
        }
    }

    mutating func bytes(count: Int) throws(BatchFault) -> [UInt8] {
        guard all.count - position >= count else { throw .tooShort }
        defer { position += count }
        return Array(all[position..<position + count])
    }

    func end() throws(BatchFault) {
        guard position == all.count else { throw .tooLong }
    }
}
