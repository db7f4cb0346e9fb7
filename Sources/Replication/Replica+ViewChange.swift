import MonotonicTime

// Views: entering one, and proposing the next.
extension Replica {
    /// Takes note of a view that is decided.
    mutating func learn(_ new: View) {
        guard new.number > (view?.number ?? 0) else { return }
        let wasPrimary = role == .primary
        // A primary that goes on as such still counts on what it was answered in the view before.
        if view?.primary != new.primary || view?.incarnation != new.incarnation {
            backup.acknowledged = 0
        }
        view = new
        meetMembers(of: new)
        viewSince = now
        persistView()
        readLeaseUntil = nil
        // A change of view that this replica pursued is decided otherwise, or as it wished.
        if campaign?.view != nil { campaign = nil }
        let continues = wasPrimary && role == .primary
        if wasPrimary && !continues { stepDown() }
        if role == .primary {
            becomePrimary(continuing: continues)
        } else {
            // The view's primary may count on this replica from the moment it was decided.
            grantedUntil = max(
                grantedUntil, now + configuration.grantorSpan(configuration.leaseDuration))
            for index in peers.indices {
                peers[index].leaseUntil = nil
                peers[index].readGrantUntil = nil
                peers[index].forgetReplication()
            }
        }
        effects.append(.note(.entered(new, role)))
        nextHeartbeat = now
    }

    /// Begins as the primary of the view, or goes on as that.
    mutating func becomePrimary(continuing: Bool) {
        guard let view else { return }
        primary.admission = nil
        if !continuing {
            // Everything that predecessors granted ends by the time this replica's own grant does;
            // an earlier start of this replica granted before this one began.
            primary.quietUntil = grantedUntil
            primary.openingIndex = log.lastIndex
            primary.unreleased = configuration.lessees + peers.map(\.name)
            primary.round = nil
            for index in primary.lessees.indices {
                primary.lessees[index] = Lessee(name: primary.lessees[index].name)
            }
        }
        if view.number == 1 { primary.quietUntil = now }
        for index in peers.indices {
            peers[index].updateSince = nil
            if !continuing {
                peers[index].leaseUntil = nil
                peers[index].readGrantUntil = nil
                peers[index].forgetReplication()
            }
            peers[index].lastGranted = now
            if view.members.contains(where: { $0.name == peers[index].name }) {
                peers[index].next = peers[index].next ?? log.lastIndex + 1
            }
        }
    }

    /// Ends this replica's time as the primary.
    private mutating func stepDown() {
        for proposal in primary.queue {
            effects.append(
                .reject(proposal.ticket, .notPrimary(primary: view?.primary.name)))
        }
        primary.queue = []
        for index in primary.tickets.keys.sorted() {
            if let ticket = primary.tickets[index] { effects.append(.abandon(ticket)) }
        }
        primary.tickets = [:]
        primary.round = nil
    }

    /// Looks, at a tick, whether the view has to change.
    mutating func pursueViews() {
        if configuration.acceptors.isEmpty { return beginAlone() }
        pursueCommand()
        if campaign != nil { return pursueCampaign() }
        guard let view else { return beginGroup() }
        switch role {
        case .joining: break
        case .backup: succeedPrimary(of: view)
        case .primary: amend(view)
        }
    }

    /// A group without a register: the first replica is the sole member, in a new view with every
    /// start.
    private mutating func beginAlone() {
        guard configuration.replicas[0] == member.name, role != .primary else { return }
        learn(
            View(
                number: (view?.number ?? 0) + 1, members: [member], incarnation: incarnation))
    }

    /// The very first start of a group: the first replica proposes itself. Its log is empty:
    /// nothing in it was ever given a view, also where the state before it came from a backup.
    private mutating func beginGroup() {
        guard configuration.replicas[0] == member.name, log.last.view == 0 else { return }
        let number = log.last.index > 0 ? max(1, configuration.restoredView) : 1
        begin(.initial(View(number: number, members: [member], incarnation: incarnation)))
    }

    /// A backup whose grant to the primary has run out proposes a view without it; a primary that
    /// has restarted takes a new number before it does anything.
    private mutating func succeedPrimary(of view: View) {
        // While a snapshot is installed, what is in the log is about to go.
        guard isViewDurable, canWrite, !isUnreached, !isStopping, !joining.isInstalling else {
            return
        }
        let restarted = view.primary == member
        if !restarted {
            guard now >= max(grantedUntil + stagger(in: view), registerCheck.removedUntil) else {
                return
            }
        }
        let others = view.members.filter { other in
            guard other != member, other != view.primary else { return false }
            return restarted || hasHeard(other.name)
        }
        begin(
            .succeed(
                view.number,
                View(
                    number: view.number + 1, members: [member] + others, incarnation: incarnation)))
    }

    /// Backups take their turns, in the view's order.
    private func stagger(in view: View) -> Instant.Span {
        let place = view.members.firstIndex(of: member) ?? 1
        return configuration.heartbeatInterval * (0.5 * Double(max(0, place - 1)))
    }

    private func hasHeard(_ name: ServerName) -> Bool {
        guard let index = peerIndex(name), let last = peers[index].lastHeard else { return false }
        return now - last <= configuration.silenceTimeout
    }

    /// The primary proposes a view without a backup that is silent, or with a server that is level.
    private mutating func amend(_ view: View) {
        guard isViewDurable, !isDiskFailing, !isStopping else { return }
        var members = view.members
        // A primary that cannot write, or is not reached, asks for no lease: that none is granted
        // is not its backups' fault, and one of them is to take over. Where it has none, it still
        // takes one in.
        for peer in peers where canWrite && !isUnreached && isSilent(peer, in: view) {
            members.removeAll { $0.name == peer.name }
            effects.append(.note(.silent(peer.name)))
        }
        if members.count == view.members.count {
            guard mayAdmit, let newcomer = newcomer(to: view) else {
                pursueAdmission(to: view)
                return checkRegister()
            }
            members.append(newcomer)
        }
        begin(
            .succeed(
                view.number,
                View(number: view.number + 1, members: members, incarnation: incarnation)))
    }

    /// Whether this primary may take another server in: it serves; or its log is whole and nothing
    /// but its state keeps it from serving, so that the other one can.
    private var mayAdmit: Bool {
        isServing
            || (isStateFailing && isQuiet && holdsLease && commitIndex >= primary.openingIndex)
    }

    /// Whether a backup has granted no lease, or left an update unanswered, for too long; or cannot
    /// be brought level as a member, because this log begins too late for it.
    private func isSilent(_ peer: Peer, in view: View) -> Bool {
        guard view.members.contains(where: { $0.name == peer.name }) else { return false }
        if peer.next == nil { return true }
        let limit = configuration.silenceTimeout
        let granted = max(peer.lastGranted ?? viewSince, viewSince)
        return now - granted > limit || peer.updateSince.map { now - $0 > limit } ?? false
    }
}
