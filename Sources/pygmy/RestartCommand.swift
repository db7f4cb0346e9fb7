import API
import ArgumentParser
import Console
import Deployment
import Foundation
import Glibc
import HTTPClient

/// `pygmy restart`: one server after another, so that the store answers all the while.
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restarts the servers of this machine that `pygmy up` runs, one after another.",
        discussion: """
            Each is asked to end once it has answered what it took on, is started again by \
            `pygmy up`, and must serve before the next one goes: no request fails. A server is \
            left alone while another of its kind does not serve, and the command ends with 69. \
            Under systemd the same is: systemctl restart pygmy@NAME and then pygmy health NAME \
            until it succeeds, one by one.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(
        parsing: .upToNextOption,
        help: "Restart only these servers, such as: --only catalogServer1 orderServer1")
    var only: [String] = []

    @Option(help: "How long one server may take to serve again, in seconds.")
    var patience = 60

    func run() throws {
        let configuration = try file.load()
        let site = try file.site(of: configuration)
        let servers = try site.servers(named: only)
        let client = HTTPClient()
        do throws(RestartFault) {
            // Before the first is touched.
            for server in servers { _ = try runningProcess(of: server.id, configuration) }
        } catch {
            Standard.error("pygmy: \(error.description)")
            throw ExitCode.unavailable
        }
        for server in servers {
            do throws(RestartFault) {
                try restart(server, configuration, client)
            } catch {
                Standard.error("pygmy: \(error.description)")
                throw ExitCode.unavailable
            }
        }
    }

    private func restart(
        _ server: Configuration.Server, _ configuration: Configuration, _ client: HTTPClient
    ) throws(RestartFault) {
        for other in configuration.servers(of: server.id.kind) where other.id != server.id {
            guard serves(other, client) else {
                throw RestartFault(
                    "\(other.id) does not serve, so \(server.id) is left alone: see pygmy status")
            }
        }
        let old = try runningProcess(of: server.id, configuration)
        guard kill(old, SIGTERM) == 0 else {
            throw RestartFault(
                "process \(old) of \(server.id) cannot be asked to end: "
                    + String(cString: strerror(errno)))
        }
        let start = ContinuousClock.now
        while true {
            if let new = process(of: server.id, configuration), new != old, serves(server, client) {
                Standard.output("\(server.id): process \(old) is now \(new)")
                return
            }
            guard ContinuousClock.now - start < .seconds(patience) else {
                throw RestartFault(
                    """
                    \(server.id) does not serve after \(patience) s: see \
                    \(configuration.logFile(of: server.id))
                    """)
            }
            usleep(50_000)
        }
    }

    private func serves(_ server: Configuration.Server, _ client: HTTPClient) -> Bool {
        let request = HTTPRequest(authority: "\(server.address)", path: "/health")
        return (try? client.perform(request, timeout: .seconds(1)))?.status == 200
    }

    private func runningProcess(
        of id: ServerID, _ configuration: Configuration
    ) throws(RestartFault) -> pid_t {
        if let pid = process(of: id, configuration) { return pid }
        throw RestartFault(
            """
            \(configuration.pidFile(of: id)) names no process: is it pygmy up that runs \(id)? If \
            not, name those that it runs: --only
            """)
    }

    private func process(of id: ServerID, _ configuration: Configuration) -> pid_t? {
        guard
            let text = try? String(contentsOfFile: configuration.pidFile(of: id), encoding: .utf8),
            let pid = pid_t(text.prefix { $0.isNumber }), pid > 1,
            StaleProcesses.isRunning(id.name, as: pid, in: configuration.folder)
        else { return nil }
        return pid
    }
}

/// Why a restart went no further.
struct RestartFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
