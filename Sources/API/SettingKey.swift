/// The settings by name, and how each is read.
enum SettingKey: String, CaseIterable {
    case listen, dataDirectory, runDirectory, logDirectory, catalog
    case cacheTimeout, cacheThreshold, maximumStock, restockInterval
    case heartbeatInterval, leaseDuration, requestTimeout, logRetention, threads

    static func named(_ name: String) -> SettingKey? {
        allCases.first { $0.rawValue.lowercased() == name.lowercased() }
    }

    func read(_ value: JSON, into settings: inout Configuration.Settings) throws(SettingFault) {
        switch self {
        case .listen: settings.listen = try address(value)
        case .dataDirectory: settings.dataDirectory = try path(value)
        case .runDirectory: settings.runDirectory = try path(value)
        case .logDirectory: settings.logDirectory = try path(value)
        case .catalog: settings.catalog = try path(value)
        case .cacheTimeout: settings.cacheTimeout = try seconds(value, 0.001...86_400)
        case .cacheThreshold: settings.cacheThreshold = try count(value, 1...10_000_000)
        case .maximumStock: settings.maximumStock = try count(value, 1...1_000_000_000)
        case .restockInterval: settings.restockInterval = try seconds(value, 0.01...86_400)
        case .heartbeatInterval: settings.heartbeatInterval = try seconds(value, 0.01...60)
        case .leaseDuration: settings.leaseDuration = try seconds(value, 0.05...300)
        case .requestTimeout: settings.requestTimeout = try seconds(value, 0.5...600)
        case .logRetention: settings.logRetention = try count(value, 100...100_000_000)
        case .threads: settings.threads = try count(value, 1...256)
        }
    }

    private func address(_ value: JSON) throws(SettingFault) -> Address {
        guard let text = value.string else {
            throw SettingFault("must be an address in quotes, such as \"127.0.0.1:8080\"")
        }
        do throws(AddressFault) {
            return try Address(parsing: text)
        } catch {
            throw SettingFault("\"\(text)\" \(error)")
        }
    }

    /// A path travels into nginx's configuration and onto one line of a log.
    private func path(_ value: JSON) throws(SettingFault) -> String {
        guard let text = value.string, !text.isEmpty else {
            throw SettingFault("must be a path in quotes, such as \"data\"")
        }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw SettingFault("a path has no control characters")
        }
        return text
    }

    private func seconds(
        _ value: JSON, _ allowed: ClosedRange<Double>
    ) throws(SettingFault) -> Duration {
        guard let number = value.double, allowed.contains(number) else {
            throw SettingFault(
                "\(written(value)) is not allowed, it must be seconds from "
                    + "\(plain(allowed.lowerBound)) to \(plain(allowed.upperBound)), as a number")
        }
        return .microseconds(Int64((number * 1_000_000).rounded()))
    }

    private func count(_ value: JSON, _ allowed: ClosedRange<Int>) throws(SettingFault) -> Int {
        guard let number = value.integer, let count = Int(exactly: number), allowed.contains(count)
        else {
            throw SettingFault(
                "\(written(value)) is not allowed, it must be a whole number from "
                    + "\(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return count
    }

    private func plain(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }

    private func written(_ value: JSON) -> String {
        switch value.value {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .number(let text): text
        case .string(let text): "\"\(text.prefix(40))\""
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// What is wrong with the value of a setting.
struct SettingFault: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

/// `0.8 s`.
func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let number = Double(seconds) + Double(attoseconds) / 1e18
    return number == number.rounded() ? "\(Int(number)) s" : "\(number) s"
}

/// What somebody who mistyped a name meant.
enum Spelling {
    /// The name with the fewest letters to change, case aside; names must not be empty.
    static func nearest(to text: String, among names: [String]) -> String {
        names.min { distance(text, $0) < distance(text, $1) } ?? ""
    }

    /// Levenshtein's distance over the first 64 letters, whatever their case.
    static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.lowercased().prefix(64))
        var row = Array(0...other.count)
        for (index, letter) in one.lowercased().prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let cost = letter == other[column] ? diagonal : diagonal + 1
                diagonal = row[column + 1]
                row[column + 1] = min(cost, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
