public import MonotonicTime

/// A cache with a time to live and a threshold, past which it drops the least recently used entry.
///
/// It has the operations of Flask-Caching under Swift names. Every one takes constant time for
/// each key. The entries stand side by side in one array and are linked by their indices, from the
/// most to the least recently used: no object is allocated for an entry, and an entry that is
/// removed leaves no hole, because the last one moves into its place.
///
/// An entry whose time to live is over is as good as absent; it is dropped when it is met.
///
/// Invariant: `slots.count == index.count <= threshold`, and the links visit every slot once.
public struct LRUCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// An entry and its place in the order of use.
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var key: Key
        @usableFromInline var value: Value
        @usableFromInline var storedAt: Instant
        /// The first instant at which the entry is no longer used.
        @usableFromInline var endsAt: Instant
        /// The slot used just after this one, `none` at the newest.
        @usableFromInline var newer: Int32
        /// The slot used just before this one, `none` at the oldest.
        @usableFromInline var older: Int32

        @inlinable
        init(key: Key, value: Value, storedAt: Instant, endsAt: Instant) {
            self.key = key
            self.value = value
            self.storedAt = storedAt
            self.endsAt = endsAt
            newer = -1
            older = -1
        }
    }

    /// An entry as `entry(_:at:)` gives it.
    public struct Entry: Sendable {
        /// The value that was stored.
        public var value: Value
        /// When it was stored.
        public var storedAt: Instant

        @inlinable
        init(value: Value, storedAt: Instant) {
            self.value = value
            self.storedAt = storedAt
        }
    }

    /// The link that leads nowhere.
    @inlinable static var none: Int32 { -1 }

    /// How many entries the cache holds at most.
    public let threshold: Int
    /// How long an entry lives that was stored with the `standard` time to live; nil for ever.
    public let timeToLive: Instant.Span?
    @usableFromInline var tally = CacheCounters()
    @usableFromInline var slots: ContiguousArray<Slot> = []
    @usableFromInline var index: [Key: Int32] = [:]
    @usableFromInline var newest: Int32 = -1
    @usableFromInline var oldest: Int32 = -1

    /// Makes an empty cache.
    /// - Parameters:
    ///   - threshold: how many entries it holds at most, 0 to hold none.
    ///   - timeToLive: how long an entry lives where `set` does not say; nil for ever.
    public init(threshold: Int, timeToLive: Instant.Span? = nil) {
        precondition(
            threshold >= 0 && threshold < Int32.max, "a cache's threshold is 0 to 2,147,483,646")
        self.threshold = threshold
        self.timeToLive = timeToLive
    }

    /// What the cache has done so far.
    @inlinable public var counters: CacheCounters { tally }

    /// How many entries are held, those included whose time is over and that nobody has met since.
    @inlinable public var count: Int { slots.count }

    /// The value under a key, nil where there is none; the entry becomes the most recently used.
    @inlinable
    public mutating func get(_ key: Key, at now: Instant) -> Value? {
        entry(key, at: now)?.value
    }

    /// The value under a key and when it was stored; the entry becomes the most recently used.
    @inlinable
    public mutating func entry(_ key: Key, at now: Instant) -> Entry? {
        guard let slot = liveSlot(of: key, at: now) else {
            tally.misses += 1
            return nil
        }
        tally.hits += 1
        touch(slot)
        return slots.withUnsafeBufferPointer { slots in
            Entry(value: slots[Int(slot)].value, storedAt: slots[Int(slot)].storedAt)
        }
    }

    /// Whether there is a value under a key. Neither counts as a use nor as a hit or a miss.
    @inlinable
    public func has(_ key: Key, at now: Instant) -> Bool {
        guard let slot = index[key] else { return false }
        return now < slots[Int(slot)].endsAt
    }

    /// Stores a value under a key, in place of what was there, as the most recently used.
    @inlinable
    public mutating func set(
        _ key: Key, _ value: Value, timeToLive: TimeToLive = .standard, at now: Instant
    ) {
        guard threshold > 0 else { return }
        let entry = Slot(
            key: key, value: value, storedAt: now, endsAt: end(of: timeToLive, from: now))
        if let slot = index[key] {
            unlink(slot)
            slots[Int(slot)] = entry
            linkAsNewest(slot)
        } else if slots.count < threshold {
            let slot = Int32(slots.count)
            slots.append(entry)
            index[key] = slot
            linkAsNewest(slot)
        } else {
            // The evicted entry's place is taken over, so that a full cache allocates nothing.
            let slot = oldest
            unlink(slot)
            index[slots[Int(slot)].key] = nil
            if slots[Int(slot)].endsAt <= now {
                tally.expirations += 1
            } else {
                tally.evictions += 1
            }
            slots[Int(slot)] = entry
            index[key] = slot
            linkAsNewest(slot)
        }
    }

    /// Stores a value under a key only where there is none yet.
    /// - Returns: whether it was stored.
    @inlinable
    public mutating func add(
        _ key: Key, _ value: Value, timeToLive: TimeToLive = .standard, at now: Instant
    ) -> Bool {
        guard threshold > 0, liveSlot(of: key, at: now) == nil else { return false }
        set(key, value, timeToLive: timeToLive, at: now)
        return true
    }

    /// Drops the entry of a key.
    /// - Returns: whether there was one.
    @inlinable @discardableResult
    public mutating func delete(_ key: Key) -> Bool {
        guard let slot = index[key] else { return false }
        remove(slot)
        tally.invalidations += 1
        return true
    }

    /// Drops all entries and gives their memory back.
    public mutating func clear() {
        tally.invalidations += UInt64(slots.count)
        slots = []
        index = [:]
        newest = Self.none
        oldest = Self.none
    }
}
