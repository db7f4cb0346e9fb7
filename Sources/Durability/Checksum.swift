internal import Bookstore

/// Checksums that tell bytes that were written from bytes that a disk has changed.
package enum Checksum {
    package static func of(_ bytes: [UInt8]) -> UInt64 {
        var digest = Digest()
        digest.combine(bytes)
        return digest.value
    }

    package static func text(of bytes: [UInt8]) -> String {
        Hexadecimal.text(littleEndian(of(bytes)))
    }

    package static func littleEndian(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// Bytes as digits and back.
package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func text(_ bytes: [UInt8]) -> String {
        String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let nibbles = text.utf8.compactMap { digits.firstIndex(of: $0) }
        guard nibbles.count == text.utf8.count, nibbles.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: nibbles.count, by: 2).map {
            UInt8(nibbles[$0] << 4 | nibbles[$0 + 1])
        }
    }
}
