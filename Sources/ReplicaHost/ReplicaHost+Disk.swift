internal import Console
internal import Dispatch
public import Durability
internal import Glibc
internal import Logging
internal import MonotonicTime
internal import RegisterHost
internal import Replication
internal import ServerRuntime
internal import Storage
internal import Synchronization
internal import Threads

/// The threads that write the log, apply what is committed, and keep both small.
extension ReplicaHost {
    /// The name under which the log keeps the engine's small state.
    static var stateName: String { "replica" }

    /// Reads what a start of the engine begins with.
    static func restore(
        _ directory: DataDirectory, _ log: LogStore, _ store: Store
    ) throws(StorageError) -> Restored {
        let extent = log.extent
        let applied = store.applied
        var tail: [Entry] = []
        while applied.index + UInt64(tail.count) < extent.last.index {
            let next = applied.index + UInt64(tail.count) + 1
            let more = try log.entries(next...extent.last.index)
            guard !more.isEmpty else {
                throw .damaged(
                    file: "\(directory.path)/log.db", reason: "entry \(next) is missing")
            }
            tail += more
        }
        return Restored(
            identity: storeIdentity(of: directory), state: try log.persisted(stateName),
            firstIndex: extent.base.index + 1, applied: applied, tail: tail)
    }

    /// Starts the replica's threads; once.
    public func start() {
        removeLeftSnapshots()
        let workers = [
            WorkerThread.required(name: "log") { [self] in writeLog() },
            WorkerThread.required(name: "apply") { [self] in applyCommitted() },
            WorkerThread.required(name: "load") { [self] in load() },
            WorkerThread.required(name: "copy") { [self] in copy() },
        ]
        let tick = engine.withLock { $0.configuration.tickInterval }
        let periodic = [
            PeriodicThread(name: "tick", interval: tick.duration) { [self] in
                step(.tick)
                lastTick.store(BootClock.now().nanoseconds, ordering: .relaxed)
                proposals.expire(at: BootClock.now())
            },
            PeriodicThread(name: "checkpoint", interval: Self.flushInterval) { [self] in
                checkpointOrFlush()
            },
        ]
        threads.withLock { $0 = (workers, periodic) }
    }

    /// Asks for no lease any more, so that another replica takes over while this server finishes
    /// what is under way; once.
    public func prepareToStop() { step(.stopping) }

    /// Finishes what is under way and ends the threads; once, when no more requests come.
    public func stop() {
        isStopping.store(true, ordering: .relaxed)
        let (workers, periodic) = threads.withLock { $0 }
        for thread in periodic { thread.stop() }
        logWork.close()
        loadWork.close()
        copyWork.close()
        workers[0].join()
        applyWork.close()
        for thread in workers { thread.join() }
        // A restart then has nothing to repeat.
        if (try? store.checkpoint()) != nil { try? log.checkpoint() }
    }

    // MARK: The log

    private func writeLog() {
        while let work = logWork.takeAll() {
            for item in work { write(item) }
        }
    }

    private func write(_ work: LogWork) {
        switch work {
        case .append(let token, let entries, let cut, let isOwn):
            let start = BootClock.now()
            do throws(StorageError) {
                try log.append(entries, truncatingFrom: cut)
            } catch {
                stopIfBroken(error)
                report("the log cannot be written: \(error)")
                return step(.appendFailed(token))
            }
            figures.logWriteSeconds.observe((BootClock.now() - start).seconds)
            figures.batchEntries.observe(Double(entries.count))
            step(.appended(token))
            // While the backups are still at it.
            if isOwn { applyWork.append(.logged(entries)) }
        case .persist(let token, let bytes):
            do throws(StorageError) {
                try log.persist(bytes, as: Self.stateName)
            } catch {
                stopIfBroken(error)
                report("the replica's state cannot be written: \(error)")
                return step(.persistFailed(token))
            }
            step(.persisted(token))
        case .install(let attempt, let position):
            install(attempt: attempt, position)
        }
    }

    // MARK: The state

    /// How long entries that nobody here waits for gather, in milliseconds: a backup writes its
    /// state once for several batches, and answers no lookups of their books meanwhile.
    private static var gatheringTime: Int { 5 }

    private func applyCommitted() {
        var applier = Applier(store)
        while let work = applyWork.takeAll() {
            var committed: [CommittedEntry] = []
            for item in work {
                switch item {
                case .committed(let entries): committed += entries
                case .logged(let entries): applier.logged(entries)
                }
            }
            guard apply(committed, with: &applier) else { break }
            prepare(with: &applier)
            if !committed.isEmpty, committed.allSatisfy({ $0.ticket == nil }) {
                pause(milliseconds: Self.gatheringTime)
            }
        }
        applier.discard()
    }

    /// Entries that are applied in one transaction: several batches, and yet so few that the engine
    /// sees that there is progress.
    private static var applyLimit: Int { 4096 }

    /// Applies entries and answers those who wait for them.
    /// - Returns: false once the server stops.
    private func apply(_ committed: [CommittedEntry], with applier: inout Applier<Store>) -> Bool {
        var rest = committed[...]
        while let first = rest.first {
            let part = rest.prefix(Self.applyLimit).map(\.entry)
            guard let outcomes = outcomes(of: part, with: &applier) else { return false }
            figures.applied.increment(by: outcomes.count)
            figures.commitEntries.observe(Double(outcomes.count))
            proposals.complete(rest, outcomes)
            step(.applied(through: first.entry.index + UInt64(outcomes.count) - 1))
            rest.removeFirst(outcomes.count)
        }
        return true
    }

