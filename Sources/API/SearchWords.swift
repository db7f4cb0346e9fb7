/// What a search by words asks for: `?q=impatient+student&limit=20&offset=0`.
public struct SearchWords: Sendable, Equatable {
    /// The most characters (Unicode scalars) of the text that they stand in.
    public static let maximumLength = 250

    /// The text as it was sent.
    public let text: String
    /// Its words: letters, digits and marks, nothing else. The last may be the beginning of a word.
    /// None where it has no letter and no digit; it then finds nothing.
    public let words: [String]

    /// Takes the words from the query's `q`.
    /// - Throws: 400 where there is none or more than one, or it is empty or too long.
    public init(_ query: [(name: String, value: String)]) throws(Problem) {
        let texts = query.filter { $0.name == "q" }.map(\.value)
        guard let text = texts.first, texts.count == 1, !text.isEmpty else {
            throw .malformedRequest(
                "A search by words needs one parameter q, as in /search?q=theory")
        }
        guard text.unicodeScalars.count <= Self.maximumLength else {
            throw .malformedRequest("q must not be longer than \(Self.maximumLength) characters")
        }
        self.text = text
        words = text.unicodeScalars.split { !Self.isOfWord($0) }.map { String($0) }
    }

    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }
}
