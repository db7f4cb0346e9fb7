/// Runs one replica on the real disk, network and clock.
///
/// The engine (`Replication.Replica`) decides, this class does: it hands events to the engine under
/// a lock and carries out the effects it gets back, each on the thread it belongs to. Begin with
/// ``ReplicaHost/step(_:)``. What a service uses: ``ReplicaHost/propose(_:deadline:completion:)``,
/// ``ReplicaHost/readPermission(touching:)`` and ``ReplicaHost/serve(_:_:acceptors:_:)``.
///
/// | thread | does |
/// |---|---|
/// | `log` | writes and syncs the log, one durable transaction a batch |
/// | `apply` | applies what is committed and completes proposals; prepares what is logged |
/// | `load` | reads old entries for peers that lag, drops those that nobody needs |
/// | `copy` | makes, gives and fetches copies of the state |
/// | `tick` | gives the engine its clock; ends proposals whose time is over |
/// | `checkpoint` | moves the databases' write-ahead logs into the databases |

internal import API
internal import Dispatch
public import Durability
internal import FastCGI
internal import HTTPClient
internal import Logging
public import MonotonicTime
public import Replication
public import ServerRuntime
public import Storage
internal import Synchronization
internal import Threads

/// See the top of the file.
public final class ReplicaHost<Store: StateStore>: Sendable {
    /// Work for the `log` thread, in the engine's order.
    enum LogWork: Sendable {
        case append(Token, [Entry], truncatingFrom: LogIndex?, isOwn: Bool)
        case persist(Token, [UInt8])
        case install(attempt: UInt64, LogPosition)
    }

    /// Work for the `apply` thread, in the engine's order.
    enum ApplyWork: Sendable {
        case committed([CommittedEntry])
        /// A batch of this primary's own that its log has.
        case logged([Entry])
    }

    /// Work for the `load` thread.
    enum LoadWork: Sendable {
        case entries(Token, ClosedRange<LogIndex>)
        case trim(through: LogIndex)
    }

    /// Work for the `copy` thread.
    enum CopyWork: Sendable {
        case give(ChunkRequest)
        case fetch(attempt: UInt64, from: ServerName)
        case discardFetched
        case removeOldSnapshots
    }

    let group: String
    let opening: String
    let environment: ServerEnvironment
    let logger: Logger
    let replicas: [ServerName]
    private let addresses: Mutex<[ServerName: String]>
    let store: Store
    let log: LogStore
    let engine: Mutex<Replica>
    let logWork = DrainingQueue<LogWork>()
    let applyWork = DrainingQueue<ApplyWork>()
    let loadWork = DrainingQueue<LoadWork>()
    let copyWork = DrainingQueue<CopyWork>()
    let proposals = PendingProposals<Store.Outcome>()
    let exchanges = Mutex<[UInt64: Responder]>([:])
    let commands = Mutex<[UInt64: Responder]>([:])
    let nextNumber = Atomic<UInt64>(1)
    let threads = Mutex<(workers: [WorkerThread], periodic: [PeriodicThread])>(([], []))
    let directory: DataDirectory
    let servedSnapshots = Mutex<[String: ServedSnapshot]>([:])
    let isStopping = Atomic<Bool>(false)
    /// How often the `checkpoint` thread has been at work.
    let flushes = Atomic<Int>(0)
    /// When the engine was last told the time, in nanoseconds.
    let lastTick = Atomic<Int64>(BootClock.now().nanoseconds)
    let faults = RepeatedFaults()
    let figures: Figures
    let frontEnds: FrontEndWatch

    /// Makes the host of a replica; it does nothing before ``start()``.
    /// - Parameters:
    ///   - configuration: the group, as the engine takes it.
    ///   - environment: the server that it is a part of.
    ///   - directory: the server's data directory.
    ///   - log: the log in it.
    ///   - store: the state in it.
    ///   - opening: what the state was before the log's first entry, as a digest: replicas of
    ///     different openings are not of one group.
    /// - Throws: where what the disk holds cannot be a replica's.
    public init(
        configuration: Replication.Configuration, environment: ServerEnvironment,
        directory: DataDirectory, log: LogStore, store: Store, opening: String
    ) throws {
        self.opening = opening
        group = configuration.group
        replicas = configuration.replicas
        self.environment = environment
        logger = environment.logger
        var addresses: [ServerName: String] = [:]
        for server in environment.configuration.servers {
            addresses[ServerName(server.id.name)] = server.address.description
        }
        self.addresses = Mutex(addresses)
        self.store = store
        self.log = log
        self.directory = directory
        figures = Figures(environment.metrics)
        frontEnds = FrontEndWatch(environment.configuration)
        let restored = try Self.restore(directory, log, store)
        var seed = SystemRandomNumberGenerator()
        let replica = try Replica(
            configuration: configuration, restoring: restored, at: BootClock.now(),
            seed: seed.next())
        engine = Mutex(replica)
        register(in: environment.metrics)
    }

