import MonotonicTime
import Testing

@testable import Caching

/// One test a rule of `CoherentCache`; each says what goes wrong where the rule is left out.
@Suite("CoherentCache")
struct CoherentCacheTests {
    let first = LeaseSource(viewNumber: 1, incarnation: 7, grantor: "catalogServer1")
    let restarted = LeaseSource(viewNumber: 1, incarnation: 8, grantor: "catalogServer1")
    let second = LeaseSource(viewNumber: 2, incarnation: 9, grantor: "catalogServer2")

    /// A cache that holds a lease of `first` from 0 until 100.
    func leased(threshold: Int = 10) -> CoherentCache<Int, String> {
        var cache = CoherentCache<Int, String>(threshold: threshold, timeToLive: span(1_000))
        #expect(cache.grant(from: first, sentAt: at(0), duration: span(100), at: at(1)) == .begun)
        return cache
    }

    @Test("fills a miss and serves it from then on, with its age")
    func fills() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        #expect(cache.completeFill(token, value: "a", cacheable: true, at: at(5)) == .stored)
        #expect(cache.lookup(1, at: at(12)).hit == "a")
        #expect(cache.lookup(1, at: at(12)).age == span(7))
        #expect(cache.counters.hits == 2)
        #expect(cache.counters.misses == 1)
    }

    @Test("misses of one key at the same time make one request")
    func joins() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        #expect(cache.lookup(1, at: at(3)).joined == token)
        #expect(cache.lookup(2, at: at(3)).started != nil)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(5))
        #expect(cache.lookup(1, at: at(6)).hit == "a")
        #expect(cache.joins == 1)
    }

    // Without it the cache says what it stored while the primary, which counts this front end's
    // lease as over, sells the last copy.
    @Test("rule 1: without a live lease nothing is served, stored or joined")
    func servesUnderALeaseOnly() throws {
        var cache = CoherentCache<Int, String>(threshold: 10, timeToLive: span(1_000))
        #expect(cache.lookup(1, at: at(0)).isBypass)
        cache = leased()
        let stored = try #require(cache.lookup(1, at: at(2)).started)
        #expect(cache.completeFill(stored, value: "a", cacheable: true, at: at(3)) == .stored)
        let open = try #require(cache.lookup(2, at: at(99)).started)
        #expect(cache.lookup(1, at: at(99)).hit == "a")
        #expect(cache.lookup(1, at: at(100)).isBypass)
        #expect(cache.lookup(2, at: at(100)).isBypass)
        #expect(cache.completeFill(open, value: "b", cacheable: true, at: at(100)) == .answerAll)
        #expect(cache.count == 0)
        #expect(cache.bypasses == 2)
        #expect(cache.lapses == 1)
    }

    // Without it the lease ends here later than at the grantor by the time the answer took.
    @Test("rule 2: a lease counts from when its request was sent")
    func countsFromSending() {
        var cache = CoherentCache<Int, String>(threshold: 10, timeToLive: span(1_000))
        #expect(cache.grant(from: first, sentAt: at(0), duration: span(100), at: at(90)) == .begun)
        #expect(cache.lookup(1, at: at(99)).started != nil)
        #expect(cache.lookup(1, at: at(100)).isBypass)
        #expect(
            cache.grant(from: first, sentAt: at(110), duration: span(20), at: at(130)) == .refused)
        #expect(cache.lookup(1, at: at(130)).isBypass)
    }

    // Without it a change that was committed between the two leases stays hidden.
    @Test("rule 3: a lease that lapsed begins again with nothing")
    func lapsedBeginsEmpty() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
        // Asked for while the old lease ran, but answered, so perhaps granted, after it.
        #expect(
            cache.grant(from: first, sentAt: at(99), duration: span(100), at: at(101)) == .begun)
        #expect(cache.count == 0)
        #expect(cache.lookup(1, at: at(102)).started != nil)
    }

    // Without it entries are served whose invalidation the new grantor will not send, because it
    // does not know that they are held.
    @Test("rule 3: a lease from another start of the primary, or another view, begins empty")
    func anotherSourceBeginsEmpty() throws {
        for source in [restarted, second] {
            var cache = leased()
            let token = try #require(cache.lookup(1, at: at(2)).started)
            _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
            #expect(
                cache.grant(from: source, sentAt: at(10), duration: span(100), at: at(11))
                    == .begun)
            #expect(cache.count == 0)
            #expect(cache.lease(at: at(11))?.source == source)
        }
    }

    // Without it every heartbeat would empty the cache, or it would forget at the first lease's
    // end.
    @Test("a live lease that is renewed by the same source keeps the contents")
    func renewalKeeps() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        let open = try #require(cache.lookup(2, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
        #expect(
            cache.grant(from: first, sentAt: at(50), duration: span(100), at: at(60)) == .renewed)
        #expect(cache.lookup(1, at: at(149)).hit == "a")
        #expect(cache.completeFill(open, value: "b", cacheable: true, at: at(149)) == .stored)
        #expect(cache.lookup(1, at: at(150)).isBypass)
    }

    @Test("a grant that was overtaken by a newer one does not shorten it")
    func overtaken() {
        var cache = leased()
        #expect(
            cache.grant(from: first, sentAt: at(50), duration: span(100), at: at(60)) == .renewed)
        #expect(
            cache.grant(from: first, sentAt: at(20), duration: span(100), at: at(61)) == .renewed)
        #expect(cache.lease(at: at(61))?.end == at(150))
    }

    // Without it: the new primary hears that this front end dropped everything, commits at once,
    // and a heartbeat's answer of the old primary that was under way brings a cache to life that
    // nobody invalidates.
    @Test("rule 4: a newer view ends the lease, and no older view's grant is taken after it")
    func viewsOnlyGoForward() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
        let open = try #require(cache.lookup(2, at: at(4)).started)
        cache.learn(view: 2)
        #expect(cache.lookup(1, at: at(5)).isBypass)
        #expect(cache.count == 0)
        #expect(
            cache.grant(from: first, sentAt: at(4), duration: span(100), at: at(6)) == .refused)
        #expect(cache.lookup(1, at: at(7)).isBypass)
        #expect(cache.completeFill(open, value: "b", cacheable: true, at: at(7)) == .answerAll)
        #expect(cache.count == 0)
        cache.learn(view: 1)
        #expect(cache.newestView == 2)
        #expect(cache.grant(from: second, sentAt: at(8), duration: span(9), at: at(9)) == .begun)
    }

    @Test("hearing again of the view that is known keeps the contents")
    func sameViewKeeps() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
        cache.learn(view: 1)
        #expect(cache.lookup(1, at: at(4)).hit == "a")
    }

    // Without it the answer from before the change is stored after the change was invalidated, and
    // stays for the whole time to live.
    @Test("rule 5: an invalidation forbids a fill under way to be stored")
    func invalidationForbidsStoring() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        cache.invalidate([1])
        #expect(cache.completeFill(token, value: "old", cacheable: true, at: at(4)) == .answerAll)
        #expect(cache.lookup(1, at: at(5)).started != nil)
    }

    // Without it a reader that begins when the buy was answered is given the stock from before it.
    @Test("rule 5: an invalidation forbids a fill under way to be joined by later readers")
    func invalidationForbidsJoining() throws {
        var cache = leased()
        let before = try #require(cache.lookup(1, at: at(2)).started)
        cache.invalidate([1])
        let after = try #require(cache.lookup(1, at: at(3)).started)
        #expect(after != before)
        // The late first fill neither ends the second nor stores itself.
        #expect(cache.completeFill(before, value: "old", cacheable: true, at: at(4)) == .answerAll)
        #expect(cache.lookup(1, at: at(5)).joined == after)
        #expect(cache.completeFill(after, value: "new", cacheable: true, at: at(6)) == .stored)
        #expect(cache.lookup(1, at: at(7)).hit == "new")
    }

    @Test("an invalidation drops the entries of its keys and of no others")
    func invalidates() throws {
        var cache = leased()
        for key in [1, 2, 3] {
            let token = try #require(cache.lookup(key, at: at(2)).started)
            _ = cache.completeFill(token, value: "\(key)", cacheable: true, at: at(3))
        }
        #expect(cache.invalidate([1, 3, 9]) == 2)
        #expect(cache.invalidate([1, 3, 9]) == 0)
        #expect(cache.lookup(2, at: at(4)).hit == "2")
        #expect(cache.lookup(3, at: at(4)).started != nil)
        #expect(cache.counters.invalidations == 2)
    }

    // Without it an answer from before the gap is stored under a lease that does not cover it.
    @Test("rule 6: a fill of one lease is neither stored nor joined under the next")
    func fillsDoNotOutliveTheirLease() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        #expect(
            cache.grant(from: first, sentAt: at(110), duration: span(100), at: at(111)) == .begun)
        let next = try #require(cache.lookup(1, at: at(112)).started)
        #expect(next != token)
        #expect(cache.completeFill(token, value: "old", cacheable: true, at: at(113)) == .answerAll)
        #expect(cache.lookup(1, at: at(114)).joined == next)
    }

    // Without it: the invalidation came before the fill, the fill read the state before the change,
    // the change was committed and answered; stored, or given to a reader that came after that
    // answer, the fill's answer contradicts it.
    @Test("rule 7: an answer read beside an uncommitted entry is not stored, nor for joiners")
    func uncommitted() throws {
        var cache = leased()
        cache.invalidate([1])
        let token = try #require(cache.lookup(1, at: at(2)).started)
        #expect(cache.lookup(1, at: at(3)).joined == token)
        #expect(
            cache.completeFill(token, value: "old", cacheable: false, at: at(4))
                == .answerFounders)
        #expect(cache.lookup(1, at: at(5)).started != nil)
    }

    @Test("an answer with nothing to store is good for joiners too")
    func nothingToStore() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        #expect(cache.completeFill(token, value: nil, cacheable: true, at: at(4)) == .answerAll)
        #expect(cache.count == 0)
        #expect(cache.lookup(1, at: at(5)).started != nil)
    }

    @Test("a fill that is abandoned makes room for the next, and only for its own key's")
    func abandons() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        cache.abandonFill(token)
        let next = try #require(cache.lookup(1, at: at(3)).started)
        cache.abandonFill(token)
        #expect(cache.lookup(1, at: at(4)).joined == next)
    }

    @Test("an entry is over after its time to live, however long the lease")
    func timeToLive() throws {
        var cache = CoherentCache<Int, String>(threshold: 10, timeToLive: span(50))
        _ = cache.grant(from: first, sentAt: at(0), duration: span(500), at: at(1))
        let token = try #require(cache.lookup(1, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(10))
        #expect(cache.lookup(1, at: at(59)).hit == "a")
        #expect(cache.lookup(1, at: at(60)).started != nil)
    }

    @Test("a lease that is given up takes the contents with it")
    func relinquishes() throws {
        var cache = leased()
        let token = try #require(cache.lookup(1, at: at(2)).started)
        _ = cache.completeFill(token, value: "a", cacheable: true, at: at(3))
        cache.relinquish()
        #expect(cache.count == 0)
        #expect(cache.lease(at: at(4)) == nil)
        #expect(cache.lookup(1, at: at(4)).isBypass)
    }
}

extension CacheLookup {
    var hit: Value? {
        if case .hit(let value, _) = self { value } else { nil }
    }
    var age: Instant.Span? {
        if case .hit(_, let age) = self { age } else { nil }
    }
    var joined: FillToken<Key>? {
        if case .join(let token) = self { token } else { nil }
    }
    var started: FillToken<Key>? {
        if case .startFill(let token) = self { token } else { nil }
    }
    var isBypass: Bool {
        if case .bypass = self { true } else { false }
    }
}
