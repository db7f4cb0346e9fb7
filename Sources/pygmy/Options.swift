import API
import ArgumentParser
import Console
import Deployment
import Glibc

/// What every command knows: where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .long, help: "The file that maps servers to addresses.")
    var config = "config.json"

    /// The configuration; ends the command with every fault of it otherwise.
    func load() throws -> Configuration { try loaded(Configuration.load) }

    /// What the file says as far as it can be understood; ends the command where it cannot at all.
    func draft() throws -> ConfigurationDraft { try loaded(Configuration.draft) }

    private func loaded<Value>(
        _ load: (_ path: String) throws(ConfigurationError) -> Value
    ) throws -> Value {
        do throws(ConfigurationError) {
            return try load(config)
        } catch {
            Standard.error("\(error)")
            throw ExitCode.configuration
        }
    }

    /// The part of the cluster that is on this machine, or on the host that was named.
    func site(of configuration: Configuration, host: String? = nil) throws -> Site {
        let machine = LocalMachine()
        let site = Site(configuration) { address in
            host.map { $0.lowercased() == address.host } ?? machine.has(address)
        }
        let faults = site.faults + [site.absence].compactMap { $0 }
        guard faults.isEmpty else {
            for fault in faults { Standard.error("\(config): \(fault)") }
            throw ExitCode.configuration
        }
        return site
    }
}

extension Site {
    /// The servers of this machine that were named, or all of them.
    /// - Parameter names: each may name several, with commas between them.
    func servers(named names: [String]) throws -> [Configuration.Server] {
        guard !names.isEmpty else { return servers }
        var named: [Configuration.Server] = []
        for name in names.flatMap({ $0.split(separator: ",") }) {
            guard let id = ServerID(parsing: String(name)),
                let server = servers.first(where: { $0.id == id })
            else {
                let known = servers.map(\.id.name).joined(separator: ", ")
                throw ValidationError("there is no \(name) on this machine, only \(known)")
            }
            if !named.contains(where: { $0.id == id }) { named.append(server) }
        }
        return named
    }
}
