/// Requests that wait until one of the connections to their address is free, each until its time is
/// over. Belongs to the transfer loop.
///
/// libcurl has such a queue of its own, but does not look at the time of what stands in it
/// (`CURLOPT_TIMEOUT_MS` counts from the start of the transfer, and is looked at when that gets its
/// connection).
struct WaitingLine {
    /// A request that waits.
    struct Place {
        let submission: Submission
        let deadline: ContinuousClock.Instant
    }

    /// Those at one address, of whom the first have gone.
    private struct Queue {
        var places: [Place] = []
        var gone = 0

        var left: ArraySlice<Place> { places[gone...] }

        mutating func popFirst() -> Place? {
            guard gone < places.count else { return nil }
            defer {
                gone += 1
                // What is moved up is no more than what has gone.
                if gone * 2 >= places.count {
                    places.removeFirst(gone)
                    gone = 0
                }
            }
            return places[gone]
        }
    }

    private let limit: Int
    private var underWay: [String: Int] = [:]
    private var waiting: [String: Queue] = [:]
    /// No place's time is over before; nil where nobody waits.
    private(set) var nextExpiry: ContinuousClock.Instant?

    /// A line at each address with room for so many requests under way.
    init(limit: Int) { self.limit = limit }

    /// Takes note of a request that begins; false where it has to wait instead. An urgent one never
    /// has to.
    mutating func admit(
        _ submission: Submission, at now: @autoclosure () -> ContinuousClock.Instant
    )
        -> Bool
    {
        let authority = submission.request.authority
        let count = underWay[authority, default: 0]
        if count < limit || submission.request.isUrgent {
            underWay[authority] = count + 1
            return true
        }
        let deadline = now() + submission.timeout
        waiting[authority, default: Queue()].places.append(
            Place(submission: submission, deadline: deadline))
        nextExpiry = min(nextExpiry ?? deadline, deadline)
        return false
    }

    /// A request to an address has ended; gives the one that takes its place, and counts it.
    mutating func ended(_ authority: String) -> Place? {
        let count = underWay[authority, default: 1] - 1
        underWay[authority] = count > 0 ? count : nil
        guard count < limit, let next = waiting[authority]?.popFirst() else { return nil }
        if waiting[authority]?.left.isEmpty == true { waiting[authority] = nil }
        underWay[authority] = count + 1
        return next
    }

    /// Removes those whose time is over.
    mutating func expire(at now: ContinuousClock.Instant) -> [Submission] {
        guard let nextExpiry, nextExpiry <= now else { return [] }
        var expired: [Submission] = []
        var earliest: ContinuousClock.Instant?
        for (authority, queue) in waiting {
            var left = Queue()
            for place in queue.left {
                guard place.deadline > now else {
                    expired.append(place.submission)
                    continue
                }
                left.places.append(place)
                earliest = min(earliest ?? place.deadline, place.deadline)
            }
            waiting[authority] = left.places.isEmpty ? nil : left
        }
        self.nextExpiry = earliest
        return expired
    }

    /// Removes all.
    mutating func removeAll() -> [Submission] {
        defer {
            waiting = [:]
            nextExpiry = nil
        }
        return waiting.values.flatMap { $0.left.map(\.submission) }
    }
}
