internal import Foundation

/// A folder that goes with the test.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String
    private let root: String

    /// Makes an empty folder, without which no test can go on.
    /// - Parameter name: the end of its path, where that matters.
    public init(_ name: String = "") {
        root = NSTemporaryDirectory() + "pygmy-\(UUID().uuidString)"
        path = name.isEmpty ? root : root + "/" + name
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            preconditionFailure("\(path) cannot be made: \(error)")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// A path in it.
    public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder in it, with those above.
    public func make(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: self(folder), withIntermediateDirectories: true)
    }

    /// Writes a file in it.
    public func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self(name)))
    }

    /// The text of a file in it; empty where there is none.
    public func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: self(name)) ?? Data(), as: UTF8.self)
    }
}
