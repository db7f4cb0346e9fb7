internal import API
internal import MonotonicTime

/// The answer to a lookup in the form in which it is sent: a hit is written as four pieces, with
/// nothing encoded and nothing allocated.
final class CachedBook: Sendable {
    /// A book, and for how long it has been in the cache.
    struct Hit: Sendable {
        let book: CachedBook
        let age: Instant.Span
    }

    /// What follows the age in the answer of a hit: the end of that line and the headers that are
    /// the same for all books, whose cache has them once. Status 200 is what a web server takes an
    /// answer without one for.
    let commonHead: [UInt8]
    /// What follows that: the headers of this book, the empty line and the body.
    let rest: [UInt8]

    /// Takes the body of a lookup's answer, compact JSON.
    /// - Parameter commonHead: what ``commonHead(of:)`` made for the cache.
    init(body: [UInt8], commonHead: [UInt8]) {
        self.commonHead = commonHead
        let head = "\(EntityTag.of(body))\r\nContent-Length: \(body.count)\r\n\r\n"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.utf8.count + body.count)
        bytes.append(contentsOf: head.utf8)
        bytes.append(contentsOf: body)
        rest = bytes
    }

    /// The headers of a hit that all books of a cache have in common, up to the entity tag.
    /// - Parameter name: what the cache calls itself in `Cache-Status`.
    static func commonHead(of name: String) -> [UInt8] {
        let head =
            "\r\nContent-Type: \(Bodies.mediaType)\r\nCache-Control: \(cacheControl)\r\n"
            + "Vary: Accept\r\nX-Cache: HIT\r\n"
            + "Cache-Status: \(CacheUse.hit.status(by: name))\r\nETag: "
        return Array(head.utf8)
    }

    /// The entity tag of the compact body, with its quotes.
    var entityTag: String {
        String(decoding: rest.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// The compact body.
    var body: [UInt8] {
        // It is JSON: the head ends with the first empty line.
        let lineFeed = UInt8(ascii: "\n")
        guard let first = rest.firstIndex(of: lineFeed),
            let second = rest[(first + 1)...].firstIndex(of: lineFeed)
        else { return [] }
        return Array(rest[(second + 3)...])
    }

    /// What a lookup or a search tells the caches between here and the client: a book may be sold
    /// at any moment, so ask every time, with the entity tag.
    static let cacheControl = "max-age=0, must-revalidate"

    /// The answer to a lookup by the general way: one that missed, one with conditions, or one that
    /// a person reads.
    /// - Parameters:
    ///   - age: how long the book has been in the cache; nil for a miss.
    ///   - cacheStatus: the value of `Cache-Status`.
    func answer(
        age: Instant.Span?, cacheStatus: String, indented: Bool, ifNoneMatch: [UInt8]?
    ) -> Answer {
        let body = indented ? JSONText.indented(self.body) : self.body
        let tag = indented ? EntityTag.of(body) : entityTag
        var headers = [
            ("ETag", tag), ("Cache-Control", Self.cacheControl), ("Vary", "Accept"),
            ("X-Cache", age == nil ? "MISS" : "HIT"), ("Cache-Status", cacheStatus),
            ("Age", String(max(0, (age?.nanoseconds ?? 0) / 1_000_000_000))),
        ]
        if let ifNoneMatch, EntityTag.list(ifNoneMatch, names: tag) {
            return Answer(status: 304, headers: headers)
        }
        headers.append(("Content-Type", Bodies.mediaType))
        return Answer(status: 200, headers: headers, body: body)
    }
}

/// What part the cache had in the answer to a lookup, as `Cache-Status` tells it (RFC 9211).
enum CacheUse: Equatable, Sendable {
    /// The book was there.
    case hit
    /// The catalog was asked, for this lookup or for one before it that this one has joined.
    case miss(isStored: Bool, isCollapsed: Bool)
    /// There was no lease, so that nothing could be taken from the cache or stored in it.
    case bypass

    /// The value of the header.
    func status(by name: String) -> String {
        switch self {
        case .hit: "\(name); hit"
        case .miss(let isStored, let isCollapsed):
            "\(name); fwd=uri-miss" + (isStored ? "; stored" : "")
                + (isCollapsed ? "; collapsed" : "")
        case .bypass: "\(name); fwd=bypass"
        }
    }
}
