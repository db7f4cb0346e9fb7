public import MonotonicTime

/// How long an entry may be used after it was stored.
public enum TimeToLive: Hashable, Sendable {
    /// As long as the cache's own `timeToLive` says.
    case standard
    /// This long; nothing or less stores an entry that is over at once.
    case limited(Instant.Span)
    /// Until it is deleted or evicted.
    case unlimited
}
