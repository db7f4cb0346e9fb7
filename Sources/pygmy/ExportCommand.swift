import API
import ArgumentParser
import Glibc

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

    func run() throws {
        let store = Store(try file.load())
        let token = try store.credentials().adminToken
        do throws(StoreFault) {
            try store.stream("/\(subject.rawValue).csv", secret: token) { chunk in
                Standard.write(bytes: chunk, to: STDOUT_FILENO)
                return true
            }
        } catch {
            Standard.error("pygmy: \(error.text)")
            throw error.exitCode
        }
    }
}
