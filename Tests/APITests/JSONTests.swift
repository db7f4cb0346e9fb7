import API
import Testing

@Suite struct `JSON that is read` {
    private func value(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test func `Members keep their order, their duplicates and their places`() throws {
        let document = try value("{\"b\": 1, \"a\": [true, null], \"b\": \"x\"}")
        #expect(document.members?.map(\.name) == ["b", "a", "b"])
        #expect(document.members?.map(\.offset) == [1, 9, 28])
        #expect(document["b"]?.integer == 1)
        #expect(document["a"]?.elements?.first?.bool == true)
    }

    @Test(arguments: [
        ("\"\\u00e9\\ud83d\\ude00\\n\\/\"", "é😀\n/"), ("\"日本\"", "日本"), ("\"\"", ""),
    ])
    func `Escapes are resolved`(_ text: String, _ string: String) throws {
        #expect(try value(text).string == string)
    }

    @Test(arguments: ["0", "-0", "10.00", "1e5", "-1.5E-3", "12345678901234567890"])
    func `Numbers stay as they were written`(_ text: String) throws {
        #expect(try value(text).number == text)
    }

    @Test(arguments: [
        "", "nul", "01", "1.", ".5", "+1", "-", "1e", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "[1,]", "[1 2]", "{\"a\"}", "{a:1}",
        "{\"a\":1,}", "{\"a\":1 \"b\":2}", "[", "{", "true false", "'a'", "NaN", "[1}", "\"\n\"",
    ])
    func `What is not JSON is refused`(_ text: String) {
        #expect(throws: JSONFault.self) { try value(text) }
    }

    @Test func `Bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONFault.self) {
            try JSON(parsing: [0x22, 0xc3, 0x28, 0x22])
        }
    }

    @Test func `Depth is bounded`() {
        let deep = String(repeating: "[", count: 100_000)
        let fault = #expect(throws: JSONFault.self) { try value(deep) }
        #expect(fault?.message.contains("levels deep") == true)
    }
}

@Suite struct `JSON that is written` {
    @Test func `Members stand in the order in which they were written`() {
        var text = JSONText()
        text.object { book in
            book.member("itemNumber", 1)
            book.member("title", "a\"b\\c\n\u{1}é")
            book.member("cost", cents: 1005)
            book.member("open", true)
            book.member("ratio", 0.5)
            book.member("nan", Double.nan)
            book.null("nothing")
            book.array("list") { list in
                list.element(-7)
                list.element("x")
                list.object { _ in }
            }
            book.object("inner") { $0.member("a", json: "[1]".utf8) }
        }
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == #"{"itemNumber":1,"title":"a\"b\\c\n\u0001é","cost":10.05,"open":true,"#
                + #""ratio":0.5,"nan":null,"nothing":null,"list":[-7,"x",{}],"inner":{"a":[1]}}"#)
    }

    @Test(arguments: [
        (Int64(0), "0.00"), (5, "0.05"), (10, "0.10"), (100, "1.00"), (1005, "10.05"),
        (-5, "-0.05"), (-1234, "-12.34"), (Int64.max, "92233720368547758.07"),
        (Int64.min, "-92233720368547758.08"),
    ])
    func `Cents have two decimals`(_ cents: Int64, _ text: String) {
        var bytes: [UInt8] = []
        JSONText.append(cents: cents, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `Every string comes back as it went in`() throws {
        for value in UInt32(0)...0x3000 {
            guard let scalar = UnicodeScalar(value) else { continue }
            var bytes: [UInt8] = []
            JSONText.append(quoted: "<\(Character(scalar))>", to: &bytes)
            let scalars = try JSON(parsing: bytes).string.map { Array($0.unicodeScalars) }
            #expect(scalars == ["<", scalar, ">"])
        }
    }

    @Test func `Indenting changes the space and nothing else`() {
        let compact = #"{"a":[1,{"b":"x,y:[\"{}"}],"c":{},"d":[],"e":{"f":null}}"#
        let indented = """
            {
              "a": [
                1,
                {
                  "b": "x,y:[\\"{}"
                }
              ],
              "c": {},
              "d": [],
              "e": {
                "f": null
              }
            }

            """
        #expect(
            String(decoding: JSONText.indented(Array(compact.utf8)), as: UTF8.self) == indented)
    }
}

@Suite struct `What an Accept header prefers` {
    @Test(arguments: [
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        "text/html", "TEXT/HTML", "text/*", "text/html;q=0.5, application/json;q=0.4",
        "application/json;q=0.1, text/html;q=0.2", "*/*;q=0.1, text/html", " text/html ; q=1",
    ])
    func `A browser prefers HTML`(_ accept: String) {
        #expect(Accept.prefersHTML(accept: accept.utf8))
    }

    @Test(arguments: [
        "", "*/*", "application/json", "text/html;q=0", "text/html;q=0.5, application/json",
        "application/json, text/html", "text/html;q=0.8, */*", "image/png", ",,;", "text/html;q=x",
        "text/html;q=2",
    ])
    func `A program does not`(_ accept: String) {
        #expect(!Accept.prefersHTML(accept: accept.utf8))
    }
}
