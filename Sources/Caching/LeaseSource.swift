public import MonotonicTime

/// Whose promise a cache lease is. Contents that were kept under the promise of one source mean
/// nothing under that of another, which knows of no promise to this front end.
public struct LeaseSource: Hashable, Sendable {
    /// The number of the view whose primary granted the lease.
    public var viewNumber: UInt64
    /// Which start of the primary granted it: a server that restarts takes another.
    public var incarnation: UInt64
    /// The name of the primary.
    public var grantor: String

    /// Makes the identity of a source of leases.
    public init(viewNumber: UInt64, incarnation: UInt64, grantor: String) {
        self.viewNumber = viewNumber
        self.incarnation = incarnation
        self.grantor = grantor
    }
}

/// What became of a lease that was granted to the cache.
public enum LeaseGrant: Hashable, Sendable {
    /// The lease that was held goes on, and so do the contents.
    case renewed
    /// It is a first lease, or one from another source, or came too late: the cache began empty.
    case begun
    /// It has run out on its way, or its view is older than one that is known: nothing changed.
    case refused
}

/// The name of a fill under way, made by `CoherentCache.lookup` and given back when it is over.
public struct FillToken<Key: Hashable & Sendable>: Hashable, Sendable {
    /// The key that is being filled.
    public let key: Key
    /// The number of the fill; no two fills of a cache have the same.
    public let number: UInt64

    @usableFromInline
    init(key: Key, number: UInt64) {
        self.key = key
        self.number = number
    }
}

/// Where the answer to a lookup comes from.
public enum CacheLookup<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// From the cache, where the value has been for this long.
    case hit(Value, age: Instant.Span)
    /// From a fill that another reader began: wait for its outcome.
    case join(FillToken<Key>)
    /// From the catalog: ask it, and report the outcome under this token.
    case startFill(FillToken<Key>)
    /// From the catalog, with no lease: store nothing, and let nobody join.
    case bypass
}

/// What to do with the answer of a fill.
public enum FillOutcome: Hashable, Sendable {
    /// It was stored: answer everyone who waits for it.
    case stored
    /// It was not stored, but is good for everyone who waits for it.
    case answerAll
    /// It is good for the founders only, who were there when it was asked for. The joiners need an
    /// answer that is asked for now.
    case answerFounders
}
