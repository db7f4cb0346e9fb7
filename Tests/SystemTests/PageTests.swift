internal import Foundation
internal import Testing

/// The pages at `/`, `/status.html` and `/docs.html` in Chromium, as a visitor and an operator see
/// them. Pictures are kept in `.build/screenshots`.
@Suite(
    .enabled(
        if: Browser.isInstalled, "Chromium is not installed: scripts/install-dependencies test"),
    .serialized)
struct PageTests {
    private func browse(
        _ store: Cluster, _ device: Page.Device = .desktop, _ body: (Page) throws -> Void
    ) throws {
        let browser = try Browser(profile: store.directory + "/browser")
        let page = try Page(browser, device)
        try body(page)
        #expect(browser.takeComplaints() == [])
    }

    private func url(_ store: Cluster, _ path: String = "/") -> String {
        "http://127.0.0.1:\(store.port)\(path)"
    }

    @Test(.cluster(.pair)) func `A visitor finds a book, buys it and sees the order`() throws {
        let store = Cluster.current
        try browse(store) { page in
            try page.go(to: url(store))
            try page.wait(for: "document.querySelectorAll('.book').length === 3")
            #expect(try page.text("#shelf-title") == "DistributedSystems")
            #expect(try page.text("#topics")?.contains("GraduateSchool") == true)
            try page.keepPicture("store")

            // By a topic, written in whatever case.
            try page.evaluate("document.querySelector('#wanted').focus()")
            try page.type("graduateschool")
            try page.press("Enter")
            try page.wait(for: "Xen and the Art", in: "#shelf-books")
            #expect(try page.evaluate("location.hash") as? String == "#/topic/GraduateSchool")
            #expect(try page.text("#shelf-count") == "3 books")

            // By words of its title.
            try page.evaluate("document.querySelector('#wanted').focus()")
            try page.type("impatient stud")
            try page.press("Enter")
            // The book is among those of the topic too, that are still there for a moment.
            try page.wait(for: "1 book", in: "#shelf-count")
            try page.wait(for: "document.querySelectorAll('.book').length === 1")
            #expect(try page.text("#shelf-books")?.contains("Cooking for the Impatient") == true)
            try page.keepPicture("found")
            try page.go(to: url(store, "/#/find/no%20such%20words"))
            try page.wait(for: "No title has all of these words", in: "#shelf-books")

            // By its number.
            try page.go(to: url(store, "/#/book/2"))
            try page.wait(for: "RPCs for Dummies", in: ".detail h2")
            #expect(try page.text(".detail .stock") == "21 in stock")
            #expect(try page.text(".detail .price") == "15.00")
            try page.keepPicture("book")
            try page.click(".detail button")
            try page.wait(for: "Bought: order 1", in: ".detail .said")
            try page.wait(for: "20 in stock", in: ".detail .stock")
            #expect(try store.stock(of: 2) == 20)

            try page.click(".detail .said a")
            try page.wait(for: "Price paid", in: ".receipt")
            #expect(try page.text(".receipt")?.contains("RPCs for Dummies") == true)
            #expect(try page.text("#orders-list")?.contains("Order 1") == true)
            try page.keepPicture("order")
            #expect(try page.namelessElements() == [])

            // Back is where it was.
            try page.evaluate("history.back()")
            try page.wait(for: "20 in stock", in: ".detail .stock")
        }
    }

