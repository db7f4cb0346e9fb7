// FrontEnd: the server that clients talk to. It keeps the cache and finds its way to the back end.
//
// Where to begin
//   FrontEndService    what a main starts: FastCGI on one side, HTTP on the other
//   StoreFront         a request in, an answer out; one file for each group of routes
//   LookupDesk         lookups: the coherent cache, and who waits for which fill
//   BuyDesk            buys: gathered into batches, each with a deadline of its own
//   Dispatcher         sends a request to a group until a server answers or its time is over
//   BackEndWatch       heartbeats: who is there, who is primary, and the cache's lease
//
// `Cluster`, `RequestRoute` and `BuyQueue` are state machines without I/O; the classes beside them
// hold one in a `Mutex`, step it, and then do what it said. Everything that waits is a completion:
// no thread stands behind a request, but for the one that streams an export.
//
// `Upstream` and `Timers` are all that the module needs of the network and the clock, so that the
// tests drive it through every failure without either.
