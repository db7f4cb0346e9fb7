/// What a cache has done since it was made. Nothing resets the counts, not even `clear()`.
public struct CacheCounters: Hashable, Sendable {
    /// Gets that found an entry.
    public var hits: UInt64 = 0
    /// Gets that found none, or one whose time to live was over.
    public var misses: UInt64 = 0
    /// Entries dropped because the threshold was reached.
    public var evictions: UInt64 = 0
    /// Entries dropped because their time to live was over when they were met.
    public var expirations: UInt64 = 0
    /// Entries dropped by `delete`, `deleteMany` and `clear`.
    public var invalidations: UInt64 = 0

    /// Makes counters that stand at nothing.
    public init() {}

    /// The part of all gets that were hits, 0 where there was no get.
    public var hitRatio: Double {
        let gets = hits + misses
        return gets == 0 ? 0 : Double(hits) / Double(gets)
    }
}