    @Test(.cluster(.pair.with { $0.catalog = ClusterPlan.catalog(stock: 2) }))
    func `A book that is sold out cannot be bought, and says so`() throws {
        let store = Cluster.current
        try browse(store, .phone) { page in
            try page.go(to: url(store, "/#/topic/Misc"))
            try page.wait(for: "Only 2 left", in: ".book")
            try page.click(".book button")
            try page.wait(for: "Only 1 left", in: ".book .stock")
            try page.click(".book button")
            try page.wait(for: "Out of stock", in: ".book .stock")
            try page.wait(for: "document.querySelector('.book button').disabled")
            #expect(try page.text(".book button") == "Sold out")
            try page.keepPicture("sold-out")
            #expect(try store.stock(of: 7) == 0)

            // Sold by somebody else, while the page still shows a copy.
            try page.go(to: url(store, "/#/book/1"))
            try page.wait(for: "Only 2 left", in: ".detail .stock")
            for _ in 0..<2 { #expect(try store.buy(1).status == 201) }
            try page.click(".detail button")
            try page.wait(for: "Out of stock", in: ".detail .said")
            try page.wait(for: "Out of stock", in: ".detail .stock")
        }
    }

    @Test(
        .cluster(
            .pair.with {
                $0.catalog = ClusterPlan.catalog(stock: 2)
                $0.settings["requestTimeout"] = .number(2)
            }))
    func
        `A purchase of the last copies that was not confirmed is asked for again, and is one order`()
        throws
    {
        let store = Cluster.current
        let orderServers = ["orderServer1", "orderServer2"]
        try browse(store) { page in
            try page.go(to: url(store, "/#/book/1"))
            try page.wait(for: "Only 2 left", in: ".detail .stock")
            for server in orderServers { try store.signal(SIGSTOP, to: server) }
            try page.evaluate("document.querySelector('.detail input').value = 2")
            try page.click(".detail button")
            // It is kept before it is sent, and not only once an attempt has failed.
            try page.wait(for: "Buying", in: ".detail button")
            let kept = "JSON.parse(sessionStorage.getItem('pygmy.open'))"
            let key = try #require(try page.evaluate("\(kept)['1'].key") as? String)
            try page.wait(for: "Ask again", in: ".detail button", within: .seconds(120))
            try page.wait(for: "Whether it was bought is not known", in: ".detail .said")

            // The catalog has sold the copies; what an order server was to say of it did not come.
            try eventually("a sale") {
                try ["catalogServer1", "catalogServer2"].contains { server in
                    let answer = try store.request(
                        "POST", "/buy/1?quantity=2", server: server,
                        headers: [
                            "Authorization": "Bearer \(store.clusterSecret)",
                            "Idempotency-Key": key,
                        ])
                    return [200, 201].contains(answer.status)
                }
            }
            #expect(try store.stock(of: 1) == 0)
            try page.command("Page.reload")
            try page.wait(for: "Out of stock", in: ".detail .stock")
            try page.wait(for: "Whether it was bought is not known", in: ".detail .said")
            #expect(try page.text(".detail button") == "Ask again")
            let isLocked = "document.querySelector('.detail input').disabled"
            #expect(try page.evaluate(isLocked) as? Bool == true)
            #expect(
                try page.evaluate("document.querySelector('.detail input').value") as? String == "2"
            )
            try page.keepPicture("ask-again")

            // On another view too.
            try page.go(to: url(store, "/#/topic/DistributedSystems"))
            try page.wait(for: "Ask again", in: ".book[data-item=\"1\"] button")
            let overhang = try page.evaluate(
                """
                [...document.querySelectorAll('.book')].filter((card) =>
                  card.querySelector('button').getBoundingClientRect().right
                    > card.getBoundingClientRect().right - 8).length
                """)
            #expect(overhang as? Int == 0)
            try page.keepPicture("ask-again-topic")
            for server in orderServers { try store.signal(SIGCONT, to: server) }
            try page.click(".book[data-item=\"1\"] button")
            try page.wait(
                for: "Bought: order 1", in: ".book[data-item=\"1\"] .said", within: .seconds(60))
            try page.wait(for: "Sold out", in: ".book[data-item=\"1\"] button")
            #expect(try page.evaluate("Object.keys(\(kept)).length") as? Int == 0)

            // One that is so old that the store may have forgotten its key is not asked for again.
            try page.evaluate(
                """
                sessionStorage.setItem('pygmy.open', JSON.stringify(
                  { 2: { key: 'old', copies: 2, since: Date.now() - 86400001 } }))
                """)
            try page.command("Page.reload")
            try page.wait(for: "Only 2 left", in: ".book[data-item=\"2\"] .stock")
            #expect(try page.text(".book[data-item=\"2\"] button") == "Buy")

            let audit = try Audit(of: store)
            #expect(audit.orders.map(\.key) == [key])
            #expect(audit.stock[1] == 0)
        }
    }

    @Test(.cluster(.pair)) func `The page is used by keyboard alone`() throws {
        let store = Cluster.current
        try browse(store) { page in
            try page.go(to: url(store, "/#/topic/Misc"))
            try page.wait(for: "Spring in the Pioneer Valley", in: ".book h3")
            // From the top of the page to the button that buys: every stop has a visible outline.
            try page.evaluate("document.activeElement.blur()")
            var stops: [String] = []
            while stops.last?.hasPrefix("Buy ") != true, stops.count < 25 {
                try page.press("Tab")
                let stop = try page.evaluate(
                    """
                    (() => {
                      const node = document.activeElement;
                      const outline = getComputedStyle(node).outlineStyle;
                      if (outline === 'none') return `nothing shows ${node.outerHTML}`;
                      return node.getAttribute('aria-label') ?? node.innerText ?? node.id;
                    })()
                    """)
                stops.append(stop as? String ?? "?")
            }
            #expect(stops.last == "Buy Spring in the Pioneer Valley for 215.00", "\(stops)")
            #expect(stops.first == "To the books", "\(stops)")
            #expect(!stops.contains { $0.hasPrefix("nothing shows") }, "\(stops)")
            try page.press("Enter")
            try page.wait(for: "Bought: order 1", in: ".book .said")
        }
    }

