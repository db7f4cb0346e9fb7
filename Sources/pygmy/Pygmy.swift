import API
import ArgumentParser
import Console

/// The program that looks after a cluster.
@main
struct Pygmy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pygmy",
        abstract: "Looks after a Pygmy book store: its servers, and nginx in front of them.",
        version: API.version,
        subcommands: [
            UpCommand.self, ServeCommand.self, RestartCommand.self, StatusCommand.self,
            CheckCommand.self, HealthCommand.self, NginxCommand.self,
            OrdersCommand.self, ExportCommand.self, BenchCommand.self, BackupCommand.self,
            RestoreCommand.self,
            ForceViewCommand.self, MembersCommand.self, CacheCommand.self,
        ])

    // May stand before a command as well as behind it.
    @OptionGroup var file: ConfigurationOption

    /// Runs the command; what only watches over servers ends well also where nobody could read it.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
            if !(command is UpCommand || command is ServeCommand) { Standard.finish("pygmy") }
        } catch {
            Standard.finish("pygmy")
            exit(withError: error)
        }
    }
}
