/// Writes compact JSON as bytes: no tree, no reflection, members in the order they are written.
///
///     var text = JSONText()
///     text.object { book in
///         book.member("itemNumber", 1)
///         book.member("cost", cents: 1000)
///     }
///     // {"itemNumber":1,"cost":10.00}
public struct JSONText: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// An empty text with room for so many bytes.
    public init(reservingCapacity capacity: Int = 160) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// An object as the document or as the next element.
    public mutating func object(_ write: (inout JSONText) throws -> Void) rethrows {
        try nested(UInt8(ascii: "{"), UInt8(ascii: "}"), write)
    }

    /// An array as the document or as the next element.
    public mutating func array(_ write: (inout JSONText) throws -> Void) rethrows {
        try nested(UInt8(ascii: "["), UInt8(ascii: "]"), write)
    }

    /// A member that is an object.
    public mutating func object(
        _ name: String, _ write: (inout JSONText) throws -> Void
    ) rethrows {
        begin(name)
        try object(write)
    }

    /// A member that is an array.
    public mutating func array(
        _ name: String, _ write: (inout JSONText) throws -> Void
    ) rethrows {
        begin(name)
        try array(write)
    }

    /// A member that is a string.
    public mutating func member(_ name: String, _ string: String) {
        begin(name)
        element(string)
    }

    /// A member that is a string of UTF-8 bytes.
    public mutating func member(_ name: String, utf8: some Collection<UInt8>) {
        begin(name)
        element(utf8: utf8)
    }

    /// A member that is a whole number.
    public mutating func member(_ name: String, _ integer: some BinaryInteger) {
        begin(name)
        element(integer)
    }

    /// A member that is a number; one that JSON cannot write becomes `null`.
    public mutating func member(_ name: String, _ number: Double) {
        begin(name)
        comma()
        bytes.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
    }

    /// A member that is a truth value.
    public mutating func member(_ name: String, _ bool: Bool) {
        begin(name)
        comma()
        bytes.append(contentsOf: (bool ? "true" : "false").utf8)
    }

    /// A member that is an amount of money, written with two decimals.
    public mutating func member(_ name: String, cents: Int64) {
        begin(name)
        comma()
        JSONText.append(cents: cents, to: &bytes)
    }

    /// A member that is `null`.
    public mutating func null(_ name: String) {
        begin(name)
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A member whose value is JSON already.
    public mutating func member(_ name: String, json: some Collection<UInt8>) {
        begin(name)
        comma()
        bytes.append(contentsOf: json)
    }

    /// An element that is a string.
    public mutating func element(_ string: String) {
        comma()
        JSONText.append(quoted: string, to: &bytes)
    }

    /// An element that is a string of UTF-8 bytes.
    public mutating func element(utf8: some Collection<UInt8>) {
        comma()
        JSONText.append(quotedUTF8: utf8, to: &bytes)
    }

    /// An element that is a whole number.
    public mutating func element(_ integer: some BinaryInteger) {
        comma()
        JSONText.append(decimal: Int64(clamping: integer), to: &bytes)
    }

    /// An element that is JSON already.
    public mutating func element(json: some Collection<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    private mutating func begin(_ name: String) {
        comma()
        JSONText.append(quoted: name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func nested(
        _ opening: UInt8, _ closing: UInt8, _ write: (inout JSONText) throws -> Void
    ) rethrows {
        comma()
        bytes.append(opening)
        needsComma = false
        try write(&self)
        bytes.append(closing)
        needsComma = true
    }
}
