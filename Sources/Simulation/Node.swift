import MonotonicTime
import Replication

/// A server: a process that can die, stop and go on, with a clock and a disk of its own.
final class Node {
    let name: ServerName
    let index: Int
    unowned let world: World
    private(set) var isUp = false
    /// Which start of the process this is; what an earlier one had under way is gone.
    private(set) var generation: UInt64 = 0
    private var pausedUntil: Int64 = 0
    private var suspendedUntil: Int64 = 0
    private var clockRate: Double
    private var clockOffset: Double

    // The disk.
    var acceptorIdentity: StoreIdentity
    var acceptorDisks: [AcceptorDisk] = []
    var replicaDisk: ReplicaDisk?
    /// A file that is written apart from the others.
    enum File: Int, CaseIterable {
        case log, state, acceptor
    }

    /// When each file's last write will be done.
    private var freeAt: [Int64] = [0, 0, 0]
    var isDiskFull = false
    /// Whether no request of another server gets here, though what it asks is answered.
    var isUnreached = false
    /// Whether the file of the state alone cannot be written.
    var isStateFull = false
    /// How much slower than it should be the writing of each file is.
    var slowness: [Double] = [1, 1, 1]

    // The process.
    var acceptors: [Acceptor] = []
    var replica: ReplicaDriver?
    var frontEnd: FrontEnd?
    /// Starts what the server runs.
    var start: (Node) -> Void = { _ in }

    init(name: ServerName, world: World) {
        self.name = name
        self.world = world
        index = world.nodes.count
        let drift = world.profile.drift
        clockRate = 1 + world.profile.error(of: world.random.real(-drift, drift))
        clockOffset = world.random.real(1e9, 1e12)
        acceptorIdentity = StoreIdentity(world.random.next())
    }

    /// What the server's clock shows.
    var now: Instant { Instant(nanoseconds: Int64(clockOffset + Double(world.time) * clockRate)) }

    /// Makes the clock go faster or slower from now on.
    func setClockRate(_ rate: Double) {
        clockOffset += Double(world.time) * (clockRate - rate)
        clockRate = rate
    }

    func isRunning(_ start: UInt64) -> Bool { isUp && generation == start }

    /// Does something in a start of the process, once it is not paused. What has waited for that
    /// comes in any order, unless it is to be in order.
    func enter(_ start: UInt64, inOrder: Bool = false, _ body: @escaping () -> Void) {
        guard isRunning(start) else { return }
        guard pausedUntil > world.time else { return body() }
        let disorder = inOrder ? 0 : world.random.real(0, 0.001)
        world.after(seconds: Double(pausedUntil - world.time) / 1e9 + disorder) {
            [self] in enter(start, inOrder: inOrder, body)
        }
    }

    /// Does something in this start after a span on the server's own clock.
    func later(_ span: Instant.Span, _ body: @escaping () -> Void) {
        let start = generation
        world.after(seconds: span.seconds / clockRate) { [self] in enter(start, body) }
    }

    func boot() {
        guard !isUp else { return }
        isUp = true
        generation += 1
        pausedUntil = 0
        suspendedUntil = 0
        freeAt = [world.time, world.time, world.time]
        world.trace("\(name) starts")
        start(self)
    }

    /// Ends the process. What it had told the disk to write, and was not told of, is written or
    /// not.
    func kill(losingPower: Bool) {
        guard isUp else { return }
        isUp = false
        world.trace("\(name) \(losingPower ? "loses power" : "is killed")")
        lost(replicaDisk?.crash(losingPower: losingPower, &world.random) ?? [])
        replica?.die()
        replica = nil
        frontEnd = nil
        acceptors = []
        for index in acceptorDisks.indices { acceptorDisks[index].crash(&world.random) }
    }

    /// Entries are gone from this server's log.
    func lost(_ entries: [Entry]) {
        guard let group = replica?.group, !entries.isEmpty else { return }
        world.judge.lost(entries, in: group, at: name)
    }

    func pause(seconds: Double) {
        guard isUp else { return }
        world.trace("\(name) pauses for \(seconds) s")
        pausedUntil = max(pausedUntil, world.time + Int64(seconds * 1e9))
    }

    /// Stops the whole machine: what is sent to it meanwhile is lost. Its clock goes on.
    func suspend(seconds: Double) {
        guard isUp else { return }
        world.trace("\(name) is suspended for \(seconds) s")
        suspendedUntil = max(suspendedUntil, world.time + Int64(seconds * 1e9))
        pausedUntil = max(pausedUntil, suspendedUntil)
    }

    var isSuspended: Bool { world.time < suspendedUntil }

    func resume() {
        pausedUntil = min(pausedUntil, world.time)
        suspendedUntil = pausedUntil
    }

    /// Empties the disk of a process that is down.
    func wipe() {
        world.trace("\(name) loses its disk")
        acceptorIdentity = StoreIdentity(world.random.next())
        for index in acceptorDisks.indices { acceptorDisks[index] = AcceptorDisk() }
        replicaDisk = replicaDisk.map {
            ReplicaDisk(identity: StoreIdentity(world.random.next()), empty: $0.initial)
        }
    }

    func stop() {
        isUp = false
        start = { _ in }
        replica?.die()
        replica = nil
        frontEnd = nil
    }

    /// Does a write, in the order in which writes of the file were asked for, then something in
    /// this start.
    func write(_ file: File, _ body: @escaping () -> Void) {
        let usual = world.profile.diskDelay * world.random.real(0.3, 1.7)
        let duration = min(0.6, usual * slowness[file.rawValue])
        // Writes that wait for a slow disk are done together.
        let free = min(max(freeAt[file.rawValue], world.time), world.time + 1_500_000_000)
        let done = max(freeAt[file.rawValue], free + Int64(duration * 1e9))
        freeAt[file.rawValue] = done
        let start = generation
        world.after(seconds: Double(done - world.time) / 1e9) { [self] in
            enter(start, inOrder: true, body)
        }
    }
}

/// What an acceptor has on its disk.
struct AcceptorDisk {
    var state = AcceptorState()
    /// A write that is not reported done.
    var pending: [AcceptorState] = []

    mutating func crash(_ random: inout Random) {
        for write in pending where random.chance(0.5) { state = write }
        pending = []
    }
}
