/// A place in a text, as an editor shows it.
public struct CSVPosition: Sendable, Hashable {
    /// From 1.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int

    /// A place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// One thing that is wrong with a CSV file, and where.
public struct CSVFault: Sendable, Hashable, CustomStringConvertible {
    /// Where the field or character stands that is wrong.
    public let position: CSVPosition
    /// What is wrong with it.
    public let message: String

    /// `line 3, column 5: …`
    public var description: String {
        "line \(position.line), column \(position.column): \(message)"
    }
}

/// Everything that is wrong with a CSV file, of which the first hundred are kept.
public struct CSVFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// The faults, in the order in which they were found.
    public private(set) var faults: [CSVFault] = []
    /// How many more there are.
    public private(set) var omitted = 0

    /// How many are kept.
    public static let limit = 100

    /// No fault.
    public init() {}

    /// Whether nothing is wrong.
    public var isEmpty: Bool { faults.isEmpty }

    mutating func append(_ fault: CSVFault) {
        if faults.count < CSVFaults.limit { faults.append(fault) } else { omitted += 1 }
    }

    /// One line for each fault, each beginning with the file's name.
    public func lines(path: String) -> [String] {
        var lines = faults.map { "\(path): \($0)" }
        if omitted > 0 { lines.append("\(path): and \(omitted) more") }
        return lines
    }

    /// One line for each fault.
    public var description: String {
        (faults.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : []))
            .joined(separator: "\n")
    }
}
