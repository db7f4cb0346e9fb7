/// Columns that stand below each other.
enum Table {
    /// A header and its rows; columns of numbers stand to the right.
    /// - Parameter width: how long a line may be, where there is an edge: the widest columns of
    ///   text are cut off, by an ellipsis, until lines fit.
    static func text(header: [String], rows: [[String]], width: Int? = nil) -> String {
        let all = [header] + rows
        let isNumeric = header.indices.map { column in
            rows.allSatisfy { $0[column] == "-" || Double($0[column]) != nil }
        }
        var widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        if let width { shrink(&widths, isNumeric, to: width) }
        return all.map { row in
            let cells = row.indices.map { column -> String in
                let text = cut(row[column], to: widths[column])
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return isNumeric[column] ? padding + text : text + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// A column of text keeps this much, however narrow the window is.
    private static let least = 6

    private static func shrink(_ widths: inout [Int], _ isNumeric: [Bool], to width: Int) {
        while widths.reduce(0, +) + 2 * (widths.count - 1) > width {
            let widest = widths.indices.filter { !isNumeric[$0] && widths[$0] > least }
                .max { widths[$0] < widths[$1] }
            guard let widest else { return }
            widths[widest] -= 1
        }
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }
}