    @Test(
        .cluster(.pair),
        arguments: [
            Page.Device.desktop, .darkDesktop, .phone, .darkPhone,
        ])
    func `Every page fits its window, can be read, and everything on it has a name`(
        _ device: Page.Device
    ) throws {
        let store = Cluster.current
        try browse(store, device) { page in
            for (name, path, awaited) in [
                ("store", "/", ".book h3"), ("status", "/status.html", ".server h4"),
                ("docs", "/docs.html#post-buy-itemNumber-", ".operation[open]"),
                ("problems", "/problems/out-of-stock", ".problems dt"),
            ] {
                try page.go(to: url(store, path))
                try page.wait(for: "document.querySelector('\(awaited)')")
                let overhang = try page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                #expect(overhang as? Int == 0, "\(name)")
                #expect(try page.namelessElements() == [], "\(name)")
                #expect(try page.faintTexts() == [], "\(name)")
                #expect(
                    try page.evaluate("document.querySelectorAll('h1').length") as? Int == 1)
                try page.keepPicture(name)
            }
        }
    }

    /// The page's arithmetic on counters of its test's own making.
    @Test(.cluster(.single)) func `Figures are the differences of counters, through restarts`()
        throws
    {
        try browse(Cluster.current) { page in
            try page.go(to: url(Cluster.current, "/status.html"))
            let figures = try page.evaluate(
                """
                (async () => {
                  const { Figures, percentile } = await import('/figures.js');
                  sessionStorage.clear();
                  const report = (server, uptime, lookups, sold, refused, hits, misses) => ({
                    server,
                    cache: { hits, misses },
                    requests: {
                      uptimeMilliseconds: uptime, boundsMilliseconds: [1, 10, 100],
                      routes: {
                        lookup: { answers: { 200: lookups }, durations: [lookups, 0, 0, 0] },
                        'search-words': { answers: { 200: sold }, durations: [0, 0, 0, 0] },
                        buy: {
                          answers: { 201: sold, 409: refused },
                          durations: [0, 0, sold + refused, 0],
                        },
                        health: { answers: { 200: 9999 }, durations: [0, 0, 0, 9999] },
                      },
                    },
                  });
                  const status = (...reports) => ({
                    frontEnds: reports.map((frontEnd) => ({ name: frontEnd.server, frontEnd })),
                  });
                  const figures = new Figures();
                  const first = figures.add(status(
                    report('a', 10000, 100, 10, 1, 80, 20), report('b', 50000, 7, 0, 0, 0, 7)));
                  const nothing = first.length;
                  const second = figures.add(status(
                    report('a', 12000, 300, 30, 5, 260, 40), report('b', 54000, 47, 0, 0, 40, 7)));
                  // b has started anew: what it has counted since is all there is.
                  const third = figures.add(status(
                    report('a', 14000, 300, 30, 5, 260, 40), report('b', 1000, 50, 0, 0, 0, 50)));
                  return [
                    nothing, second.at(-1).lookups, second.at(-1).sold, second.at(-1).refused,
                    second.at(-1).requests, second.at(-1).p50, second.at(-1).hitRatio,
                    third.at(-1).lookups, third.at(-1).hitRatio, second.at(-1).searches,
                    percentile([0, 4, 0, 0], [1, 10, 100], 0.5),
                    percentile([0, 0, 0, 3], [1, 10, 100], 0.5), percentile([0, 0], [1], 0.5),
                  ];
                })()
                """)
            let numbers = (figures as? [Any])?.map { $0 as? Double }
            // a: 200 lookups, 20 sold, 20 searches, 4 refused in two seconds; b: 40 lookups in four.
            let wanted: [Double?] = [0, 110, 10, 2, 132, 0.55, 1000 / 11, 50, 0, 10, 5.5, 100, nil]
            #expect(numbers?.count == wanted.count)
            for (number, wanted) in zip(numbers ?? [], wanted) {
                #expect(abs((number ?? -1) - (wanted ?? -1)) < 1e-9)
            }
        }
    }

    @Test(.cluster(.pair)) func `Nothing is fetched from elsewhere`() throws {
        let store = Cluster.current
        try browse(store) { page in
            for path in ["/", "/status.html", "/docs.html", "/problems.html"] {
                try page.go(to: url(store, path))
                let names = try page.evaluate(
                    "performance.getEntriesByType('resource').map((entry) => entry.name)")
                let loaded = try #require(names as? [String])
                #expect(!loaded.isEmpty)
                #expect(loaded.filter { !$0.hasPrefix(url(store)) } == [])
            }
        }
    }
}

