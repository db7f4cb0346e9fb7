internal import API
internal import FastCGI
internal import HTTPClient
internal import MonotonicTime
internal import ServerRuntime
internal import Synchronization
internal import Threads

/// Streams the whole catalog or all orders as CSV, a page at a time.
///
/// Pages come from the primary, each as it is at its moment; an export is not a snapshot. Every
/// export has a thread of its own, which waits for the pages and for a slow client, and holds one
/// page at a time. Few are allowed at once.
final class ExportDesk: Sendable {
    /// Rows asked for in one page.
    static let rowsPerPage = 2_000
    /// Exports at one time.
    static let limit = 4

    private let dispatcher: Dispatcher
    private let timers: any Timers
    private let running = Mutex(0)

    init(dispatcher: Dispatcher, timers: any Timers) {
        self.dispatcher = dispatcher
        self.timers = timers
    }

    /// Starts an export; throws where too many run already.
    /// - Parameter deadline: gives the time by which a page must have come.
    func stream(
        _ kind: ServerKind, _ request: IncomingRequest,
        _ deadline: @escaping @Sendable (IncomingRequest, Instant) -> Instant,
        _ sink: any AnswerSink
    ) throws(Problem) {
        guard let query = request.query else {
            throw .malformedRequest("The query is not valid: it must be UTF-8, percent-encoded")
        }
        let hasQuantity = kind == .order ? try OrdersCSV.hasQuantity(query) : false
        let headers = [
            ("Content-Type", "text/csv; charset=utf-8; header=present"),
            ("Content-Disposition", "attachment; filename=\"\(Self.file(kind))\""),
            ("Cache-Control", "no-store"),
        ]
        if request.method == .head {
            // Begun and not sent: how long it would be nobody knows yet.
            if sink.begin(status: 200, headers: headers) { sink.finish() }
            return
        }
        let isAdmitted = running.withLock { running -> Bool in
            guard running < Self.limit else { return false }
            running += 1
            return true
        }
        guard isAdmitted else { throw .overloaded() }
        let isRunning = WorkerThread.run("export") { [self] in
            defer { running.withLock { $0 -= 1 } }
            let path =
                "/\(Self.file(kind))?limit=\(Self.rowsPerPage)"
                + (hasQuantity ? "&with=quantity" : "")
            run(kind, path, request, deadline, headers, sink)
        }
        guard isRunning else {
            running.withLock { $0 -= 1 }
            throw .overloaded()
        }
    }

    private static func file(_ kind: ServerKind) -> String {
        kind == .order ? "orders.csv" : "catalog.csv"
    }

    /// On the export's own thread. Before the first page there can be a proper refusal; after it a
    /// failure cuts the answer off, so that the client sees that it is not whole.
    private func run(
        _ kind: ServerKind, _ path: String, _ request: IncomingRequest,
        _ deadline: @Sendable (IncomingRequest, Instant) -> Instant,
        _ headers: [(String, String)], _ sink: any AnswerSink
    ) {
        var last: Int64?
        var hasBegun = false
        while true {
            let answer = page(
                kind, path, after: last, request.trace, deadline(request, timers.now()))
            guard let answer, answer.status == 200 else {
                if hasBegun { return }
                if let answer { return sink.send(.relayed(answer, indented: request.isIndented)) }
                return sink.send(
                    .problem(
                        .unavailable("No server answered in time"), indented: request.isIndented))
            }
            if !hasBegun {
                guard sink.begin(status: 200, headers: headers) else { return }
                hasBegun = true
            }
            let page = CSVPage(answer.body, isFirst: last == nil)
            do {
                if !page.bytes.isEmpty { try sink.write(page.bytes) }
            } catch {
                return
            }
            guard let lastNumber = page.lastNumber, lastNumber > last ?? 0 else { break }
            last = lastNumber
        }
        sink.finish()
    }

    /// Fetches a page and waits for it; nil where no server answered in time.
    private func page(
        _ kind: ServerKind, _ path: String, after last: Int64?, _ trace: Trace, _ deadline: Instant
    ) -> UpstreamAnswer? {
        let after = last.map { "&after=\($0)" } ?? ""
        let request = UpstreamRequest(
            method: "GET", path: path + after, trace: trace)
        let arrival = Arrival<UpstreamAnswer?>()
        dispatcher.send(request, to: .primary(kind), deadline: deadline) { result, _ in
            arrival.set(try? result.get())
        }
        return arrival.wait()
    }
}

/// A page of CSV: its rows, and the number that its last row begins with.
struct CSVPage {
    /// What of the page goes to the client: the header line of the first page only.
    let bytes: [UInt8]
    /// The number of the last row; nil where the page has no row.
    let lastNumber: Int64?

    init(_ page: [UInt8], isFirst: Bool) {
        // A line break inside of quotes belongs to a title. Doubled quotes toggle twice.
        var isQuoted = false
        var lineStart = 0
        var lastLine = 0..<0
        var firstLineEnd = page.count
        for (position, byte) in page.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte == UInt8(ascii: "\n"), !isQuoted else { continue }
            if lineStart == 0 { firstLineEnd = position + 1 }
            lastLine = lineStart..<position
            lineStart = position + 1
        }
        if lineStart < page.count { lastLine = lineStart..<page.count }
        lastNumber = Self.number(page[lastLine])
        let hasHeader = !page.isEmpty && Self.number(page[..<firstLineEnd]) == nil
        bytes = hasHeader && !isFirst ? Array(page[firstLineEnd...]) : page
    }

    /// The number that a line begins with.
    private static func number(_ line: ArraySlice<UInt8>) -> Int64? {
        let field = line.prefix { $0 != UInt8(ascii: ",") }
        if case .number(let number) = ItemNumber.parse(field) { return number }
        return nil
    }
}
