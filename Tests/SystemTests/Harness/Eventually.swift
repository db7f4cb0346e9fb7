internal import ChildProcess
internal import Foundation

/// What a test waited for has not come about.
struct DeadlinePassed: Error, CustomStringConvertible {
    var awaited: String
    var lastError: String?

    var description: String {
        "waited in vain for \(awaited)" + (lastError.map { "; last: \($0)" } ?? "")
    }
}

/// Asks until there is an answer, and gives it. An error of `condition` counts as "not yet".
@discardableResult
func eventually<Value>(
    _ awaited: String, within limit: Duration = .seconds(30), _ condition: () throws -> Value?
) throws -> Value {
    let deadline = ContinuousClock.now + limit
    var lastError: String?
    while true {
        do {
            if let value = try condition() { return value }
        } catch {
            lastError = "\(error)"
        }
        guard ContinuousClock.now < deadline else {
            throw DeadlinePassed(awaited: awaited, lastError: lastError)
        }
        Thread.sleep(forTimeInterval: 0.02)
    }
}

/// Asks until the condition holds. An error of `condition` counts as "not yet".
func eventually(
    _ awaited: String, within limit: Duration = .seconds(30), holds condition: () throws -> Bool
) throws {
    try eventually(awaited, within: limit) { try condition() ? true : nil }
}

extension ChildProcess {
    /// Waits for its end.
    func waitForExit(within limit: Duration = .seconds(30)) throws -> ChildProcess.ExitStatus {
        try eventually("the end of process \(pid)", within: limit) { exitStatus }
    }
}
