import MonotonicTime

// Leases: who may answer reads and writes, and until when.
//
// The holder counts from when it sent its request, the grantor from when it received it and longer
// by the margin, so that the holder's end always comes first. Nothing that a primary grants
// outlives its own lease: so whoever proposes a view without it, once its own grant has run out,
// knows that all the leases of that view are over.
extension Replica {
    /// The servers whose lease this primary needs: every other member of the view, and the
    /// newcomer that it has proposed, which may know the new view before this primary does.
    private func isGrantor(_ peer: Peer) -> Bool {
        if let view, view.members.contains(where: { $0.name == peer.name }) { return true }
        guard let proposed = campaign?.view else { return false }
        return proposed.members.contains { $0.name == peer.name }
    }

    /// Whether what a server says counts: not where its name is a member's, but not its data
    /// directory.
    func speaksForItself(_ sender: Member) -> Bool {
        guard let view else { return true }
        return view.contains(sender) || !view.members.contains { $0.name == sender.name }
    }

    /// Until when this primary is the only one for certain; for ever where it is the sole member.
    var leaseEnd: Instant {
        var end = Instant(nanoseconds: .max)
        for peer in peers where isGrantor(peer) {
            end = min(end, peer.leaseUntil ?? Instant(nanoseconds: .min))
        }
        return end
    }

    /// Whether this primary holds its lease now.
    var holdsLease: Bool { breaks(.serveWithoutLease) || now < leaseEnd }

    /// Whether the leases that an earlier primary granted are over.
    var isQuiet: Bool {
        now >= primary.quietUntil || primary.unreleased.isEmpty || breaks(.serveBeforeQuiet)
    }

    /// Whether this primary has done what a new primary must do before it serves.
    var isOpen: Bool {
        role == .primary && isViewDurable && isQuiet
            && (log.appliedIndex >= primary.openingIndex || breaks(.serveBeforeTailCommitted))
    }

    /// Whether this primary answers reads and writes now.
    var isServing: Bool { isOpen && holdsLease }

    /// How long a lease that this primary grants may run: not beyond its own.
    private var grantable: Instant.Span {
        let full = configuration.leaseDuration
        if breaks(.cacheLeaseOutlivesPrimary) { return full }
        let end = leaseEnd
        guard end.nanoseconds < .max else { return full }
        return end > now ? min(full, end - now) : .zero
    }

    /// How long the grantor counts a lease.
    private func counted(_ duration: Instant.Span) -> Instant.Span {
        breaks(.noDriftMargin) ? duration : configuration.grantorSpan(duration)
    }

    /// Grants the view's primary its lease, where this replica may.
    mutating func grantPrimaryLease(to sender: Member, _ incarnation: Incarnation) -> Instant.Span?
    {
        guard let view, isViewDurable, role != .primary, !isDiskFailing,
            view.primary == sender, view.incarnation == incarnation
        else { return nil }
        // Whoever grants a lease from outside the view wants to be taken in.
        guard role == .backup || !(isStopping || joining.isInstalling) else { return nil }
        // A view that this replica has proposed may be decided without its knowing.
        guard campaign == nil else { return nil }
        let duration = configuration.leaseDuration
        grantedUntil = max(grantedUntil, now + counted(duration))
        return duration
    }

    /// Grants a backup a read lease, where this primary may.
    mutating func grantReadLease(to index: Int) -> Instant.Span? {
        guard isServing, let view, let member = peers[index].member, view.contains(member),
            !isOverdue(peers[index].updateSince)
        else { return nil }
        let duration = grantable
        guard duration > .zero else { return nil }
        peers[index].readGrantUntil = max(
            peers[index].readGrantUntil ?? now, now + counted(duration))
        return duration
    }

    /// Grants a front end a cache lease, where this primary may.
    mutating func grantCacheLease(to index: Int) -> Instant.Span? {
        guard isServing else { return nil }
        guard !isUnheard(primary.lessees[index]) else {
            probe(index)
            return nil
        }
        let duration = grantable
        guard duration > .zero else { return nil }
        primary.lessees[index].until = max(
            primary.lessees[index].until ?? now, now + counted(duration))
        return duration
    }

    /// Whether a front end has not answered an invalidation for too long, or has let its lease run
    /// out over one: it may be heard and hear nothing, and would hold every commit up again.
    private func isUnheard(_ lessee: Lessee) -> Bool {
        guard let since = lessee.unansweredSince, !breaks(.leaseRenewedWhileUnanswered) else {
            return false
        }
        return isOverdue(since) || (lessee.until.map { $0 <= now } ?? true)
    }

    /// Whether something has been unanswered for so long that no lease is renewed: a server that is
    /// alive in half would block every commit for ever.
    private func isOverdue(_ since: Instant?) -> Bool {
        guard let since, !breaks(.leaseRenewedWhileUnanswered) else { return false }
        return now - since > configuration.leaseDuration * 0.5
    }

    /// A server says that it knows a view: it holds no lease of an older one.
    mutating func release(_ name: ServerName, knowing number: ViewNumber) {
        guard role == .primary, let view, number >= view.number else { return }
        primary.unreleased.removeAll { $0 == name }
        if let index = peerIndex(name), !view.members.contains(where: { $0.name == name }) {
            peers[index].readGrantUntil = nil
        }
    }

    /// Says once when service begins and ends.
    mutating func noteServing() {
        let serves = role == .primary && isServing
        guard serves != primary.isServingNoted else { return }
        primary.isServingNoted = serves
        guard let view else { return }
        if serves {
            effects.append(.note(.serving(view.number)))
        } else if role == .primary {
            effects.append(.note(.lostLease(view.number)))
        }
    }
}
