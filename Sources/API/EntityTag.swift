/// Entity tags (RFC 9110, section 8.8.3): strong ones, made of the bytes of a body.
public enum EntityTag {
    /// The tag of a body: its FNV-1a hash of 128 bits in quotes. Bodies of one book that differ
    /// have different tags but for a chance of 2⁻¹²⁸.
    public static func of(_ body: [UInt8]) -> String {
        let hash = body.withUnsafeBufferPointer { bytes in
            var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
            for byte in bytes {
                hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
            }
            return hash
        }
        return String(unsafeUninitializedCapacity: 34) { text in
            text[0] = UInt8(ascii: "\"")
            for place in 0..<32 {
                let digit = UInt8(truncatingIfNeeded: hash >> UInt128(4 * (31 - place))) & 0xf
                text[place + 1] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            text[33] = UInt8(ascii: "\"")
            return 34
        }
    }

    /// Whether the value of `If-None-Match` names a tag: `*`, or a list compared weakly.
    public static func list(_ header: [UInt8], names tag: String) -> Bool {
        let tag = Array(tag.utf8)
        for part in header.split(separator: UInt8(ascii: ",")) {
            var part = part.drop { $0 == 0x20 || $0 == 0x09 }
            while let last = part.last, last == 0x20 || last == 0x09 { part.removeLast() }
            if part.elementsEqual("*".utf8) { return true }
            if part.starts(with: "W/".utf8) { part = part.dropFirst(2) }
            if part.elementsEqual(tag) { return true }
        }
        return false
    }
}
