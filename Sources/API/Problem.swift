/// An error as a client is told of it: an RFC 9457 document and the headers that go with it.
///
/// Every problem of the store is made by one of the static members below it
/// (`Problem+Requests.swift`, `Problem+Store.swift`); nginx's own errors use the same slugs.
public struct Problem: Error, Sendable, Equatable {
    /// The media type of the document.
    public static let mediaType = "application/problem+json"

    /// A member beyond those that every problem has.
    public struct Member: Sendable, Equatable {
        /// Its name, camelCase.
        public let name: String
        /// Its value.
        public let value: Value
    }

    /// What a further member can hold.
    public enum Value: Sendable, Equatable {
        /// A whole number.
        case integer(Int64)
        /// A string.
        case string(String)
        /// Strings, such as the faults of a body.
        case strings([String])
    }

    /// The last part of the type: `/problems/<slug>`.
    public let slug: String
    /// What kind of problem it is, the same for all of its kind.
    public let title: String
    /// The HTTP status.
    public let status: Int
    /// What went wrong this time and, where there is something, what to do.
    public let detail: String
    /// What helps the caller, in order.
    public private(set) var members: [Member] = []
    /// Headers beyond `Content-Type`: `Retry-After`, `Allow`, `WWW-Authenticate`.
    public private(set) var headers: [Header] = []

    /// A header of the answer.
    public struct Header: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its value.
        public let value: String
    }

    init(_ slug: String, _ status: Int, _ title: String, _ detail: String) {
        self.slug = slug
        self.status = status
        self.title = title
        self.detail = detail
    }

    /// The problem with one member more; nothing is added for nil.
    public func with(_ name: String, _ integer: Int64?) -> Problem {
        guard let integer else { return self }
        var problem = self
        problem.members.append(Member(name: name, value: .integer(integer)))
        return problem
    }

    /// The problem with one member more; nothing is added for nil.
    public func with(_ name: String, _ string: String?) -> Problem {
        guard let string else { return self }
        var problem = self
        problem.members.append(Member(name: name, value: .string(string)))
        return problem
    }

    /// The problem with one member more.
    public func with(_ name: String, _ strings: [String]) -> Problem {
        var problem = self
        problem.members.append(Member(name: name, value: .strings(strings)))
        return problem
    }

    /// The problem with one header more.
    public func with(header name: String, _ value: String) -> Problem {
        var problem = self
        problem.headers.append(Header(name: name, value: value))
        return problem
    }

    /// The document, compact.
    public var body: [UInt8] {
        var text = JSONText(reservingCapacity: 200)
        text.object { document in
            document.member("type", "/problems/\(slug)")
            document.member("title", title)
            document.member("status", status)
            document.member("detail", detail)
            for member in members {
                switch member.value {
                case .integer(let integer): document.member(member.name, integer)
                case .string(let string): document.member(member.name, string)
                case .strings(let strings):
                    document.array(member.name) { array in
                        for string in strings { array.element(string) }
                    }
                }
            }
        }
        return text.bytes
    }
}
