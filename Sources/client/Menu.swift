import API

/// The seed's interface: a person chooses by number until the end of the input.
struct Menu {
    let store: StoreClient
    let readLine: () -> String?
    let write: (String) -> Void

    /// Asks and does, until the person leaves.
    mutating func run() {
        write("Welcome to Pygmy.com, the store at http://\(store.address)/")
        while let choice = ask(
            """

            What would you like to do?
              1  Search the books of a topic
              2  Look up a book by its item number
              3  Buy a book by its item number
              4  Leave
            """)
        {
            switch choice.lowercased() {
            case "1", "search": search()
            case "2", "lookup", "look up": withItem { store.lookup(item: $0) }
            case "3", "buy": withItem { store.buy(item: $0) }
            case "4", "leave", "quit", "exit": return write("Goodbye.")
            default: write("Please type 1, 2, 3 or 4.")
            }
        }
    }

    private func search() {
        guard let topic = ask("Which topic?"), !topic.isEmpty else {
            return write("A search needs a topic.")
        }
        show(store.search(topic: topic))
    }

    private func withItem(_ action: (String) -> StoreClient.Outcome) {
        guard let item = ask("Which item number?") else { return }
        guard ItemNumber.parse(item) != .malformed else {
            return write("\"\(item)\" is not an item number; only the digits 0 to 9 make one.")
        }
        show(action(item))
    }

    private func show(_ outcome: StoreClient.Outcome) {
        switch outcome {
        case .done(_, let text), .refused(_, let text), .unavailable(_, let text): write(text)
        }
    }

    /// A line without the space around it; nil at the end of the input.
    private func ask(_ question: String) -> String? {
        write(question)
        guard let line = readLine() else { return nil }
        let trimmed = line.drop { $0.isWhitespace }
        let end = trimmed.lastIndex { !$0.isWhitespace }
        return end.map { String(trimmed[...$0]) } ?? ""
    }
}
