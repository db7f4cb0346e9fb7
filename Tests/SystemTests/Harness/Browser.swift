internal import Foundation
internal import Glibc
internal import TestSupport

/// Chromium without a window, driven over its debugging pipe: no port, no driver, no waiting for a
/// line in its output. For one thread.
final class Browser {
    /// Where Debian's package has it.
    static let executable = "/usr/bin/chromium"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    private let pid: pid_t
    private let input: Int32
    private let output: Int32
    private var buffer: [UInt8] = []
    private var lastID = 0
    private var events: [[String: Any]] = []

    /// Starts a browser that keeps its profile in a folder.
    init(profile: String) throws {
        let (toBrowser, fromBrowser) = (try Self.pipe(), try Self.pipe())
        (input, output) = (toBrowser.write, fromBrowser.read)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, path) in [(Int32(0), "/dev/null"), (1, "/dev/null"), (2, "/dev/null")] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, path, descriptor == 0 ? O_RDONLY : O_WRONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, toBrowser.read, 3)
        posix_spawn_file_actions_adddup2(&actions, fromBrowser.write, 4)
        let words = [
            Self.executable, "--headless=new", "--remote-debugging-pipe", "--no-sandbox",
            "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--lang=en",
            "--hide-scrollbars", "--disable-background-networking", "--disable-extensions",
            "--force-color-profile=srgb", "--user-data-dir=\(profile)", "about:blank",
        ]
        let arguments = words.map { strdup($0) } + [nil]
        let environment =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var child: pid_t = 0
        let result = posix_spawn(
            &child, Self.executable, &actions, &attributes, arguments, environment)
        close(toBrowser.read)
        close(fromBrowser.write)
        guard result == 0 else {
            throw HarnessError("cannot start Chromium: \(String(cString: strerror(result)))")
        }
        pid = child
    }

    deinit {
        // With its group: it consists of many processes.
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        close(input)
        close(output)
    }

    /// A pipe whose ends are above all that a new process is given.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw HarnessError("no pipe: \(errno)") }
        let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, Int32(64)) }
        for end in ends { close(end) }
        return (high[0], high[1])
    }

    // MARK: Commands

    /// Sends a command of the DevTools protocol and gives its result.
    @discardableResult
    func command(
        _ method: String, _ parameters: [String: Any] = [:], session: String? = nil
    ) throws -> [String: Any] {
        lastID += 1
        var message: [String: Any] = ["id": lastID, "method": method, "params": parameters]
        if let session { message["sessionId"] = session }
        try send(Array(JSONSerialization.data(withJSONObject: message)) + [0])
        while true {
            let answer = try receive()
            guard answer["id"] as? Int == lastID else {
                events.append(answer)
                continue
            }
            if let error = answer["error"] as? [String: Any] {
                throw HarnessError("\(method): \(error["message"] ?? error)")
            }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    /// What pages have complained of since the last time: faults of scripts, and of the policies
    /// that guard them.
    func takeComplaints() -> [String] {
        defer { events.removeAll() }
        return events.compactMap { event -> String? in
            let parameters = event["params"] as? [String: Any] ?? [:]
            switch event["method"] as? String {
            case "Runtime.exceptionThrown": return "\(parameters)"
            case "Log.entryAdded":
                let entry = parameters["entry"] as? [String: Any] ?? [:]
                // Answers that are errors are logged by the network; tests want some of those.
                let source = entry["source"] as? String
                let isFault = entry["level"] as? String == "error" && source != "network"
                return isFault || source == "security" ? "\(entry)" : nil
            default: return nil
            }
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(input, $0.baseAddress?.advanced(by: sent), $0.count - sent)
            }
            guard count > 0 || errno == EINTR else { throw HarnessError("Chromium is gone") }
            sent += max(0, count)
        }
    }

    private func receive() throws -> [String: Any] {
        while true {
            if let end = buffer.firstIndex(of: 0) {
                let message = Data(buffer[..<end])
                buffer.removeFirst(end + 1)
                return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
            }
            var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 60_000) > 0 else {
                throw HarnessError("Chromium did not answer in a minute")
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(output, &chunk, chunk.count)
            guard count > 0 else { throw HarnessError("Chromium has ended") }
            buffer += chunk[..<count]
        }
    }
}

/// A tab of a browser, of some size and colour scheme.
final class Page {
    /// What a page is looked at with.
    struct Device: Sendable, CustomStringConvertible {
        var name: String
        var width: Int
        var height: Int
        var isPhone = false
        var isDark = false
        var description: String { name }

        static let desktop = Device(name: "desktop", width: 1280, height: 900)
        static let darkDesktop = Device(
            name: "desktop-dark", width: 1280, height: 900, isDark: true)
        static let phone = Device(name: "phone", width: 390, height: 844, isPhone: true)
        static let darkPhone = Device(
            name: "phone-dark", width: 390, height: 844, isPhone: true, isDark: true)
    }

    private let browser: Browser
    private let session: String
    let device: Device

