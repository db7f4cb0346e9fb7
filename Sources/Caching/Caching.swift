// Caching: what a front end remembers of the catalog, and when it may still say it.
//
// The module is pure: no clock, no lock, no I/O. Whoever uses it passes the time in and holds the
// lock; the front end puts a `CoherentCache` in a `Mutex`, the simulator calls it directly.
//
// Terms
//   entry         a value under its key, with the time that it was stored and its time to live
//   threshold     how many entries a cache holds; one more evicts the least recently used
//   hit, miss     a `get` that found, or did not find, an entry whose time to live still runs
//   evict         to drop the least recently used entry because of the threshold
//   invalidate    to drop an entry because what it says is about to change
//   lease         until when the catalog's primary promises to invalidate before it changes a book
//   fill          a request to the catalog whose answer is to be stored
//   founder       a reader that was there when a fill was sent; joiner: one that came later
//
// Where to begin
//   LRUCache        the structure: get, set, add, delete … by key, all O(1)
//   MemoizingCache  the same by function name and arguments
//   CoherentCache   an LRUCache that serves only under a lease: the rules, each with its reason
