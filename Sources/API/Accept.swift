/// What an `Accept` header asks for (RFC 9110, section 12.5.1).
public enum Accept {
    /// Whether a request would rather have `text/html` than `application/json`, which is how a
    /// person in a browser is told from a program. No header, or `*/*`, is a program.
    public static func prefersHTML(accept: some Collection<UInt8>) -> Bool {
        // What curl and most programs send: nothing to take apart on the way to a cached answer.
        if accept.isEmpty || accept.elementsEqual("*/*".utf8) { return false }
        var html = Preference()
        var json = Preference()
        for range in accept.split(separator: UInt8(ascii: ",")) {
            let parts = range.split(separator: UInt8(ascii: ";"))
            guard let first = parts.first else { continue }
            let name = lowercasedToken(first)
            let quality = quality(of: parts.dropFirst())
            switch name {
            case "text/html": html.consider(quality, specificity: 3)
            case "text/*": html.consider(quality, specificity: 2)
            case "application/json", "application/problem+json":
                json.consider(quality, specificity: 3)
            case "application/*": json.consider(quality, specificity: 2)
            case "*/*":
                html.consider(quality, specificity: 1)
                json.consider(quality, specificity: 1)
            default: break
            }
        }
        return html.quality > json.quality
    }

    /// The quality of one media type, by the most specific range that matches it.
    private struct Preference {
        /// In thousandths.
        var quality = 0
        private var specificity = 0

        mutating func consider(_ quality: Int, specificity: Int) {
            guard specificity >= self.specificity else { return }
            self.quality =
                specificity == self.specificity ? max(quality, self.quality) : quality
            self.specificity = specificity
        }
    }

    private static func lowercasedToken(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self).lowercased()
    }

    private static func quality(of parameters: some Sequence<some Collection<UInt8>>) -> Int {
        for parameter in parameters {
            let text = lowercasedToken(parameter)
            guard text.hasPrefix("q=") else { continue }
            guard let value = Double(text.dropFirst(2)), (0...1).contains(value) else { return 0 }
            return Int(value * 1000)
        }
        return 1000
    }
}
