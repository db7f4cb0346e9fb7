import API

/// nginx's configuration for one machine, made of fragments: one file a concern.
///
/// Three forms of the same text: the files of a folder that include each other, one text that
/// stands for itself with absolute paths, and one text with paths from the configuration's folder,
/// which `pygmy up` gives to nginx.
public struct NginxConfiguration: Sendable {
    /// From where paths are written.
    public enum Paths: Sendable {
        /// From the folder of `config.json`, which nginx is given as its prefix and working folder.
        case fromFolder
        /// From the root.
        case absolute
    }

    /// One file.
    public struct Fragment: Sendable, Equatable {
        /// Its name in the folder, such as `limits.conf`.
        public let name: String
        /// What it says. A line `include NAME;` stands for the fragment of that name.
        public let text: String
    }

    let site: Site
    let paths: Paths
    let pages: String?
    let runsAsRoot: Bool

    /// The configuration of a machine. `pages` is the folder of the page at `/`, as it is to be
    /// written; nil where there is none.
    public init(_ site: Site, paths: Paths, pages: String?, runsAsRoot: Bool) {
        self.site = site
        self.paths = paths
        self.pages = pages
        self.runsAsRoot = runsAsRoot
    }

    /// The files, `nginx.conf` first.
    public var fragments: [Fragment] {
        let all: [(String, String)] = [
            ("nginx.conf", main),
            ("log.conf", log),
            ("limits.conf", limits),
            ("fastcgi.conf", fastCGI),
            ("upstreams.conf", upstreams),
            ("identifiers.conf", identifiers),
            ("public.conf", site.receivesClients ? publicListener : ""),
            ("public-headers.conf", site.receivesClients ? publicHeaders : ""),
            ("open-headers.conf", site.receivesClients ? openHeaders : ""),
            ("compression.conf", site.receivesClients ? compression : ""),
            ("front-end.conf", site.receivesClients ? frontEnd : ""),
            ("chance.conf", site.receivesClients ? chance : ""),
            ("internal.conf", internalListeners),
            ("parameters.conf", parameters),
            ("internal-parameters.conf", internalParameters),
            ("problem-pages.conf", problemPages),
            ("problems.conf", problems),
        ]
        return all.filter { !$1.isEmpty }.map { name, text in
            Fragment(name: name, text: NginxConfiguration.heading + text)
        }
    }

    /// All of it as one text, every include replaced by what it stands for.
    public var text: String {
        let fragments = Dictionary(uniqueKeysWithValues: fragments.map { ($0.name, $0.text) })
        func lines(of name: String, indent: String) -> [String] {
            guard let text = fragments[name] else { return [] }
            var body = text
            if body.hasPrefix(NginxConfiguration.heading) {
                body = String(body.dropFirst(NginxConfiguration.heading.count))
            }
            return body.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .flatMap { line -> [String] in
                    let trimmed = line.drop { $0 == " " }
                    guard trimmed.hasPrefix("include "), trimmed.hasSuffix(";") else {
                        return [line.isEmpty ? "" : indent + line]
                    }
                    let inner = indent + String(repeating: " ", count: line.count - trimmed.count)
                    return lines(of: String(trimmed.dropFirst(8).dropLast()), indent: inner)
                }
        }
        return NginxConfiguration.heading
            + lines(of: "nginx.conf", indent: "").joined(separator: "\n") + "\n"
    }

    private static let heading =
        "# Written from config.json by `pygmy nginx`; changes belong there, not here.\n\n"

    /// A path from the configuration's folder in the form that was asked for, in quotes.
    func path(_ path: String) -> String {
        let written = paths == .absolute ? site.configuration.absolute(path) : path
        return NginxConfiguration.quoted(written)
    }

    /// A string in double quotes. A dollar sign would begin a variable, and nginx knows no escape
    /// for it; `Site.faults` refuses such paths.
    static func quoted(_ text: String) -> String {
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }

    /// A time in nginx's words.
    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
    }
}
