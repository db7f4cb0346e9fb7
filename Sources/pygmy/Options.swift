import API
import ArgumentParser
import Deployment
import Glibc
import Synchronization

/// Exit statuses of sysexits.h that the programs use.
extension ExitCode {
    /// EX_UNAVAILABLE: a service is not there.
    static let unavailable = ExitCode(69)
    /// EX_CONFIG: the configuration is wrong.
    static let configuration = ExitCode(78)
}

/// What every command knows: where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .long, help: "The file that maps servers to addresses.")
    var config = "config.json"

    /// The configuration; ends the command with every fault of it otherwise.
    func load() throws -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration.load(path: config)
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

/// The two streams that a person sees.
enum Standard {
    /// Writes a line to standard error.
    static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Writes a line to standard output.
    static func output(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes text as it is. A reader that went away (`pygmy nginx | head`) is no fault.
    static func write(_ text: String, to descriptor: Int32) {
        write(bytes: Array(text.utf8), to: descriptor)
    }

    /// What kept standard output from being written, as a number of errno; 0 for nothing.
    private static let fault = Atomic<Int32>(0)

    /// Ends a command that has printed what it was to print: with a clear error where a part of
    /// that is missing, as on a full disk. A reader that went away has seen what it wanted.
    static func finish() {
        let fault = fault.load(ordering: .relaxed)
        guard fault != 0 else { return }
        error("pygmy: standard output cannot be written: \(String(cString: strerror(fault)))")
        exit(EX_IOERR)
    }

    /// Writes bytes as they are.
    static func write(bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // EIO is a terminal that was closed.
                if descriptor == STDOUT_FILENO, errno != EPIPE, errno != EIO {
                    fault.store(errno, ordering: .relaxed)
                }
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}
