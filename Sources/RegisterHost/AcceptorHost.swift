public import API
public import Durability
internal import Logging
public import Replication
public import ServerRuntime
internal import Synchronization
internal import Threads

/// The server's votes in the view registers of both groups.
///
/// A thread of its own makes each promise durable before it is answered.
public final class AcceptorHost: Sendable {
    /// Takes the message to answer with; nil where the vote could not be made durable, or the group
    /// is none. Called once, on a thread that it must not hold up.
    public typealias Completion = @Sendable ([UInt8]?) -> Void

    private struct Work: Sendable {
        let group: String
        let request: RegisterRequest
        let completion: Completion
    }

    private let logger: Logger
    private let faults = RepeatedFaults()
    private let store: AcceptorStore
    private let work = DrainingQueue<Work>()
    private let acceptors: Mutex<[String: Acceptor]>
    private let thread = Mutex<WorkerThread?>(nil)
    private let watchers = Mutex<[String: @Sendable (View) -> Void]>([:])

    /// Reads the promises of a data directory.
    /// - Throws: `damaged` where a promise cannot be read: an acceptor that forgot one must not
    ///   vote.
    public init(
        environment: ServerEnvironment, directory: DataDirectory
    ) throws(StorageError) {
        logger = environment.logger
        store = AcceptorStore(directory)
        var acceptors: [String: Acceptor] = [:]
        let member = Member(
            name: ServerName(environment.id.name), identity: storeIdentity(of: directory))
        for group in RegisterHost.groups {
            var state = AcceptorState()
            if let bytes = try store.value(of: group) {
                do throws(WireError) {
                    state = try AcceptorState(decoding: bytes)
                } catch {
                    throw .damaged(
                        file: "\(directory.path)/acceptor-\(group)", reason: "\(error)")
                }
            }
            acceptors[group] = Acceptor(member: member, state: state)
        }
        self.acceptors = Mutex(acceptors)
    }

    /// What was accepted last in a group's register.
    func accepted(in group: String) -> AcceptedValue? {
        acceptors.withLock { $0[group]?.state.accepted }
    }

    /// Has a group's view told, now and whenever this server votes for another. It is a hint: what
    /// one server has voted for need not be decided.
    public func watch(_ group: String, _ watcher: @escaping @Sendable (View) -> Void) {
        watchers.withLock { $0[group] = watcher }
        if let view = accepted(in: group)?.value.view { watcher(view) }
    }

    /// Starts the thread.
    public func start() {
        thread.withLock { $0 = .required(name: "acceptor") { [self] in run() } }
    }

    /// Answers what is waiting and ends the thread.
    public func stop() {
        work.close()
        thread.withLock { $0 }?.join()
    }

    /// Takes a request of a proposer; it is answered once what it promises is durable. Any thread.
    public func receive(
        _ request: RegisterRequest, group: String, completion: @escaping Completion
    ) {
        if !work.append(Work(group: group, request: request, completion: completion)) {
            completion(nil)
        }
    }

    /// Takes the body of a `PUT /register/{group}`.
    /// - Throws: 400 or 404 where it is none.
    public func receive(
        body: [UInt8], group: String, completion: @escaping Completion
    ) throws(Problem) {
        guard RegisterHost.groups.contains(group) else { throw .notFound("/register/\(group)") }
        guard case .register(let vote) = try Envelope.message(of: body).message else {
            throw .malformedRequest("The body is no request of a view register")
        }
        receive(vote, group: group, completion: completion)
    }

    private func run() {
        while let gathered = work.takeAll() {
            for item in gathered { item.completion(answer(item)) }
        }
    }

    private func answer(_ item: Work) -> [UInt8]? {
        guard var acceptor = acceptors.withLock({ $0[item.group] }) else { return nil }
        let (reply, mustPersist) = acceptor.handle(item.request)
        if mustPersist {
            do throws(StorageError) {
                try store.persist(acceptor.state.encoded(), as: item.group)
            } catch {
                // As if the request had been lost: the acceptor in memory has promised nothing.
                let fault = "a vote of \(item.group)'s register cannot be written: \(error)"
                if let text = faults.text(fault) { logger.error("\(text)") }
                return nil
            }
            acceptors.withLock { [acceptor] in $0[item.group] = acceptor }
        }
        if case .accepted = reply.outcome, let view = acceptor.state.accepted?.value.view {
            watchers.withLock { $0[item.group] }?(view)
        }
        return Message.registerReply(reply).encoded()
    }
}

/// The part of a data directory's identity that names it in views.
public func storeIdentity(of directory: DataDirectory) -> StoreIdentity {
    StoreIdentity(directory.identity.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
}
