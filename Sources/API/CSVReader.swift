/// Reads CSV (RFC 4180) from a stream, a record at a time, in memory that does not grow with it.
///
/// Lines end in LF or CRLF; blank lines between records are passed over; a byte order mark at the
/// start too. What breaks the rules is reported with its line and column, and reading goes on
/// where that makes sense, so that a person sees all faults of a file at once.
/// docs/decisions/csv-reader.md says why it is not a library.
public struct CSVReader {
    /// Fills a buffer and says how many bytes it put there; 0 at the end.
    public typealias Source = (UnsafeMutableRawBufferPointer) throws(FileFault) -> Int

    /// One line of the file, or several where a quoted field runs over lines. Valid until the next
    /// is read: it is one buffer, filled again and again.
    public struct Record {
        fileprivate(set) var bytes: [UInt8] = []
        fileprivate(set) var ends: [Int] = []
        fileprivate(set) var starts: [CSVPosition] = []

        /// How many fields there are.
        public var count: Int { ends.count }

        /// The bytes of a field without its quotes: valid UTF-8.
        public subscript(field: Int) -> ArraySlice<UInt8> {
            bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
        }

        /// A field as text.
        public func text(_ field: Int) -> String { String(decoding: self[field], as: UTF8.self) }

        /// Where a field begins.
        public func position(of field: Int) -> CSVPosition { starts[field] }
    }

    /// The record that `next` read.
    public private(set) var record = Record()
    /// What broke the rules so far.
    public private(set) var faults = CSVFaults()

    private let source: Source
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    private var index = 0
    private var end = 0
    private var position = CSVPosition(line: 1, column: 1)
    private var hasBegun = false
    /// Where a carriage return stands that may be the first half of a line end.
    private var carriageReturn: CSVPosition?
    private var state = State.fieldStart
    private var quote = CSVPosition(line: 1, column: 1)

    private enum State { case fieldStart, plain, quoted, quoteInQuoted, broken }

    /// The longest record, in bytes: a quote that is never closed does not fill the memory.
    public static let maximumRecord = 1 << 20

    /// A reader of a stream.
    public init(_ source: @escaping Source) { self.source = source }

    /// A reader of bytes in memory.
    public init(_ bytes: [UInt8]) {
        var position = 0
        self.init { buffer throws(FileFault) in
            let count = min(buffer.count, bytes.count - position)
            buffer.copyBytes(from: bytes[position..<position + count])
            position += count
            return count
        }
    }

    /// Adds a fault that the meaning of a field has.
    public mutating func report(_ message: String, at position: CSVPosition) {
        faults.append(CSVFault(position: position, message: message))
    }

    /// Reads the next record; false at the end of the stream.
    public mutating func next() throws(FileFault) -> Bool {
        record.bytes.removeAll(keepingCapacity: true)
        record.ends.removeAll(keepingCapacity: true)
        record.starts.removeAll(keepingCapacity: true)
        state = .fieldStart
        while true {
            if index == end {
                guard try fill() else { return finishLast() }
            }
            if scan() {
                checkEncoding()
                return true
            }
        }
    }

    private mutating func fill() throws(FileFault) -> Bool {
        index = 0
        end = 0
        do {
            end = try chunk.withUnsafeMutableBytes { try source($0) }
        } catch let fault as FileFault {
            throw fault
        } catch {
            throw FileFault("\(error)")
        }
        if !hasBegun {
            hasBegun = true
            if chunk[..<end].starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
        }
        return end > 0
    }

    /// The stream ended; what stands in the buffer without a line end is a record too.
    private mutating func finishLast() -> Bool {
        if state == .quoted {
            report("the quoted field that begins here has no closing quote", at: quote)
        }
        if record.ends.isEmpty, state == .fieldStart { return false }
        if state == .fieldStart { record.starts.append(position) }
        record.ends.append(record.bytes.count)
        checkEncoding()
        state = .fieldStart
        return true
    }

    /// Goes through the chunk to the end of the record or of the chunk; true at the former. All of
    /// the file passes through this loop a byte at a time, so it stands in one piece.
    private mutating func scan() -> Bool {
        while index < end {
            let byte = chunk[index]
            index += 1
            let here = position
            if byte == 0x0a {
                position = CSVPosition(line: here.line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                position.column += 1
            }
            if state == .quoted {
                if byte == UInt8(ascii: "\"") {
                    state = .quoteInQuoted
                } else {
                    append(byte)
                }
                continue
            }
            if let carriageReturn, byte != 0x0a {
                report("a carriage return stands without a line feed", at: carriageReturn)
            }
            carriageReturn = nil
            switch byte {
            case 0x0a:
                if endRecord(at: here) { return true }
            case UInt8(ascii: ","):
                if state == .fieldStart { record.starts.append(here) }
                record.ends.append(record.bytes.count)
                state = .fieldStart
            case UInt8(ascii: "\""):
                readQuote(at: here)
            case 0x0d: carriageReturn = here
            default:
                if state == .quoteInQuoted {
                    report("something follows the closing quote", at: here)
                    state = .broken
                } else if state == .fieldStart {
                    record.starts.append(here)
                    state = .plain
                }
                append(byte)
            }
        }
        return false
    }

    private mutating func readQuote(at here: CSVPosition) {
        switch state {
        case .fieldStart:
            record.starts.append(here)
            quote = here
            state = .quoted
        case .quoteInQuoted:
            append(UInt8(ascii: "\""))
            state = .quoted
        case .plain:
            report("a quote stands inside a field that does not begin with one", at: here)
            state = .broken
        case .quoted, .broken: break
        }
    }

    private mutating func append(_ byte: UInt8) {
        guard record.bytes.count < CSVReader.maximumRecord else {
            if record.bytes.count == CSVReader.maximumRecord {
                record.bytes.append(0x20)
                report(
                    "the record is longer than \(CSVReader.maximumRecord) bytes",
                    at: record.starts.first ?? quote)
            }
            return
        }
        record.bytes.append(byte)
    }

    /// Ends the record at a line feed, unless the line is blank.
    private mutating func endRecord(at here: CSVPosition) -> Bool {
        if record.ends.isEmpty, state == .fieldStart { return false }
        if state == .fieldStart { record.starts.append(here) }
        record.ends.append(record.bytes.count)
        state = .fieldStart
        return true
    }

    private mutating func checkEncoding() {
        if record.bytes.allSatisfy({ $0 < 0x80 }) { return }
        for field in 0..<record.count
        where String(validating: record[field], as: UTF8.self) == nil {
            report("the field is not UTF-8", at: record.position(of: field))
        }
    }
}
