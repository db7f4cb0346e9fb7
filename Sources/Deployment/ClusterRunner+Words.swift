import API

/// What a person reads.
extension ClusterRunner {
    func text(of event: Supervisor.Event) -> String {
        switch event {
        case .restarting(let name, let ending, let pause):
            "\(name) \(words(ending)); it is started again in \(ClusterRunner.seconds(pause))"
                + lastLine(of: name)
        case .left(let name, .status(Supervisor.refusal)):
            "\(name) refuses to run (exit status \(Supervisor.refusal))"
                + (plan.restarts ? "; it is tried again every 30 s" : "") + lastLine(of: name)
        case .left(let name, let ending):
            "\(name) \(words(ending)); it is left so" + lastLine(of: name)
        case .killing(let name): "\(name) does not end; it is killed"
        case .givenUp(let name): "no server of the kind of \(name) runs, so there is no store"
        }
    }

    private func words(_ ending: Supervisor.Ending) -> String {
        switch ending {
        case .status(let status): "ended with exit status \(status)"
        case .signal(let number): "was ended by signal \(number)"
        case .notStarted(let reason): "could not be started (\(reason))"
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let tenths = seconds * 10 + attoseconds / 100_000_000_000_000_000
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    /// The last line of its log, which says more often than not why it ended.
    private func lastLine(of name: String) -> String {
        let path = "\(plan.site.configuration.logDirectory)/\(name).log"
        let line = Filesystem.lastLine(of: path)
        return line.isEmpty ? "" : "\n    \(path): \(line)"
    }
}
