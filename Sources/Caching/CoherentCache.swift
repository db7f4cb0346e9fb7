public import MonotonicTime

/// A cache that never says what the catalog no longer says: the front end's side of coherence.
///
/// The catalog's primary commits a change of a book only when every front end that holds a cache
/// lease has answered the invalidation of that book, or the lease has run out. In return this
/// cache keeps the rules below. With both, a lookup is linearizable: whatever it returns was the
/// committed state at some moment between its beginning and its end.
///
/// 1. *It serves, stores and joins only under a live lease.* Without one the primary commits
///    without asking, and an entry is out of date from one moment to the next.
/// 2. *A lease counts from when it was asked for.* Counted from the answer's arrival it would
///    outlive the grantor's own reckoning by the time that the message took.
/// 3. *A lease that lapsed, or comes from another source, begins with nothing.* In between, or
///    under a predecessor, changes were committed that this cache was not told of.
/// 4. *A view that is known to be newer ends the lease of the older, for good.* The new primary is
///    told that everything was dropped and may commit at once; a late grant of the old view would
///    bring back a promise that nobody keeps.
/// 5. *An invalidation forbids the fills of its keys that are under way.* Their answers may have
///    been read before the change; stored after it they would stay, joined after it they would be
///    given to a reader that began when the change was already answered.
/// 6. *A fill asked for under one lease is never stored under the next*, for the same reason as 3.
/// 7. *An answer read while the book has an uncommitted entry is not stored, and is for founders
///    only.* Its invalidation may have come and gone before the fill began, and the change may be
///    committed and answered while the fill is on its way back, before a joiner arrives.
///
/// It is a value without a lock, a clock or randomness: it belongs in a `Mutex`, or in a simulator.
/// Nothing it returns depends on the order of a hash table.
public struct CoherentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline var entries: LRUCache<Key, Value>
    /// The fill of each key that may still be joined and stored.
    ///
    /// Invariant: every fill in here was begun under the lease that is held now, and no
    /// invalidation of its key has come since.
    @usableFromInline var openFills: [Key: UInt64] = [:]
    /// Invariant: no fill ever began under this number.
    @usableFromInline var nextFill: UInt64 = 1
    /// The first instant without a lease.
    @usableFromInline var leaseEnd: Instant = Self.never
    /// Whose lease it is; nil from when it was seen to have ended.
    ///
    /// Invariant: where this is nil there are neither entries nor open fills.
    var source: LeaseSource?
    /// The newest view of the catalog that this front end has heard of. It never goes back.
    public private(set) var newestView: UInt64 = 0

    /// Lookups that were answered by a fill which another reader had begun.
    @inlinable public var joins: UInt64 { joinTally }
    /// Lookups for which there was no lease.
    @inlinable public var bypasses: UInt64 { bypassTally }
    /// How often a lease ended and took the contents with it.
    public private(set) var lapses: UInt64 = 0

    @usableFromInline var joinTally: UInt64 = 0
    @usableFromInline var bypassTally: UInt64 = 0

    /// Before every instant of a clock: the end of the lease where there is none.
    @usableFromInline static var never: Instant { Instant(nanoseconds: .min) }

    /// Makes an empty cache without a lease.
    /// - Parameters:
    ///   - threshold: how many entries it holds at most.
    ///   - timeToLive: how long an entry may be used, whatever the lease.
    public init(threshold: Int, timeToLive: Instant.Span) {
        entries = LRUCache(threshold: threshold, timeToLive: timeToLive)
    }

    /// How many entries are held.
    public var count: Int { entries.count }

    /// What the cache has done so far. A bypass is no miss: nothing was looked for.
    public var counters: CacheCounters { entries.counters }

    // MARK: Lookups and fills

    /// Says where the answer to a lookup that begins now comes from.
    @inlinable
    public mutating func lookup(_ key: Key, at now: Instant) -> CacheLookup<Key, Value> {
        guard now < leaseEnd else {
            // Rule 1.
            dropLapsedLease(at: now)
            bypassTally += 1
            return .bypass
        }
        if let entry = entries.entry(key, at: now) {
            return .hit(entry.value, age: now - entry.storedAt)
        }
        if let number = openFills[key] {
            joinTally += 1
            return .join(FillToken(key: key, number: number))
        }
        let token = FillToken(key: key, number: nextFill)
        nextFill += 1
        openFills[key] = token.number
        return .startFill(token)
    }

    /// Takes the answer of a fill.
    /// - Parameters:
    ///   - token: the fill that was answered.
    ///   - value: what to store; nil for an answer there is nothing to store of, such as that
    ///     there is no such book.
    ///   - cacheable: whether the catalog had no uncommitted entry for the key when it read.
    ///   - now: when the answer came.
    /// - Returns: who may be given the answer.
    public mutating func completeFill(
        _ token: FillToken<Key>, value: Value?, cacheable: Bool, at now: Instant
    ) -> FillOutcome {
        dropLapsedLease(at: now)
        // Rules 5 and 6: a fill that is no longer open was forbidden, or its lease is over. Another
        // fill of the same key may be open by now, and stays so.
        let isOpen = openFills[token.key] == token.number
        if isOpen { openFills[token.key] = nil }
        // Rule 7.
        guard cacheable else { return .answerFounders }
        // A settled answer is good for joiners even where it is not stored: they joined while the
        // fill was open, so a change that it does not show was committed after they began.
        guard isOpen, let value else { return .answerAll }
        entries.set(token.key, value, at: now)
        return .stored
    }

    /// Ends a fill that will have no answer. Readers that come later start another.
    public mutating func abandonFill(_ token: FillToken<Key>) {
        if openFills[token.key] == token.number { openFills[token.key] = nil }
    }

    /// Drops the entries of keys that are about to change, and forbids their fills under way.
    ///
    /// When this has returned the invalidation may be answered. Repeated or late it does no harm.
    /// - Returns: how many of the keys had an entry.
    @discardableResult
    public mutating func invalidate(_ keys: some Sequence<Key>) -> Int {
        var dropped = 0
        for key in keys {
            if entries.delete(key) { dropped += 1 }
            // Rule 5.
            openFills[key] = nil
        }
        return dropped
    }

    // MARK: Leases

    /// Takes a lease that was granted.
    /// - Parameters:
    ///   - source: whose promise it is.
    ///   - sentAt: when the request for it was sent.
    ///   - duration: for how long it was granted.
    ///   - now: when the answer came.
    public mutating func grant(
        from source: LeaseSource, sentAt: Instant, duration: Instant.Span, at now: Instant
    ) -> LeaseGrant {
        // Rule 4: views only go forward.
        guard source.viewNumber >= newestView else { return .refused }
        learn(view: source.viewNumber)
        // Rule 3. That the last lease had run out by now, not by `sentAt`, is what counts: a
        // request that was long on its way reached a primary which had seen the lease run out.
        dropLapsedLease(at: now)
        // Rule 2.
        let end = sentAt + duration
        guard now < end else { return .refused }
        if source == self.source {
            // Answers overtake each other: an older one must not shorten a newer lease.
            leaseEnd = max(leaseEnd, end)
            return .renewed
        }
        if self.source != nil { drop() }
        self.source = source
        leaseEnd = end
        return .begun
    }

    /// Hears of a view of the catalog. A newer one than all before ends the lease and drops
    /// everything (rule 4); after that the new primary may be told so.
    public mutating func learn(view number: UInt64) {
        guard number > newestView else { return }
        newestView = number
        if source != nil { drop() }
    }

    /// Gives the lease up and drops everything, as where the server is about to stop.
    public mutating func relinquish() {
        if source != nil { drop() }
    }

    /// Whose lease is held now and until when; nil where there is none.
    public func lease(at now: Instant) -> (source: LeaseSource, end: Instant)? {
        guard let source, now < leaseEnd else { return nil }
        return (source, leaseEnd)
    }

    /// Notices that the lease has run out, where it has.
    @usableFromInline
    mutating func dropLapsedLease(at now: Instant) {
        if source != nil, leaseEnd <= now { drop() }
    }

    private mutating func drop() {
        entries.clear()
        openFills = [:]
        source = nil
        leaseEnd = Self.never
        lapses += 1
    }
}
