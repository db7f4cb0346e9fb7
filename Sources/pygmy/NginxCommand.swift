import API
import ArgumentParser
import Console
import Deployment
import Glibc

/// `pygmy nginx`: the configuration of nginx for a host.
struct NginxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nginx",
        abstract: "Prints the nginx configuration of a host, or writes it as files.",
        discussion: """
            What is printed stands for itself, with absolute paths: nginx -c FILE. With --output \
            it becomes one file a concern, with paths from the configuration's folder: \
            nginx -p . -c nginx/nginx.conf
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: "The host whose part is wanted, as in the addresses. (default: this machine)")
    var host: String?

    @Option(help: "A folder to write the files to, instead of printing.")
    var output: String?

    func run() throws {
        let configuration = try file.load()
        let site = try file.site(of: configuration, host: host)
        guard let output else {
            let nginx = NginxConfiguration(
                site, paths: .absolute, pages: Pages.folder(of: configuration),
                runsAsRoot: geteuid() == 0)
            Standard.write(nginx.text, to: STDOUT_FILENO)
            return
        }
        let nginx = NginxConfiguration(
            site, paths: .fromFolder, pages: "nginx/html", runsAsRoot: true)
        do throws(FilesystemFault) {
            try Filesystem.makeFolder(output)
            for fragment in nginx.fragments {
                try Filesystem.write(fragment.text, to: "\(output)/\(fragment.name)")
            }
        } catch {
            Standard.error("pygmy: \(error)")
            throw ExitCode.inputOutput
        }
    }
}
