import API
import HTTPClient

/// Talks to a store as a customer does.
struct StoreClient {
    /// What came of a request: the body as it came, and what to tell a person.
    enum Outcome: Equatable {
        /// The store did it.
        case done(body: [UInt8], text: String)
        /// The store answered that it will not, and why.
        case refused(body: [UInt8], text: String)
        /// The store cannot be reached, or cannot say.
        case unavailable(body: [UInt8], text: String)
    }

    /// How long a buy is repeated, and how a pause is made.
    struct Patience {
        /// While no attempt can have reached a server.
        var whileUnreached: Duration = .seconds(2)
        /// While one may have been made.
        var whileUnknown: Duration = .seconds(20)
        /// Of one request.
        var timeout: Duration = .seconds(10)
        /// Waits.
        var pause: (Duration) -> Void = Pause.sleep
    }

    let address: Address
    var patience = Patience()
    /// Told, once, that a buy is not confirmed and is repeated.
    var notice: (String) -> Void = { _ in }
    private let client = HTTPClient()

    init(address: Address, patience: Patience = Patience()) {
        self.address = address
        self.patience = patience
    }

    /// The books of a topic.
    func search(topic: String) -> Outcome {
        outcome(of: attempt("GET", "/search/\(PercentEncoding.encode(topic))"), Wording.search)
    }

    /// The books with some words in their titles.
    func find(words: String) -> Outcome {
        outcome(of: attempt("GET", "/search?q=\(PercentEncoding.encode(words))"), Wording.matches)
    }

    /// A book.
    func lookup(item: String) -> Outcome {
        outcome(of: attempt("GET", "/lookup/\(item)"), Wording.book)
    }

    /// Buys copies of a book, all or none. The same key goes with every repetition, so that they
    /// are bought once.
    func buy(item: String, quantity: Int = 1, key: String? = nil) -> Outcome {
        let key = key ?? StoreClient.newKey()
        let start = ContinuousClock.now
        var isUnknown = false
        var hasNoticed = false
        var pause: Duration = .milliseconds(100)
        let copies = quantity == 1 ? "" : " --quantity \(quantity)"
        while true {
            let path = "/buy/\(item)" + (quantity == 1 ? "" : "?quantity=\(quantity)")
            let attempt = attempt("POST", path, [("Idempotency-Key", key)])
            guard attempt.isWorthRepeating else { return outcome(of: attempt, Wording.order) }
            isUnknown = isUnknown || attempt.mayHaveHappened
            let limit = isUnknown ? patience.whileUnknown : patience.whileUnreached
            let asked = max(attempt.retryAfter ?? .zero, pause)
            guard ContinuousClock.now - start + asked < limit else {
                guard isUnknown else { return outcome(of: attempt, Wording.order) }
                return .unavailable(
                    body: attempt.body,
                    text: """
                        \(attempt.failure)
                        It is not known whether the book was bought. To learn it, without buying \
                        it again: client buy \(item)\(copies) --key \(key)
                        """)
            }
            if !hasNoticed {
                hasNoticed = true
                notice("\(attempt.failure) Trying again with the same key, \(key).")
            }
            patience.pause(asked)
            pause = min(pause * 2, .seconds(1))
        }
    }

    private func attempt(
        _ method: String, _ path: String, _ headers: [(String, String)] = []
    ) -> Attempt {
        let request = HTTPRequest(
            method: method, authority: "\(address)", path: path,
            headers: headers + [("Accept", "application/json")])
        do throws(HTTPClientError) {
            return .answered(try client.perform(request, timeout: patience.timeout))
        } catch {
            return .failed(error, address)
        }
    }

    private func outcome(of attempt: Attempt, _ wording: (JSON) -> String?) -> Outcome {
        guard case .answered(let response) = attempt, response.status < 500 else {
            return .unavailable(body: attempt.body, text: attempt.failure)
        }
        guard (200..<300).contains(response.status) else {
            return .refused(body: response.body, text: attempt.failure)
        }
        guard let document = try? JSON(parsing: response.body), let text = wording(document) else {
            return .unavailable(
                body: response.body, text: "What answers at \(address) is not a Pygmy store.")
        }
        return .done(body: response.body, text: text)
    }

    /// A key that nobody else has.
    static func newKey() -> String {
        var generator = SystemRandomNumberGenerator()
        let parts: [UInt64] = [generator.next(), generator.next()]
        return "client-" + parts.map { String($0, radix: 36) }.joined(separator: "-")
    }
}

/// One request and what became of it.
private enum Attempt {
    case answered(HTTPResponse)
    case failed(HTTPClientError, Address)

    var body: [UInt8] {
        if case .answered(let response) = self { response.body } else { [] }
    }

    /// 502, 503 and 504 pass, as does a connection that fails.
    var isWorthRepeating: Bool {
        switch self {
        case .answered(let response): [502, 503, 504].contains(response.status)
        case .failed(.invalidRequest, _), .failed(.tooLarge, _): false
        case .failed: true
        }
    }

    var mayHaveHappened: Bool {
        switch self {
        case .answered: true
        case .failed(let error, _): error.mayHaveBeenProcessed
        }
    }

    var retryAfter: Duration? {
        guard case .answered(let response) = self,
            let seconds = response.header("Retry-After").flatMap(Int.init)
        else { return nil }
        return .seconds(min(max(seconds, 0), 5))
    }

    /// Why it failed, for a person: what the problem document says, where there is one.
    var failure: String {
        switch self {
        case .failed(let error, let address):
            return """
                The store at \(address) does not answer: \(error). Is it running (pygmy up)? Where \
                it is can be said with --url.
                """
        case .answered(let response):
            let document = try? JSON(parsing: response.body)
            let title = document?["title"]?.string ?? "The store answered with \(response.status)"
            guard let detail = document?["detail"]?.string else { return title + "." }
            return "\(title): \(detail)."
        }
    }
}
