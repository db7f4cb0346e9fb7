public import MonotonicTime

// The linked list in the array. Nothing outside of `LRUCache` sees an index.
extension LRUCache {
    /// The slot of a key whose time to live still runs; an entry whose time is over is dropped.
    @inlinable
    mutating func liveSlot(of key: Key, at now: Instant) -> Int32? {
        guard let slot = index[key] else { return nil }
        guard slots[Int(slot)].endsAt <= now else { return slot }
        remove(slot)
        tally.expirations += 1
        return nil
    }

    /// The first instant at which an entry stored now is over.
    @inlinable
    func end(of timeToLive: TimeToLive, from now: Instant) -> Instant {
        let span: Instant.Span?
        switch timeToLive {
        case .standard: span = self.timeToLive
        case .limited(let limit): span = limit
        case .unlimited: span = nil
        }
        // A span so long that the clock never gets there is for ever, not an overflow.
        guard let span else { return Instant(nanoseconds: .max) }
        let (end, overflows) = now.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflows ? .max : end)
    }

    /// Makes a slot the most recently used.
    @inlinable
    mutating func touch(_ slot: Int32) {
        guard slot != newest else { return }
        unlink(slot)
        linkAsNewest(slot)
    }

    /// Takes a slot out of the order of use; its entry stays where it is.
    @inlinable
    mutating func unlink(_ slot: Int32) {
        let newer = slots[Int(slot)].newer
        let older = slots[Int(slot)].older
        if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
        if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    }

    /// Puts a slot that is not in the order of use at its newest end.
    @inlinable
    mutating func linkAsNewest(_ slot: Int32) {
        slots[Int(slot)].newer = Self.none
        slots[Int(slot)].older = newest
        if newest == Self.none { oldest = slot } else { slots[Int(newest)].newer = slot }
        newest = slot
    }

    /// Drops an entry and moves the last one into its place, so that the array has no holes.
    @inlinable
    mutating func remove(_ slot: Int32) {
        unlink(slot)
        index[slots[Int(slot)].key] = nil
        let last = Int32(slots.count - 1)
        if slot != last {
            let moved = slots[Int(last)]
            slots[Int(slot)] = moved
            index[moved.key] = slot
            if moved.newer == Self.none {
                newest = slot
            } else {
                slots[Int(moved.newer)].older = slot
            }
            if moved.older == Self.none {
                oldest = slot
            } else {
                slots[Int(moved.older)].newer = slot
            }
        }
        slots.removeLast()
    }
}
