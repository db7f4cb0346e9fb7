/// A CSV text as RFC 4180 has it: read by the tests' own hand, not by the code under test.
struct CSVTable: Equatable, Sendable {
    var header: [String]
    var rows: [[String]]

    init(_ text: String) throws {
        var records: [[String]] = []
        var record: [String] = []
        var field = ""
        var isQuoted = false
        var scalars = Array(text.unicodeScalars)[...]
        func endRecord() {
            record.append(field)
            records.append(record)
            (record, field) = ([], "")
        }
        while let scalar = scalars.popFirst() {
            if isQuoted {
                if scalar != "\"" {
                    field.unicodeScalars.append(scalar)
                } else if scalars.first == "\"" {
                    scalars.removeFirst()
                    field.unicodeScalars.append("\"")
                } else {
                    isQuoted = false
                }
                continue
            }
            switch scalar {
            case "\"": isQuoted = true
            case ",":
                record.append(field)
                field = ""
            case "\r": break
            case "\n": endRecord()
            default: field.unicodeScalars.append(scalar)
            }
        }
        if isQuoted { throw HarnessError("a quoted field does not end") }
        if !field.isEmpty || !record.isEmpty { endRecord() }
        guard let first = records.first else { throw HarnessError("a CSV without a header") }
        header = first
        rows = Array(records.dropFirst())
        for row in rows where row.count != header.count {
            throw HarnessError("a row of \(row.count) fields under a header of \(header.count)")
        }
    }
}
