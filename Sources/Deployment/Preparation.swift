import API
import Glibc

/// Everything that has to be there before the first process starts.
struct Preparation {
    let plan: ClusterRunner.Plan

    init(_ plan: ClusterRunner.Plan) { self.plan = plan }

    /// Writes nginx's configuration and finds every program.
    func launches() throws(UpFault) -> [String: Launch] {
        let configuration = plan.site.configuration
        raiseLimits()
        var launches: [String: Launch] = [:]
        launches[ClusterRunner.nginx] = try nginx()
        guard let programs = Programs.folder else {
            throw .unavailable("/proc is not there, so the server programs cannot be found")
        }
        for server in plan.servers {
            let program = "\(programs)/\(server.id.kind.rawValue)"
            guard Filesystem.isExecutable(program) else {
                throw .unavailable("\(program) is not there; build it with: swift build")
            }
            launches[server.id.name] = Launch(
                arguments: guarded(
                    [program, server.id.name, "--config", plan.configurationPath]
                        + plan.serverArguments),
                log: configuration.logFile(of: server.id))
        }
        return launches
    }

    private func nginx() throws(UpFault) -> Launch {
        let configuration = plan.site.configuration
        let path = Credentials.systemEnvironment("PATH")
        guard let program = Programs.find("nginx", path: path) else {
            throw .unavailable("nginx is not installed; on Debian: apt-get install nginx-light")
        }
        // A dollar sign is a variable to nginx, and the page is a nicety.
        let pages = Pages.folder(of: configuration).flatMap { $0.contains("$") ? nil : $0 }
        let text = NginxConfiguration(
            plan.site, paths: .fromFolder, pages: pages, runsAsRoot: geteuid() == 0
        ).text
        let file = "\(configuration.runDirectory)/nginx.conf"
        let log = "\(configuration.logDirectory)/nginx.log"
        do throws(FilesystemFault) {
            try Filesystem.write(text, to: file)
        } catch {
            throw .unavailable("\(error)")
        }
        return Launch(
            arguments: guarded([
                program, "-p", "\(configuration.folder)/", "-c", file, "-e", "stderr", "-g",
                "daemon off;",
            ]),
            log: log)
    }

    /// Has the kernel send SIGTERM to the process when this one is gone, even by SIGKILL. Swift
    /// cannot call `prctl` (it is variadic) between fork and exec; util-linux, which every Debian
    /// has, can. Where it is missing, the next start finds what was left behind.
    private func guarded(_ arguments: [String]) -> [String] {
        guard
            let setpriv = Programs.find(
                "setpriv", path: Credentials.systemEnvironment("PATH"))
        else { return arguments }
        return [setpriv, "--pdeathsig", "TERM", "--"] + arguments
    }

    /// Open files for thousands of connections, as far as this user may; children inherit it.
    private func raiseLimits() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
