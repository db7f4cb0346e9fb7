public import MonotonicTime

// The operations on several keys: each is the single one, in the order of the keys given.
extension LRUCache {
    /// The values under several keys, in their order, nil for a key that has none.
    public mutating func getMany(_ keys: some Sequence<Key>, at now: Instant) -> [Value?] {
        keys.map { get($0, at: now) }
    }

    /// The values under several keys, without those that have none.
    ///
    /// A dictionary has no order that can be relied upon: to go through the values, use `getMany`.
    public mutating func getDictionary(
        _ keys: some Sequence<Key>, at now: Instant
    ) -> [Key: Value] {
        var found: [Key: Value] = [:]
        for key in keys {
            if let value = get(key, at: now) { found[key] = value }
        }
        return found
    }

    /// Stores several values; the last becomes the most recently used.
    public mutating func setMany(
        _ entries: some Sequence<(Key, Value)>, timeToLive: TimeToLive = .standard,
        at now: Instant
    ) {
        for (key, value) in entries {
            set(key, value, timeToLive: timeToLive, at: now)
        }
    }

    /// Drops the entries of several keys.
    /// - Returns: how many of them had one.
    @discardableResult
    public mutating func deleteMany(_ keys: some Sequence<Key>) -> Int {
        var deleted = 0
        for key in keys where delete(key) { deleted += 1 }
        return deleted
    }

    /// The keys from the most to the least recently used, with those whose time is over.
    public var keysByUse: [Key] {
        var keys: [Key] = []
        keys.reserveCapacity(slots.count)
        var slot = newest
        while slot != Self.none {
            keys.append(slots[Int(slot)].key)
            slot = slots[Int(slot)].older
        }
        return keys
    }
}
