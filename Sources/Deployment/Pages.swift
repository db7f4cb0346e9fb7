public import API

/// Where the page at `/` and the programs are.
public enum Pages {
    /// The folder of the page: `nginx/html` beside the configuration, or else in the folder that
    /// this program was built in, or where it was installed (`PREFIX/share/pygmy/html` for
    /// `PREFIX/bin`). Nil where there is none; the store works without it.
    public static func folder(of configuration: Configuration) -> String? {
        let beside = configuration.absolute("nginx/html")
        if Filesystem.exists("\(beside)/index.html") { return beside }
        var folder = Programs.folder
        while let slash = folder?.lastIndex(of: "/"), let current = folder {
            for candidate in ["\(current)/nginx/html", "\(current)/share/pygmy/html"]
            where Filesystem.exists("\(candidate)/index.html") { return candidate }
            folder = slash == current.startIndex ? nil : String(current[..<slash])
        }
        return nil
    }
}

/// Where programs are.
public enum Programs {
    /// The folder of this program itself, where the servers' programs are too.
    public static var folder: String? {
        guard let own = Filesystem.target(ofLink: "/proc/self/exe"),
            let slash = own.lastIndex(of: "/")
        else { return nil }
        return String(own[..<slash])
    }

    /// A program of the system: in `PATH`, or where Debian keeps those of the administrator, which
    /// an ordinary user's `PATH` leaves out.
    public static func find(_ name: String, path: String?) -> String? {
        let folders = (path ?? "").split(separator: ":").map(String.init)
        let all = folders + ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        return all.map { "\($0)/\(name)" }.first { Filesystem.isExecutable($0) }
    }
}