/// What an operator sees when servers go, and when they come back.
@Suite(
    .enabled(
        if: Browser.isInstalled, "Chromium is not installed: scripts/install-dependencies test"))
struct StatusPageTests {
    @Test(.folder(.pair.withLargeStock()))
    func `The status page notices a server that hangs, one that dies, and the end of all`() throws {
        let store = Cluster.current
        try store.start(["--no-restart"])
        let browser = try Browser(profile: store.directory + "/browser")
        let page = try Page(browser)
        try page.go(to: "http://127.0.0.1:\(store.port)/status.html")
        try page.wait(for: "All is well: 6 servers", in: "#verdict")
        for name in store.plan.serverNames {
            try page.wait(for: "document.querySelector('[data-server=\(name)]')")
        }
        let primaries = "document.querySelectorAll('.badge.primary').length"
        try page.wait(for: "\(primaries) === 2")

        // The plots show what is asked, as the front ends have counted it.
        let load = LookupLoad(on: store, clients: 2)
        let buys = BuyLoad(on: store, clients: 1)
        for plot in 1...4 {
            try page.wait(
                for: "document.querySelector('.plot:nth-child(\(plot)) .line[points]')"
                    + "?.getAttribute('points').includes(' ')")
        }
        try page.wait(for: "a second", in: ".plot:nth-child(1) .plot-now")
        try page.wait(for: "hits", in: ".plot:nth-child(4) .plot-now")

        // They can be read with the arrow keys.
        let slider = "document.querySelector('.plot [role=slider]')"
        try page.evaluate("\(slider).focus()")
        let latest = try page.evaluate("\(slider).ariaValueText") as? String
        try page.press("ArrowLeft")
        try page.wait(for: "/^[0-9:]+: all [0-9]/.test(\(slider).ariaValueText)")
        try page.wait(for: "\(slider).ariaValueNow < \(slider).ariaValueMax")
        #expect(try page.evaluate("\(slider).ariaValueText") as? String != latest)
        // What is being read stays as it is while figures come in.
        try page.press("Home")
        let first = try page.evaluate("\(slider).ariaValueText") as? String
        let last = try page.evaluate("\(slider).ariaValueMax") as? String ?? ""
        try page.wait(for: "\(slider).ariaValueMax > \(last) + 4")
        #expect(try page.evaluate("\(slider).ariaValueText") as? String == first)
        #expect(
            try page.evaluate("\(slider).ariaValueNow === \(slider).ariaValueMin") as? Bool == true)
        try page.evaluate("document.activeElement.blur()")
        try page.keepPicture("status-load")

        try store.signal(SIGSTOP, to: "orderServer2")
        try page.wait(for: "orderServer2 has not answered since", in: "#verdict.warn")
        try page.wait(for: "not answering", in: "[data-server=orderServer2]")
        try store.signal(SIGCONT, to: "orderServer2")
        try page.wait(for: "All is well: 6 servers", in: "#verdict", within: .seconds(60))

        try store.signal(SIGKILL, to: "catalogServer1")
        try page.wait(for: "catalogServer1 has not answered since", in: "#verdict.warn")
        try page.wait(for: "not answering", in: "[data-server=catalogServer1]")
        // The other one takes over.
        try page.wait(for: "primary", in: "[data-server=catalogServer2] .badge.primary")
        #expect(try page.namelessElements() == [])
        try page.keepPicture("status-catalog-killed")
        #expect(Set(load.stop().keys) == [200])
        _ = buys.stop()

        try store.signal(SIGKILL, to: "catalogServer2")
        try page.wait(for: "No catalog server serves", in: "#verdict.bad")
        try page.keepPicture("status-no-catalog")
        #expect(browser.takeComplaints() == [])

        try store.stop()
        try page.wait(for: "The store does not answer", in: "#verdict.bad")
        try page.wait(for: "The store cannot be reached", in: "#verdict.bad")
        try page.keepPicture("status-down")
    }

    @Test(.cluster(.pair)) func `The shop says what is wrong, and comes back by itself`() throws {
        let store = Cluster.current
        let browser = try Browser(profile: store.directory + "/browser")
        let page = try Page(browser, .phone)
        try page.go(to: "http://127.0.0.1:\(store.port)/")
        try page.wait(for: "document.querySelector('.book h3')")
        try store.stop()
        try page.click("#topics a:nth-child(2)")
        try page.wait(for: "The store cannot be reached", in: "#message")
        try page.wait(for: "Try again", in: "#message button")
        try page.keepPicture("store-down")
        try store.start()
        try page.wait(for: "Xen and the Art", in: "#shelf-books", within: .seconds(60))
        try page.wait(for: "document.querySelector('#message').hidden")
    }
}
