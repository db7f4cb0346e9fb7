public import MonotonicTime

/// Remembers what functions returned, by the function's name and the arguments of the call.
///
/// It is `memoize` and `delete_memoized` of Flask-Caching, which wrap a function; here the call
/// names it:
///
///     let quote = memory.memoize("quote", [3, 12], at: now) { price(of: 3) * 12 }
///     memory.deleteMemoized("quote", [3, 12])  // this call
///     memory.deleteMemoized("quote")           // all calls of quote
///
/// Forgetting a function takes constant time: its version is part of the key, and a new version
/// meets none of the old entries, which the threshold evicts as nobody uses them any more.
public struct MemoizingCache<Arguments: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A call of a function: what a result is remembered under.
    struct Call: Hashable, Sendable {
        var function: String
        var version: UInt64
        var arguments: Arguments
    }

    private var results: LRUCache<Call, Value>
    /// How often a function was forgotten. One entry for each name ever forgotten: names are
    /// written in the program, so there are few.
    private var versions: [String: UInt64] = [:]

    /// Makes a cache that remembers nothing yet.
    /// - Parameters:
    ///   - threshold: how many results it holds at most.
    ///   - timeToLive: how long a result is used where `memoize` does not say; nil for ever.
    public init(threshold: Int, timeToLive: Instant.Span? = nil) {
        results = LRUCache(threshold: threshold, timeToLive: timeToLive)
    }

    /// What the cache has done so far.
    public var counters: CacheCounters { results.counters }

    /// The remembered result of a call; where there is none it is computed and remembered.
    ///
    /// A computation that throws is not remembered. The computation cannot use this cache, and
    /// whoever holds a lock around the cache holds it during the computation too.
    public mutating func memoize<Failure: Error>(
        _ function: String, _ arguments: Arguments, timeToLive: TimeToLive = .standard,
        at now: Instant, _ compute: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let call = call(function, arguments)
        if let known = results.get(call, at: now) { return known }
        let value = try compute()
        results.set(call, value, timeToLive: timeToLive, at: now)
        return value
    }

    /// Forgets the result of one call.
    /// - Returns: whether there was one.
    @discardableResult
    public mutating func deleteMemoized(_ function: String, _ arguments: Arguments) -> Bool {
        results.delete(call(function, arguments))
    }

    /// Forgets the results of all calls of a function.
    public mutating func deleteMemoized(_ function: String) {
        versions[function, default: 0] += 1
    }

    /// Forgets everything.
    public mutating func clear() {
        results.clear()
    }

    private func call(_ function: String, _ arguments: Arguments) -> Call {
        Call(function: function, version: versions[function] ?? 0, arguments: arguments)
    }
}
