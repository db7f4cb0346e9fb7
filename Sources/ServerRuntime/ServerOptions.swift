public import ArgumentParser
public import Logging

/// What every server's command line has.
public struct ServerOptions: ParsableArguments {
    /// The path of `config.json`.
    @Option(name: .long, help: "The map of servers and the settings.")
    public var config = "config.json"

    /// How a record of the log is written.
    @Option(
        help: """
            How a line of the log is written: text or json. (default: text on a terminal, json \
            elsewhere)
            """)
    public var logFormat: LogSettings.Format?

    /// The least level that is logged.
    @Option(
        help: """
            The least level that is logged: trace, debug, info, notice, warning, error or \
            critical. SIGUSR1 goes over to debug, and back.
            """)
    public var logLevel = Logger.Level.info

    /// Makes the options' defaults.
    public init() {}
}

extension LogSettings.Format: ExpressibleByArgument {}

extension Logger.Level: @retroactive ExpressibleByArgument {
    /// Reads a level by its name.
    public init?(argument: String) {
        self.init(rawValue: argument.lowercased())
    }
}
