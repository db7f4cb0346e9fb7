import API
import ArgumentParser
import Console
import Glibc
import Synchronization

/// `pygmy export`: the catalog or the orders as CSV.
struct ExportCommand: ParsableCommand {
    /// What can be exported.
    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case catalog, orders
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints the catalog or the orders of a running store as CSV.")

    @Argument(help: "What to print.")
    var subject: Subject

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Of the orders, print also how many copies each is of.")
    var withQuantity = false

    func validate() throws {
        if withQuantity, subject != .orders {
            throw ValidationError("Only orders have quantities.")
        }
    }

    func run() throws {
        let store = Store(try file.load())
        let token = try store.credentials().adminToken
        do throws(StoreFault) {
            // Where the rows themselves go to the terminal, they are progress enough.
            let progress = isatty(STDOUT_FILENO) == 1 ? nil : RowProgress(subject.rawValue)
            try store.stream(
                "/\(subject.rawValue).csv\(withQuantity ? "?with=quantity" : "")", secret: token
            ) { chunk in
                Standard.write(bytes: chunk, to: STDOUT_FILENO)
                progress?.add(chunk)
                return true
            }
            progress?.finish()
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw error.exitCode
        }
    }
}

/// Counts the rows of an export, which come on another thread.
private final class RowProgress: Sendable {
    private struct State {
        var rows = 0
        var progress: Progress
    }

    private let state: Mutex<State>

    init(_ subject: String) {
        state = Mutex(State(progress: Progress("exporting the \(subject)", .of("rows"))))
    }

    func add(_ chunk: [UInt8]) {
        let lines = chunk.count { $0 == UInt8(ascii: "\n") }
        state.withLock { state in
            state.rows += lines
            state.progress.advance(to: state.rows, of: nil)
        }
    }

    func finish() { state.withLock { $0.progress.finish() } }
}
