import API
import ServerRuntime
import Testing

@Suite struct `Metrics in Prometheus's format` {
    typealias Histogram = MetricsRegistry.Histogram

    private func lines(_ registry: MetricsRegistry) -> [String] {
        registry.text().split(separator: "\n").map(String.init)
    }

    @Test func `A histogram counts a value at its bound, and adds the buckets up`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram(
            "batch", help: "Sizes.", labels: "group=\"x\"", bounds: .counts)
        for value in [1.0, 2, 2, 3, 4096, 4097] { histogram.observe(value) }
        let text = lines(registry)
        #expect(text.prefix(2) == ["# HELP batch Sizes.", "# TYPE batch histogram"])
        #expect(text.contains("batch_bucket{group=\"x\",le=\"1\"} 1"))
        #expect(text.contains("batch_bucket{group=\"x\",le=\"2\"} 3"))
        #expect(text.contains("batch_bucket{group=\"x\",le=\"4\"} 4"))
        #expect(text.contains("batch_bucket{group=\"x\",le=\"4096\"} 5"))
        #expect(
            text.suffix(3) == [
                "batch_bucket{group=\"x\",le=\"+Inf\"} 6", "batch_sum{group=\"x\"} 8201",
                "batch_count{group=\"x\"} 6",
            ])
    }

    @Test func `Times are told in seconds, however they were counted`() {
        let histogram = Histogram(.seconds)
        histogram.observe(nanoseconds: 50_000)
        histogram.observe(nanoseconds: 50_001)
        histogram.observe(0.5)
        histogram.observe(11)
        let snapshot = histogram.snapshot
        #expect(snapshot.counts.first == 1)
        #expect(snapshot.counts[1] == 1)
        #expect(snapshot.counts.last == 1)
        #expect(snapshot.count == 4)
        #expect(abs(snapshot.sum - 11.500100001) < 1e-9)
        #expect((snapshot + snapshot).count == 8)
    }

    @Test func `Series of one name stand together under one description`() {
        let registry = MetricsRegistry()
        let first = registry.counter("a_total", help: "A.", labels: "kind=\"x\"")
        registry.gauge("b", help: "B.") { 1.5 }
        registry.counter("a_total", help: "A.", labels: "kind=\"y\"") { 7 }
        registry.counters("c_seconds_total", help: "C.") { [("", 0.25)] }
        registry.gauges("d", help: "D.") { [("peer=\"z\"", .infinity)] }
        first.increment(by: 3)
        #expect(
            lines(registry) == [
                "# HELP a_total A.", "# TYPE a_total counter", "a_total{kind=\"x\"} 3",
                "a_total{kind=\"y\"} 7", "# HELP b B.", "# TYPE b gauge", "b 1.5",
                "# HELP c_seconds_total C.", "# TYPE c_seconds_total counter",
                "c_seconds_total 0.25", "# HELP d D.", "# TYPE d gauge", "d{peer=\"z\"} +Inf",
            ])
    }

    @Test func `Requests count by route and status, the fast ones among those of 200`() {
        let requests = RequestMetrics(routes: ["lookup", "buy"])
        let lookups = requests["lookup"]
        lookups.count(status: 200, nanoseconds: 1_000_000)
        lookups.count(status: 404, nanoseconds: 2_000_000)
        lookups.countFast(nanoseconds: 10_000)
        requests["buy"].count(status: 418, nanoseconds: 1)
        requests["nosuch"].count(status: 404, nanoseconds: 1)
        requests[nil].count(status: 400, nanoseconds: 1)
        #expect(lookups.answers.map(\.status) == ["200", "404"])
        #expect(lookups.answers.map(\.count) == [2, 1])
        #expect(lookups.count(of: 400...499) == 1)
        #expect(lookups.durations.count == 3)
        let registry = MetricsRegistry()
        requests.register(in: registry)
        let text = lines(registry)
        for line in [
            "pygmy_http_requests_total{route=\"lookup\",status=\"200\"} 2",
            "pygmy_http_requests_total{route=\"buy\",status=\"other\"} 1",
            "pygmy_http_requests_total{route=\"none\",status=\"404\"} 1",
            "pygmy_http_requests_total{route=\"none\",status=\"400\"} 1",
            "pygmy_http_request_duration_seconds_count{route=\"lookup\"} 3",
            "pygmy_http_request_duration_seconds_bucket{route=\"lookup\",le=\"5e-05\"} 1",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }
}

@Suite struct `Reports to probes` {
    private let passed = HealthCheck("view", "3 of a, b", isPassed: true)
    private let failed = HealthCheck("reads", "it waits for its lease", isPassed: false)

    @Test func `One that passes is ok, or a line a check`() {
        let report = HealthReport(name: "readyz", checks: [passed])
        #expect(report.answer(isVerbose: false) == .text(status: 200, "ok\n"))
        #expect(
            report.answer(isVerbose: true)
                == .text(status: 200, "[+] view: 3 of a, b\nreadyz passed\n"))
    }

    @Test func `One that fails is a problem with what failed, or all lines`() {
        let report = HealthReport(name: "readyz", checks: [passed, failed])
        #expect(
            report.answer(isVerbose: false)
                == .problem(.unavailable("reads: it waits for its lease")))
        #expect(
            report.answer(isVerbose: true)
                == .text(
                    status: 503,
                    "[+] view: 3 of a, b\n[-] reads: it waits for its lease\nreadyz failed\n"))
    }
}
