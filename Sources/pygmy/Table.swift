/// Columns that stand below each other.
enum Table {
    /// A header and its rows; columns of numbers stand to the right.
    ///
    /// What does not fit a window stands in several tables below each other, each with the first
    /// column, which tells the rows apart and is never cut off.
    /// - Parameters:
    ///   - brief: shorter words for the header, for a window that has no room for it.
    ///   - cuttable: columns of long texts, which may lose their ends before others move into a
    ///     table of their own.
    ///   - width: how long a line may be, where there is an edge.
    static func text(
        header: [String], brief: [String]? = nil, rows: [[String]], cuttable: Set<Int> = [],
        width: Int? = nil
    ) -> String {
        let columns = header.indices.map { column in
            Column(header[column], rows.map { $0[column] })
        }
        guard let width, length(columns) > width else { return text(columns) }
        var fitting = columns
        for (index, words) in (brief ?? []).enumerated() { fitting[index].header = words }
        if let cut = cut(fitting, cuttable, to: width) { return text(cut) }
        return tables(fitting, width).map(text).joined(separator: "\n\n")
    }

    /// The columns as they fit where some lose their ends; nil where they do not even so.
    private static func cut(
        _ columns: [Column], _ cuttable: Set<Int>, to width: Int
    ) -> [Column]? {
        var columns = columns
        while length(columns) > width {
            // Longest first, so that as much as possible is left of each.
            let longest = cuttable.filter { columns[$0].width > least }
                .max { (columns[$0].width, $1) < (columns[$1].width, $0) }
            guard let longest else { return nil }
            columns[longest].limit = columns[longest].width - 1
        }
        return columns
    }

    /// What a column that may be cut keeps of its texts.
    private static let least = 20
    private static let gap = 2

    private struct Column {
        var header: String
        let cells: [String]
        let isNumeric: Bool
        /// Longer texts are cut off.
        var limit = Int.max

        init(_ header: String, _ cells: [String]) {
            self.header = header
            self.cells = cells
            isNumeric = cells.allSatisfy { $0 == "-" || Double($0) != nil }
        }

        var width: Int { min(limit, ([header] + cells).map(\.count).max() ?? 0) }

        /// The header and the cells, as long as each other.
        var lines: [String] {
            let width = width
            return ([header] + cells).map { text in
                let shown = text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
                let padding = String(repeating: " ", count: width - shown.count)
                return isNumeric ? padding + shown : shown + padding
            }
        }
    }

    private static func length(_ columns: [Column]) -> Int {
        columns.map(\.width).reduce(0, +) + gap * max(0, columns.count - 1)
    }

    /// The columns in as few tables as they need; one that alone is too long loses its end.
    private static func tables(_ columns: [Column], _ width: Int) -> [[Column]] {
        guard let first = columns.first else { return [] }
        var tables: [[Column]] = []
        for column in columns.dropFirst() {
            if let last = tables.last, length(last + [column]) <= width {
                tables[tables.count - 1].append(column)
            } else {
                var column = column
                let room = width - first.width - gap
                if !column.isNumeric, room > 0 { column.limit = min(column.limit, room) }
                tables.append([first, column])
            }
        }
        return tables.isEmpty ? [[first]] : tables
    }

    private static func text(_ columns: [Column]) -> String {
        let lines = columns.map(\.lines)
        return (lines.first ?? []).indices.map { row in
            let line = lines.map { $0[row] }.joined(separator: String(repeating: " ", count: gap))
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
