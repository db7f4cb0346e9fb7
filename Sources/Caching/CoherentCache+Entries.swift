public import MonotonicTime

// What an administrator asks of a cache. None of it counts as a use, a hit or a miss.
extension CoherentCache {
    /// The keys of the entries that may be served now, in no order, each with its age.
    public func keys(at now: Instant) -> [(key: Key, age: Instant.Span)] {
        guard now < leaseEnd else { return [] }
        return entries.slots.filter { now < $0.endsAt }.map { ($0.key, now - $0.storedAt) }
    }

    /// The entry of a key, where it may be served now.
    public func peek(_ key: Key, at now: Instant) -> (value: Value, age: Instant.Span)? {
        guard now < leaseEnd, let slot = entries.index[key] else { return nil }
        let entry = entries.slots[Int(slot)]
        return now < entry.endsAt ? (entry.value, now - entry.storedAt) : nil
    }
}
