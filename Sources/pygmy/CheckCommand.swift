import API
import ArgumentParser
import Deployment

/// `pygmy check`: is the configuration sound?
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says everything that is wrong with the configuration, with the key it is at.")

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        let configuration = try file.load()
        let site = try file.site(of: configuration)
        let here = site.servers.map(\.id.name).joined(separator: ", ")
        Standard.output(
            "\(file.config) is sound: \(configuration.servers.count) servers, on this machine "
                + here)
    }
}
