import Caching
import MonotonicTime

/// The front end's cache: the real one, or a stand-in that keeps all of its rules but one.
struct FrontEndCache {
    private var real: CoherentCache<UInt64, BookView>
    private var loose: LooseCache?

    init(breaks: (HostMutation) -> Bool) {
        real = CoherentCache(threshold: 3, timeToLive: .seconds(100))
        let broken = HostMutation.ofCaches.filter(breaks)
        if let mutation = broken.first { loose = LooseCache(mutation: mutation) }
    }

    mutating func lookup(_ key: UInt64, at now: Instant) -> CacheLookup<UInt64, BookView> {
        if let view = loose?.lookup(key, at: now) {
            _ = real.lookup(key, at: now)
            return .hit(view, age: .zero)
        }
        let answer = real.lookup(key, at: now)
        if case .startFill(let token) = answer { loose?.begin(token, at: now) }
        return answer
    }

    mutating func completeFill(
        _ token: FillToken<UInt64>, value: BookView, cacheable: Bool, at now: Instant
    ) -> FillOutcome {
        loose?.complete(token, value, cacheable: cacheable, at: now)
        return real.completeFill(token, value: value, cacheable: cacheable, at: now)
    }

    mutating func abandonFill(_ token: FillToken<UInt64>) { real.abandonFill(token) }

    mutating func invalidate(_ keys: [UInt64]) {
        real.invalidate(keys)
        loose?.invalidate(keys)
    }

    mutating func learn(view: UInt64) {
        real.learn(view: view)
        loose?.learn(view: view)
    }

    mutating func grant(
        from source: LeaseSource, sentAt: Instant, duration: Instant.Span, at now: Instant
    ) {
        _ = real.grant(from: source, sentAt: sentAt, duration: duration, at: now)
        loose?.grant(view: source.viewNumber, sentAt: sentAt, duration: duration, at: now)
    }
}

/// A cache that keeps the rules of coherence but for one.
struct LooseCache {
    let mutation: HostMutation
    private var entries: [UInt64: BookView] = [:]
    /// The fills under way, and the lease and the count of invalidations when they began.
    private var fills: [FillToken<UInt64>: (lease: UInt64, invalidations: UInt64)] = [:]
    private var invalidations: [UInt64: UInt64] = [:]
    private var newestView: UInt64 = 0
    private var leaseView: UInt64 = 0
    private var leaseNumber: UInt64 = 0
    private var leaseEnd = Instant(nanoseconds: .min)

    init(mutation: HostMutation) { self.mutation = mutation }

    mutating func lookup(_ key: UInt64, at now: Instant) -> BookView? {
        now < leaseEnd ? entries[key] : nil
    }

    mutating func begin(_ token: FillToken<UInt64>, at now: Instant) {
        fills[token] = (leaseNumber, invalidations[token.key] ?? 0)
    }

    mutating func complete(
        _ token: FillToken<UInt64>, _ view: BookView, cacheable: Bool, at now: Instant
    ) {
        guard let fill = fills.removeValue(forKey: token), now < leaseEnd else { return }
        if fill.lease != leaseNumber, mutation != .fillStoredAcrossLeases { return }
        if fill.invalidations != invalidations[token.key] ?? 0,
            mutation != .fillStoredAfterInvalidation
        {
            return
        }
        if !cacheable, mutation != .uncommittedAnswerStored { return }
        entries[token.key] = view
    }

    mutating func invalidate(_ keys: [UInt64]) {
        for key in keys {
            entries[key] = nil
            invalidations[key, default: 0] += 1
        }
    }

    mutating func learn(view: UInt64) {
        guard view > newestView else { return }
        newestView = view
        guard mutation != .cacheKeptAcrossViews else { return }
        entries = [:]
        leaseEnd = Instant(nanoseconds: .min)
    }

    mutating func grant(view: UInt64, sentAt: Instant, duration: Instant.Span, at now: Instant) {
        guard view >= newestView else { return }
        learn(view: view)
        let start = mutation == .cacheLeaseCountedFromAnswer ? now : sentAt
        guard now < start + duration else { return }
        if now >= leaseEnd || view != leaseView {
            leaseNumber += 1
            if mutation != .cacheKeptOverLapsedLease, mutation != .cacheKeptAcrossViews {
                entries = [:]
            }
        }
        leaseView = view
        leaseEnd = max(leaseEnd, start + duration)
    }
}