    // MARK: The engine

    /// Tells the engine what happened, and does what it says.
    ///
    /// Effects on the disk are queued while the lock is held, so that they keep the engine's order
    /// whichever thread brought the event; messages may overtake each other, as they may on a
    /// network.
    func step(_ event: Event) {
        let effects = engine.withLock { replica -> [Effect] in
            var others: [Effect] = []
            for effect in replica.handle(event, at: BootClock.now()) {
                switch effect {
                case .append(let token, let entries, let cut):
                    logWork.append(
                        .append(
                            token, entries, truncatingFrom: cut,
                            isOwn: replica.role == .primary))
                case .persist(let token, let bytes): logWork.append(.persist(token, bytes))
                case .trimLog(let index): loadWork.append(.trim(through: index))
                case .installSnapshot(let attempt, let position):
                    logWork.append(.install(attempt: attempt, position))
                case .apply(let entries): applyWork.append(.committed(entries))
                case .load(let token, let range): loadWork.append(.entries(token, range))
                case .fetchSnapshot(let attempt, let server):
                    copyWork.append(.fetch(attempt: attempt, from: server))
                case .discardSnapshot: copyWork.append(.discardFetched)
                default: others.append(effect)
                }
            }
            return others
        }
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .reject(let ticket, let rejection):
            proposals.complete(ticket, .rejected(rejection))
        case .abandon(let ticket): proposals.complete(ticket, .unknown)
        case .request(let id, let server, let message, let timeout):
            send(message, to: server, as: id, timeout: timeout)
        case .reply(let exchange, let message): reply(message, to: exchange)
        case .invalidate(let id, let frontEnd, let keys, let timeout):
            invalidate(keys, at: frontEnd, as: id, timeout: timeout)
        case .note(.joining(let name)):
            // It is tried again every second, however long that server cannot write.
            report(Notice.joining(name).description, .notice)
        case .note(let notice): logger.notice("\(group): \(notice)")
        case .administered(let ticket, let outcome): administered(ticket, outcome)
        case .append, .persist, .apply, .load, .trimLog, .fetchSnapshot, .installSnapshot,
            .discardSnapshot:
            // Queued under the lock by `step`.
            break
        }
    }

    // MARK: Addresses

    /// Where a server's nginx listens; nil for one that nobody has named.
    func address(of server: ServerName) -> String? { addresses.withLock { $0[server] } }

    /// A server that the configuration does not have listens there.
    func learn(_ address: String, of server: ServerName) {
        addresses.withLock { $0[server] = address }
    }

    /// Learns where servers listen that the configuration does not have: voters that were added
    /// after it was written.
    func learn(_ report: AddressReport) {
        let configured = environment.configuration.servers.map(\.id.name)
        for (name, address) in report.addresses where !configured.contains(name) {
            learn("\(address)", of: ServerName(name))
        }
    }

    /// What this server tells others of where servers listen: all that it knows of.
    var addressReport: AddressReport {
        AddressReport(
            addresses.withLock { $0 }.compactMap { name, text in
                (try? Address(parsing: text)).map { (name.text, $0) }
            })
    }

    // MARK: What a service uses

    /// Whether, and how, a read that touches the keys may be answered here and now. Any thread.
    public func readPermission(touching keys: [UInt64]) -> ReadPermission {
        engine.withLock { $0.readPermission(touching: keys, at: BootClock.now()) }
    }

    /// The same for a read of all there is. Any thread.
    public var readPermissionForEverything: ReadPermission {
        engine.withLock { $0.readPermissionForEverything(at: BootClock.now()) }
    }

    /// Puts operations into the log, in order; any thread, never waits.
    /// - Parameters:
    ///   - operations: what they touch, and their payloads.
    ///   - deadline: until when the outcomes are waited for.
    ///   - completion: gets a result for each, in their order, once.
    public func propose(
        _ operations: [(keys: [UInt64], payload: [UInt8])], deadline: Instant,
        completion: @escaping @Sendable ([ProposalResult<Store.Outcome>]) -> Void
    ) {
        guard !operations.isEmpty else { return completion([]) }
        let tickets = proposals.add(
            count: operations.count, deadline: deadline, completion: completion)
        step(
            .propose(
                operations.enumerated().map { place, operation in
                    Proposal(
                        ticket: Ticket(tickets.lowerBound + UInt64(place)), keys: operation.keys,
                        payload: operation.payload)
                }))
    }
}
