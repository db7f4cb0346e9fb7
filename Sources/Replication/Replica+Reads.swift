public import MonotonicTime

/// Whether a replica may answer a read now.
public enum ReadPermission: Hashable, Sendable {
    /// It may, from its applied state, read after this was asked. Where the answer is not
    /// `cacheable`, an entry that touches the keys is on its way, and nobody may store it.
    case serve(cacheable: Bool)
    /// It may not, but this server may.
    case forward(to: ServerName)
    /// Nobody is known who may.
    case unavailable(Unavailability)
}

/// Why a read cannot be answered.
public enum Unavailability: Hashable, Sendable, CustomStringConvertible {
    /// No view is known, nor who could know one.
    case noView
    /// This primary is taking over.
    case notReady
    /// This primary does not hold its lease.
    case noLease

    /// The reason, for a problem document.
    public var description: String {
        switch self {
        case .noView: "no view of the group is known"
        case .notReady: "the primary is taking over"
        case .noLease: "the primary does not hold its lease"
        }
    }
}

extension Replica {
    /// Whether this replica may answer a read that depends on the keys.
    ///
    /// The state must be read after this was asked, and the answer given only where the permission
    /// was. Cheap enough to be asked for every read that no cache answers.
    /// - Parameters:
    ///   - keys: what the answer depends on, in the sense of `Entry.keys`.
    ///   - now: the time on the server's clock.
    public func readPermission(
        touching keys: some Sequence<UInt64>, at now: Instant
    ) -> ReadPermission {
        permission(at: now) { keys.contains(where: log.hasUnapplied) }
    }

    /// Whether this replica may answer a read that depends on all there is, such as a list of all
    /// sales; otherwise as ``readPermission(touching:at:)``.
    public func readPermissionForEverything(at now: Instant) -> ReadPermission {
        permission(at: now) { true }
    }

    private func permission(at now: Instant, isTouched: () -> Bool) -> ReadPermission {
        var here = self.readiness(at: max(now, self.now))
        if case .serve = here, log.hasUnapplied, isTouched() {
            switch role {
            case .primary: here = .serve(cacheable: breaks(.uncommittedReadsCached))
            case .backup, .joining:
                // Whether it is committed only the primary knows.
                guard let view, !breaks(.backupServesUncommitted) else { return here }
                return .forward(to: view.primary.name)
            }
        }
        return here
    }

    /// Whether this replica serves reads at all.
    private func readiness(at now: Instant) -> ReadPermission {
        guard let view else {
            guard let name = knownPrimary, name != member.name else { return .unavailable(.noView) }
            return .forward(to: name)
        }
        switch role {
        case .primary:
            guard isOpen else { return .unavailable(.notReady) }
            guard now < leaseEnd || breaks(.serveWithoutLease) else {
                return .unavailable(.noLease)
            }
            return .serve(cacheable: true)
        case .backup:
            let isLeased = readLeaseUntil.map { now < $0 } ?? false
            if isViewDurable, isLeased || breaks(.backupServesWithoutLease) {
                return .serve(cacheable: true)
            }
        case .joining: break
        }
        guard view.primary != member else { return .unavailable(.notReady) }
        return .forward(to: view.primary.name)
    }

    /// Whether reads may be sent here at present.
    var mayServe: Bool {
        if case .serve = readiness(at: now) { return true }
        return false
    }
}
