// The replication engine: one group of replicas that agree on one log, of which a state machine
// makes a store. It is primary/backup with views, in the family of Viewstamped Replication,
// PacificA and CRAQ; `docs/protocol.md` describes the protocol and proves its rules.
//
// Nothing in this module does I/O, reads a clock or draws a random number of its own. `Replica`
// takes events and returns effects; `Acceptor` is a voter of the view register. A host
// (`ReplicaHost`) drives them with a real disk, network and clock, `Simulation` with made-up ones.
//
// ## Where to begin
//
// `Replica.swift` (the state, and `handle`), `Event.swift`, `Effect.swift`, `Message.swift`; then
// by role: `Replica+Primary.swift` (batches and updates), `Replica+Commit.swift`,
// `Replica+Backup.swift`, `Replica+Leases.swift`, `Replica+ViewChange.swift` with `Proposer.swift`,
// `Replica+Joining.swift`.
//
// ## The driver's contract
//
//  1. One event at a time, with a time that never goes back on one clock that counts suspended
//     time. Effects are carried out in the order in which they were returned, and each is begun
//     without waiting for the one before; no effect waits for a disk or a network before the next.
//  2. Whatever must come after a disk write is returned by the call that takes in that write's
//     completion. So the host reports `appended` and `persisted` only once the bytes would survive
//     a loss of power, and otherwise may do everything at once.
//  3. Appends are carried out in their order, each with its cut in one transaction; `persist` may
//     overtake them, but not another `persist`. A failure is reported, and the engine repeats.
//  4. `apply` is carried out in order. The state and the place up to which it is applied change in
//     one transaction; that transaction need not be durable (`stateDurable` says later that it is),
//     but what a restart finds is a state that some prefix of the log made, and all of the log
//     behind it.
//  5. Every `request` and `invalidate` is ended by exactly one event: its answer, or its failure
//     when the time is up. A request may be carried out twice, late, or never.
//  6. A `request` to the server's own name goes to its own acceptor.
//  7. `reply` goes to whoever asked. The host may give up an exchange that is not replied to.
//  8. An acceptor's state is durable before its reply goes out.
//  9. The seed is new with every start: it becomes the start's incarnation, which is unique.
// 10. A fetched snapshot stays apart from the state until `installSnapshot`; one that an earlier
//     start fetched is thrown away. Installing replaces the state, its applied place and the log in
//     one durable transaction.
// 11. `tick` comes every `tickInterval`, or as soon as the server can again after a pause.
// 12. A read is answered from the applied state, read after `readPermission` allowed it.
//
// ## A front end's part
//
//  - It sends every replica a `FrontEndHeartbeat` with the newest view it has learnt, from any
//    reply. When it learns of a newer view it first drops its cache and its lease.
//  - A lease counts from when the heartbeat that asked for it was sent, and only where its view is
//    the newest that the front end knows. If the last lease had ended by the time that the new one
//    is taken up, the front end begins with an empty cache.
//  - It may be granted no lease for a while: not before it has answered an invalidation, where an
//    earlier lease ran out over one.
//  - It answers `DELETE /invalidate` once the keys are gone, and every answer for them that is on
//    its way is barred from being stored.