    init(_ browser: Browser, _ device: Device = .desktop) throws {
        self.browser = browser
        self.device = device
        let target = try browser.command("Target.createTarget", ["url": "about:blank"])
        let attached = try browser.command(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
        session = attached["sessionId"] as? String ?? ""
        for domain in ["Page", "Runtime", "Log"] { try command("\(domain).enable") }
        try command(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": device.width, "height": device.height,
                "deviceScaleFactor": device.isPhone ? 2 : 1, "mobile": device.isPhone,
            ])
        let scheme = ["name": "prefers-color-scheme", "value": device.isDark ? "dark" : "light"]
        try command("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    @discardableResult
    func command(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        try browser.command(method, parameters, session: session)
    }

    func go(to url: String) throws {
        let result = try command("Page.navigate", ["url": url])
        if let fault = result["errorText"] as? String { throw HarnessError("\(url): \(fault)") }
        try wait(for: "document.readyState === 'complete'")
    }

    /// The value of an expression; promises are waited for.
    @discardableResult
    func evaluate(_ expression: String) throws -> Any? {
        let result = try command(
            "Runtime.evaluate",
            ["expression": expression, "awaitPromise": true, "returnByValue": true])
        if let details = result["exceptionDetails"] as? [String: Any] {
            throw HarnessError("\(expression): \(details)")
        }
        return (result["result"] as? [String: Any])?["value"]
    }

    /// The text of the first element that a selector finds, as it is read; nil where it finds none.
    func text(_ selector: String) throws -> String? {
        try evaluate("document.querySelector('\(selector)')?.innerText") as? String
    }

    /// Waits until an expression is true.
    func wait(for expression: String, within limit: Duration = .seconds(30)) throws {
        try eventually(expression, within: limit) {
            try evaluate("Boolean(\(expression))") as? Bool == true
        }
    }

    /// Waits until an element has a text in it.
    func wait(for text: String, in selector: String, within limit: Duration = .seconds(30)) throws {
        try wait(
            for: "document.querySelector('\(selector)')?.innerText.includes('\(text)')",
            within: limit)
    }

    /// Clicks an element as a person does, by its place on the screen.
    func click(_ selector: String) throws {
        try wait(for: "document.querySelector('\(selector)') !== null")
        let place = try evaluate(
            """
            (() => {
              const node = document.querySelector('\(selector)');
              node.scrollIntoView({ block: 'center' });
              const box = node.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            })()
            """)
        guard let place = place as? [Double] else { throw HarnessError("no \(selector)") }
        for type in ["mousePressed", "mouseReleased"] {
            try command(
                "Input.dispatchMouseEvent",
                [
                    "type": type, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
                ])
        }
    }

    /// Presses a key, such as `Tab`, `Enter` or `ArrowLeft`.
    func press(_ key: String) throws {
        let codes = [
            "Tab": 9, "Enter": 13, "Escape": 27, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39,
        ]
        var event: [String: Any] = [
            "key": key, "code": key, "windowsVirtualKeyCode": codes[key] ?? 0,
        ]
        if key == "Enter" { event["text"] = "\r" }
        for type in ["keyDown", "keyUp"] {
            try command("Input.dispatchKeyEvent", event.merging(["type": type]) { $1 })
        }
    }

    /// Types into whatever has the focus.
    func type(_ text: String) throws {
        try command("Input.insertText", ["text": text])
    }

    /// Keeps a picture of the whole page as `.build/screenshots/NAME-DEVICE.png`.
    func keepPicture(_ name: String) throws {
        let folder = URL(fileURLWithPath: "\(checkout)/.build/screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let shot = try command(
            "Page.captureScreenshot", ["format": "png", "captureBeyondViewport": true])
        guard let text = shot["data"] as? String, let data = Data(base64Encoded: text) else {
            throw HarnessError("no picture")
        }
        try data.write(to: folder.appendingPathComponent("\(name)-\(device.name).png"))
    }

    /// Texts whose colour stands out less from what is behind them than WCAG 2.1 (AA) wants: 4.5 to
    /// 1, and 3 to 1 for large ones. Pictures, and what cannot be operated, are left out.
    func faintTexts() throws -> [String] {
        let texts = try evaluate(
            """
            (() => {
              const channels = (text) => text.match(/[0-9.]+/g).map(Number);
              const luminance = (color) => {
                const [r, g, b] = color.map((value) => {
                  const share = value / 255;
                  return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const behind = (node) => {
                for (let at = node; at; at = at.parentElement) {
                  const [r, g, b, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
                  if (alpha === 1) return [r, g, b];
                }
                return [255, 255, 255];
              };
              const faint = [];
              let count = 0;
              for (const node of document.querySelectorAll('body *')) {
                const text = [...node.childNodes].filter((one) => one.nodeType === 3)
                  .map((one) => one.data.trim()).join('');
                if (!text || node.disabled || node.closest('[aria-hidden=true], noscript')
                  || node.offsetParent === null) continue;
                count++;
                const style = getComputedStyle(node);
                const size = parseFloat(style.fontSize);
                const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
                const [one, two] = [
                  luminance(channels(style.color).slice(0, 3)), luminance(behind(node)),
                ];
                const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
                if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${text.slice(0, 40)}: ${ratio}`);
              }
              return count > 10 ? faint : [`only ${count} texts were found`];
            })()
            """)
        return texts as? [String] ?? ["the page could not be read"]
    }

    /// What a screen reader would find at fault: things to operate, and pictures, without a name.
    func namelessElements() throws -> [String] {
        let tree = try command("Accessibility.getFullAXTree")
        let named: Set = [
            "button", "link", "textbox", "combobox", "searchbox", "img", "image", "dialog",
            "navigation", "slider", "DisclosureTriangle",
        ]
        return (tree["nodes"] as? [[String: Any]] ?? []).compactMap { node in
            func value(_ member: String) -> String {
                (node[member] as? [String: Any])?["value"] as? String ?? ""
            }
            guard node["ignored"] as? Bool != true, named.contains(value("role")),
                value("name").isEmpty
            else { return nil }
            return "\(value("role")) \(node["backendDOMNodeId"] ?? "")"
        }
    }
}