    /// How long the state may not be writable for another reason than a full disk.
    private static var patienceWithState: Instant.Span { .seconds(3) }

    /// Applies the first of some entries, however long the disk is full: they are committed, and
    /// what was committed is applied. Nil once the server stops.
    ///
    /// A state that cannot be written for any other reason, for so long, ends the process: it may
    /// be this process's own fault, and then its next start is better off.
    private func outcomes(
        of entries: [Entry], with applier: inout Applier<Store>
    ) -> [Store.Outcome]? {
        var start = BootClock.now()
        while true {
            do throws(StorageError) {
                return try applier.apply(entries)
            } catch {
                stopIfBroken(error)
                report("the state cannot be written: \(error)")
                step(.applyFailed)
                if error.isDiskFull { start = BootClock.now() }
                if BootClock.now() - start > Self.patienceWithState {
                    logger.critical("\(group): the state cannot be written; another server has to")
                    exit(ExitStatus.inputOutput)
                }
                if isStopping.load(ordering: .relaxed) { return nil }
                pause(milliseconds: 100)
            }
        }
    }

    /// Applies in advance what was logged last. Where that fails, nothing is lost: it is applied
    /// when it is committed.
    private func prepare(with applier: inout Applier<Store>) {
        do throws(StorageError) {
            try applier.prepareNext()
        } catch {
            stopIfBroken(error)
        }
    }

    /// How often what was applied is brought to the disk. All at once, at every checkpoint, it
    /// would hold the log's writes up.
    private static var flushInterval: Duration { .milliseconds(100) }

    /// Makes a checkpoint at first and every tenth time, once a second, and flushes in between.
    /// Every hundredth time it has old copies of the state removed.
    private func checkpointOrFlush() {
        let turn = flushes.add(1, ordering: .relaxed).newValue
        if turn % 100 == 0 { copyWork.append(.removeOldSnapshots) }
        guard turn % 10 == 1 else {
            do throws(StorageError) {
                try store.flush()
            } catch {
                // Where it has no room for it, the next checkpoint tells of that.
                stopIfLost(error)
            }
            return
        }
        // The log's own does not depend on the state's.
        do throws(StorageError) {
            try log.checkpoint()
        } catch {
            stopIfBroken(error)
            stopIfLost(error)
            report("a checkpoint of the log failed: \(error)", .warning)
        }
        do throws(StorageError) {
            step(.stateDurable(through: try store.checkpoint()))
        } catch {
            stopIfBroken(error)
            stopIfLost(error)
            report("a checkpoint failed: \(error)", .warning)
        }
    }

    // MARK: Old entries and snapshots

    private func load() {
        while let work = loadWork.takeAll() {
            for item in work {
                switch item {
                case .entries(let token, let range):
                    let entries = oldEntries(range)
                    step(entries.isEmpty ? .loadFailed(token) : .loaded(token, entries))
                case .trim(let index): trim(through: index)
                }
            }
        }
    }

    /// Makes, gives, fetches and removes copies of the state. They take minutes where the state is
    /// large, and commits may wait for what the `load` thread reads.
    private func copy() {
        while let work = copyWork.takeAll() {
            for item in work {
                switch item {
                case .fetch(let attempt, let server):
                    fetchSnapshot(attempt: attempt, from: server)
                case .discardFetched: discardSnapshot()
                case .give(let chunk): give(chunk)
                case .removeOldSnapshots: removeOldSnapshots()
                }
            }
        }
    }

    /// Entries of the log, from the first of a range on; none where they cannot be read.
    private func oldEntries(_ range: ClosedRange<LogIndex>) -> [Entry] {
        do throws(StorageError) {
            return try log.entries(range)
        } catch {
            stopIfBroken(error)
            report("the log cannot be read: \(error)", .warning)
            return []
        }
    }

    private func trim(through index: LogIndex) {
        do throws(StorageError) {
            try log.trim(through: index)
        } catch {
            stopIfBroken(error)
            report("the log cannot be trimmed: \(error)", .warning)
        }
    }

    // MARK: Faults

    /// Logs a fault, once in a while where it comes again and again.
    func report(_ fault: String, _ level: Logger.Level = .error) {
        if let text = faults.text(fault) { logger.log(level: level, "\(group): \(text)") }
    }

    /// Ends the process where a database is not what was written: nothing that it would say or do
    /// from here on could be relied on.
    public func stopIfBroken(_ error: StorageError) {
        guard case .damaged = error else { return }
        logger.critical("\(group): \(error)")
        exit(ExitStatus.damagedFiles)
    }

    /// Ends the process where the disk has failed to keep what was written to a database file or
    /// its write-ahead log. What this process takes for written may be gone, and a second sync says
    /// nothing of it; the next start goes by the checksums of the write-ahead log, and by the
    /// replicated log.
    private func stopIfLost(_ error: StorageError) {
        guard error.isOfDisk else { return }
        logger.critical(
            "\(group): what was written may be lost, so that this process starts anew: \(error)")
        exit(ExitStatus.inputOutput)
    }

    func pause(milliseconds: Int) {
        usleep(UInt32(milliseconds) * 1000)
    }
}
