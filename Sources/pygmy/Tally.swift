import API
import Foundation
import HTTPClient
import Histogram
import Synchronization

/// What the requests of a bench came to.
final class Tally: Sendable {
    /// The kinds of request.
    enum Kind: String, CaseIterable, Sendable {
        case lookup = "lookups"
        case search = "searches"
        case buy = "buys"

        var index: Int {
            switch self {
            case .lookup: 0
            case .search: 1
            case .buy: 2
            }
        }
    }

    /// One kind's figures. Latencies in microseconds.
    private struct Figures {
        var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        var refused = 0
        var failed = 0
    }

    private let figures = Mutex(Kind.allCases.map { _ in Figures() })

    /// Enters an answer: nil for a request that got none, or one of status 500 and above.
    func record(_ kind: Kind, status: Int?, latency: Duration) {
        let (seconds, attoseconds) = latency.components
        let microseconds = UInt64(max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
        figures.withLock { figures in
            guard let status, status < 500 else {
                figures[kind.index].failed += 1
                return
            }
            _ = figures[kind.index].latencies.record(microseconds)
            if status >= 400 { figures[kind.index].refused += 1 }
        }
    }

    /// How many were answered so far, by `Kind.index`.
    var counts: [UInt64] { figures.withLock { $0.map(\.latencies.totalCount) } }

    /// Throughput and latency, a line a kind; latencies in milliseconds.
    /// - Parameter width: of the window, where there is one.
    func table(over time: Duration, width: Int? = nil) -> String {
        let seconds = Double(time.components.seconds)
        let rows = figures.withLock { figures in
            Kind.allCases.map { kind -> [String] in
                let figure = figures[kind.index]
                let latencies = figure.latencies
                let count = latencies.totalCount
                let times = [50.0, 90, 99, 99.9].map { latencies.valueAtPercentile($0) }
                return [kind.rawValue, "\(count)", Tally.decimal(Double(count) / seconds, 1)]
                    + (times + [latencies.maxRecorded]).map { microseconds in
                        count == 0 ? "-" : Tally.decimal(Double(microseconds) / 1000, 2)
                    } + ["\(figure.refused)", "\(figure.failed)"]
            }
        }
        return Table.text(
            header: [
                "request", "answered", "per second", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms",
                "max ms", "refused", "failed",
            ],
            brief: [
                "request", "answered", "per s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms",
                "refused", "failed",
            ], rows: rows, width: width)
    }

    private static func decimal(_ number: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", number)
    }
}

/// One client of a bench: asks, waits for the answer, asks again.
struct Visitor: Sendable {
    let http: HTTPClient
    let address: Address
    let shelf: Shelf
    let mix: Mix
    let tally: Tally
    let end: ContinuousClock.Instant

    /// Goes on until the end.
    func run() {
        var generator = SystemRandomNumberGenerator()
        while ContinuousClock.now < end {
            let kind = mix.pick(&generator)
            let item = shelf.items.randomElement(using: &generator) ?? 1
            var request = HTTPRequest(
                authority: "\(address)", path: "/lookup/\(item)",
                headers: [("Accept", "application/json")])
            switch kind {
            case .lookup: break
            case .search:
                request.path = "/search/\(shelf.topics.randomElement(using: &generator) ?? "")"
            case .buy:
                request.method = "POST"
                request.path = "/buy/\(item)"
                let key = String(generator.next() as UInt64, radix: 16)
                request.headers.append(("Idempotency-Key", "bench-\(key)"))
            }
            let start = ContinuousClock.now
            let response = try? http.perform(request, timeout: .seconds(30))
            tally.record(kind, status: response?.status, latency: ContinuousClock.now - start)
        }
    }
}
