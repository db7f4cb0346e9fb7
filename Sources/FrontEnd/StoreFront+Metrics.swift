internal import API
internal import Caching
internal import MonotonicTime
internal import ServerRuntime
internal import Synchronization

// The front end's numbers for Prometheus; each is read when it is asked for.
extension StoreFront {
    func register(in metrics: MetricsRegistry) {
        registerRequests(in: metrics)
        registerCache(in: metrics)
        metrics.gauge(
            "pygmy_frontend_servers_reachable", help: "Servers of the back end that answer."
        ) { [dispatcher] in
            Double(dispatcher.withCluster { $0.servers.count { $0.isReachable } })
        }
        for kind in [ServerKind.catalog, .order] {
            let group = kind == .catalog ? "catalog" : "orders"
            metrics.gauge(
                "pygmy_frontend_primary_known",
                help: "1 where the group has a primary that answers this front end.",
                labels: "group=\"\(group)\""
            ) { [dispatcher] in dispatcher.withCluster { $0.hasPrimary(kind) } ? 1 : 0 }
            metrics.gauge(
                "pygmy_frontend_view_number",
                help: "The newest view of the group that this front end knows.",
                labels: "group=\"\(group)\""
            ) { [dispatcher] in Double(dispatcher.withCluster { $0[kind].viewNumber }) }
        }
        metrics.gauge(
            "pygmy_frontend_buys_waiting", help: "Buys that wait to be sent."
        ) { [buys] in Double(buys.waitingCount) }
    }

    private func registerRequests(in metrics: MetricsRegistry) {
        let counters = counters
        counters.requests.register(in: metrics)
        metrics.counter(
            "pygmy_frontend_buy_batches_total", help: "Batches of buys that were sent."
        ) { counters.buyBatches.load(ordering: .relaxed) }
        metrics.counter(
            "pygmy_frontend_retries_total", help: "Requests to the back end that were made again."
        ) { counters.retries.load(ordering: .relaxed) }
        for (outcome, isMissed) in [("answered", false), ("missed", true)] {
            metrics.counter(
                "pygmy_frontend_heartbeats_total",
                help: "Heartbeats to servers of the back end by what became of them.",
                labels: "outcome=\"\(outcome)\""
            ) {
                isMissed
                    ? counters.heartbeatsMissed.load(ordering: .relaxed)
                    : counters.heartbeatsAnswered.load(ordering: .relaxed)
            }
        }
        metrics.counter(
            "pygmy_frontend_invalidation_requests_total", help: "Invalidations by the catalog."
        ) { counters.invalidationRequests.load(ordering: .relaxed) }
    }

    private func registerCache(in metrics: MetricsRegistry) {
        let timers = timers
        let status: @Sendable () -> CacheStatus = { [lookups] in
            let now = timers.now()
            return lookups.withCache { CacheStatus($0, at: now) }
        }
        metrics.gauge("pygmy_cache_entries", help: "Books in the cache.") {
            Double(status().entries)
        }
        metrics.gauge("pygmy_cache_lease_held", help: "1 where the cache may be used.") {
            status().lease == nil ? 0 : 1
        }
        metrics.gauge(
            "pygmy_cache_lease_remaining_seconds", help: "What is left of the cache's lease."
        ) {
            status().lease.map { max(0, ($0.end - timers.now()).seconds) } ?? 0
        }
        metrics.counter(
            "pygmy_cache_joins_total", help: "Lookups that waited for the request of another."
        ) { Int(status().joins) }
        metrics.counter(
            "pygmy_cache_bypasses_total", help: "Lookups without a lease, past the cache."
        ) { Int(status().bypasses) }
        metrics.counter("pygmy_cache_hits_total", help: "Lookups answered from the cache.") {
            Int(status().counters.hits)
        }
        metrics.counter("pygmy_cache_misses_total", help: "Lookups that the cache had not.") {
            Int(status().counters.misses)
        }
        metrics.counter("pygmy_cache_evictions_total", help: "Books dropped for the threshold.") {
            Int(status().counters.evictions)
        }
        metrics.counter("pygmy_cache_expirations_total", help: "Books dropped for their age.") {
            Int(status().counters.expirations)
        }
        metrics.counter("pygmy_cache_invalidations_total", help: "Books dropped for a change.") {
            Int(status().counters.invalidations)
        }
        metrics.counter("pygmy_cache_lapses_total", help: "Leases that ended.") {
            Int(status().lapses)
        }
    }
}
