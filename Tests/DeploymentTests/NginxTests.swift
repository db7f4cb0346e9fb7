import API
import ChildProcess
import Deployment
import Foundation
import TestSupport
import Testing

/// nginx as Debian installs it.
private let nginx = "/usr/sbin/nginx"

@Suite struct `The configuration of nginx` {
    private func site(_ configuration: Configuration) -> Site {
        Site(configuration) { $0.isLoopback }
    }

    @Test func `The one that is checked in is that of the default configuration`() throws {
        let configuration = try Configuration.load(path: "\(checkout)/config.json")
        let site = Site(configuration) { _ in true }
        let fragments = NginxConfiguration(
            site, paths: .fromFolder, pages: "nginx/html", runsAsRoot: true
        ).fragments
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(checkout)/nginx")
            .filter { $0.hasSuffix(".conf") }
        #expect(fragments.map(\.name).sorted() == files.sorted())
        for fragment in fragments {
            let file = try String(
                contentsOfFile: "\(checkout)/nginx/\(fragment.name)", encoding: .utf8)
            #expect(file == fragment.text, "nginx/\(fragment.name) is out of date: make nginx")
        }
    }

    @Test func `Servers are passed every parameter that they look for`() throws {
        var wanted: Set<String> = []
        let sources = try #require(
            FileManager.default.enumerator(atPath: "\(checkout)/Sources"))
        for case let name as String in sources where name.hasSuffix(".swift") {
            let text = try String(
                contentsOfFile: "\(checkout)/Sources/\(name)", encoding: .utf8)
            for match in text.matches(of: /parameterBytes\("([A-Z_]+)"/) {
                wanted.insert(String(match.1))
            }
        }
        #expect(wanted.contains("HTTP_X_FORWARDED_BY") && wanted.contains("REQUEST_URI"))
        let text = NginxConfiguration(
            site(pair(folder: "/")), paths: .absolute, pages: nil, runsAsRoot: false
        ).text
        for name in wanted { #expect(text.contains("fastcgi_param \(name) "), "\(name)") }
    }

    @Test(arguments: ["", "a folder with spaces", "it's; a \"name\" {#1}", "日本語"])
    func `nginx calls all of its forms sound, in any folder`(_ name: String) throws {
        let folder = TemporaryFolder(name)
        for inner in ["run", "log", "files"] { try folder.make(inner) }
        let site = site(pair(folder: folder.path))
        try folder.write(
            NginxConfiguration(site, paths: .absolute, pages: nil, runsAsRoot: false).text,
            to: "absolute.conf")
        try folder.write(
            NginxConfiguration(
                site, paths: .fromFolder, pages: "nginx/html", runsAsRoot: false
            ).text, to: "relative.conf")
        let files = NginxConfiguration(
            site, paths: .fromFolder, pages: "nginx/html", runsAsRoot: false)
        for fragment in files.fragments {
            try folder.write(fragment.text, to: "files/\(fragment.name)")
        }
        for file in ["absolute.conf", "relative.conf", "files/nginx.conf"] {
            let test = try run(
                nginx,
                [
                    "-t", "-q", "-p", folder.path + "/", "-c", "\(folder.path)/\(file)", "-e",
                    "stderr",
                ],
                folder: folder.path)
            #expect(test.status == .exited(0), "\(file): \(test.output)")
            #expect(test.output == "", "\(file)")
        }
    }

    @Test func `A machine has its own servers, and the public listener where a front end is`() {
        var configuration = pair(folder: "/store", host: "10.0.0.1")
        let mixed = configuration.servers.map { server in
            server.id.kind == .catalog
                ? Configuration.Server(
                    server.id, at: Address(host: "10.0.0.2", port: 80 + server.id.number))
                : server
        }
        configuration = Configuration(
            servers: mixed, settings: configuration.settings, folder: "/store")
        let back = Site(configuration) { $0.host == "10.0.0.2" }
        let text = NginxConfiguration(back, paths: .absolute, pages: nil, runsAsRoot: false).text
        #expect(back.servers.map(\.id.name) == ["catalogServer1", "catalogServer2"])
        #expect(!back.receivesClients)
        #expect(text.contains("listen 10.0.0.2:81 "))
        #expect(!text.contains("frontEnd") && !text.contains("8080"))
        let front = Site(configuration) { $0.host == "10.0.0.1" }
        #expect(front.receivesClients)
        #expect(front.listeners.map(\.key).first == "settings.listen")
    }

    @Test func `A front end alone has the whole of a request's time`() {
        var configuration = pair(folder: "/store")
        configuration = Configuration(
            servers: configuration.servers.filter { $0.id.number == 1 },
            settings: configuration.settings, folder: "/store")
        let one = NginxConfiguration(
            site(configuration), paths: .absolute, pages: nil, runsAsRoot: false
        ).text
        #expect(one.contains("fastcgi_read_timeout 8000ms;"))
        let two = NginxConfiguration(
            site(pair(folder: "/store")), paths: .absolute, pages: nil, runsAsRoot: false
        ).text
        #expect(two.contains("fastcgi_read_timeout 4000ms;"))
    }

    @Test func `What nginx or a socket cannot have is said before it is tried`() {
        func faults(_ change: (inout Configuration.Settings) -> Void) -> [ConfigurationFault] {
            let configuration = pair(folder: "/store")
            var settings = configuration.settings
            change(&settings)
            return site(
                Configuration(
                    servers: configuration.servers, settings: settings, folder: "/store")
            ).faults
        }
        #expect(faults { _ in } == [])
        #expect(faults { $0.logDirectory = "a$b" }.map(\.key) == ["settings.logDirectory"])
        let long = "/" + String(repeating: "x", count: 100)
        #expect(faults { $0.runDirectory = long }.map(\.key) == ["settings.runDirectory"])
        let nowhere = Site(pair(folder: "/store")) { _ in false }
        #expect(nowhere.absence?.message.contains("none of the addresses") == true)
    }

    @Test func `The page explains every problem that nginx or a server can send`() throws {
        let page = try String(
            contentsOfFile: "\(checkout)/nginx/html/problems.html", encoding: .utf8)
        let sources = try FileManager.default.contentsOfDirectory(atPath: "\(checkout)/Sources/API")
            .filter { $0.hasPrefix("Problem+") }
            .map { try String(contentsOfFile: "\(checkout)/Sources/API/\($0)", encoding: .utf8) }
            .joined()
        let slugs = sources.matches(
            of: /"([a-z]+(?:-[a-z]+)+|unavailable|unauthorized|overloaded)", (\d{3}),/)
        #expect(slugs.count > 20)
        let entries = page.matches(of: /<dt id="([a-z-]+)">[^<]* <code>(\d{3})<\/code>/)
        let shown = Set(entries.map { "\($0.output.1) \($0.output.2)" })
        for slug in slugs {
            let entry = "\(slug.output.1) \(slug.output.2)"
            #expect(shown.contains(entry), "\(entry)")
        }
        let statuses = entries.map(\.output.2)
        #expect(statuses == statuses.sorted(), "they are found by their status")
    }
}
