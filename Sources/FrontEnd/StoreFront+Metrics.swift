internal import Caching
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
        metrics.gauge(
            "pygmy_frontend_buys_waiting", help: "Buys that wait to be sent."
        ) { [buys] in Double(buys.waitingCount) }
    }

    private func registerRequests(in metrics: MetricsRegistry) {
        let name = "pygmy_frontend_requests_total"
        let help = "Requests of clients by what they wanted."
        let counters = counters
        metrics.counter(name, help: help, labels: "route=\"lookup\"") {
            counters.lookups.load(ordering: .relaxed)
        }
        metrics.counter(name, help: help, labels: "route=\"search\"") {
            counters.searches.load(ordering: .relaxed)
        }
        metrics.counter(name, help: help, labels: "route=\"buy\"") {
            counters.buys.load(ordering: .relaxed)
        }
        metrics.counter(name, help: help, labels: "route=\"administration\"") {
            counters.administrations.load(ordering: .relaxed)
        }
        metrics.counter(name, help: help, labels: "route=\"order\"") {
            counters.others.load(ordering: .relaxed)
        }
        metrics.counter(
            "pygmy_frontend_refused_total", help: "Answers with status 400 to 499."
        ) { counters.refusals.load(ordering: .relaxed) }
        metrics.counter(
            "pygmy_frontend_failed_total", help: "Answers with status 500 or above."
        ) { counters.failures.load(ordering: .relaxed) }
        metrics.counter(
            "pygmy_frontend_buy_batches_total", help: "Batches of buys that were sent."
        ) { counters.buyBatches.load(ordering: .relaxed) }
        metrics.counter(
            "pygmy_frontend_retries_total", help: "Requests to the back end that were made again."
        ) { counters.retries.load(ordering: .relaxed) }
        metrics.counter(
            "pygmy_frontend_heartbeats_missed_total", help: "Heartbeats without an answer."
        ) { counters.heartbeatsMissed.load(ordering: .relaxed) }
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
        metrics.gauge("pygmy_cache_lease_held", help: "Whether the cache may be used.") {
            status().lease == nil ? 0 : 1
        }
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
