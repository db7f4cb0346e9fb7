import MonotonicTime

/// What a server that joins has: the attempt to get a snapshot.
///
/// Every attempt has a number of its own, so that a late snapshot of an earlier one does nothing.
struct JoiningState: Sendable {
    var attempt: UInt64 = 0
    var isFetching = false
    var isInstalling = false
}

// How a server outside the view gets level, and how the primary takes it in.
extension Replica {
    /// A server outside the view has said that it knows the view: brings it level.
    mutating func admit(_ index: Int) {
        guard let view, isViewDurable, peers[index].next == nil,
            !view.members.contains(where: { $0.name == peers[index].name })
        else { return }
        let committed = peers[index].committed
        // One that was asked to fetch a snapshot, or has diverged, is told so until it has changed.
        if peers[index].isolatedAt == committed { return }
        if committed.index > log.lastIndex {
            peers[index].guidance = .diverged
        } else if let known = log.view(at: committed.index), known != committed.view {
            peers[index].guidance = .diverged
        } else if log.holds(committed.index) || log.view(at: committed.index) != nil {
            peers[index].guidance = .none
            peers[index].next = committed.index + 1
            effects.append(.note(.joining(peers[index].name)))
        } else {
            peers[index].guidance = .fetchSnapshot
        }
    }

    /// A server that is level: it has all that is committed, lacks little else, and has granted
    /// this primary a lease, without which it could not go on serving.
    func newcomer(to view: View) -> Member? {
        for peer in peers {
            guard let member = peer.member, let match = peer.match,
                isNearlyLevel(peer, in: view) || breaks(.newcomerNotLevel),
                match >= commitIndex || breaks(.newcomerNotLevel),
                !view.members.contains(where: { $0.name == peer.name })
            else { continue }
            return member
        }
        return nil
    }

    private func isNearlyLevel(_ peer: Peer, in view: View) -> Bool {
        guard peer.viewNumber == view.number, let match = peer.match,
            !view.members.contains(where: { $0.name == peer.name }),
            let lease = peer.leaseUntil, lease > now + configuration.leaseDuration * 0.25
        else { return false }
        return log.lastIndex - match <= UInt64(configuration.maximumUpdateEntries)
    }

    /// Holds commits back for a server that lacks little: under load it would otherwise always be
    /// one batch behind, and never level. For a short time only, and not again at once.
    mutating func pursueAdmission(to view: View) {
        if let admission = primary.admission {
            guard now >= admission.deadline else { return }
            primary.admission = nil
            primary.admissionAfter = now + configuration.leaseDuration * 2
        }
        guard now >= primary.admissionAfter,
            let peer = peers.first(where: { isNearlyLevel($0, in: view) })
        else { return }
        primary.admission = Admission(
            name: peer.name, deadline: now + configuration.silenceTimeout * 0.5)
    }

    /// Stops sending to servers outside the view that do not answer; their next heartbeat begins
    /// anew.
    mutating func pursueJoining() {
        guard role == .primary, let view else { return }
        for index in peers.indices
        where !view.members.contains(where: { $0.name == peers[index].name }) {
            if let since = peers[index].updateSince,
                now - since > configuration.silenceTimeout * 2
            {
                peers[index].forgetReplication()
            }
        }
    }

    /// Does what the primary says about getting level.
    mutating func follow(_ guidance: HeartbeatReply.Guidance, of name: ServerName) {
        switch guidance {
        case .none: break
        case .diverged: diverge()
        case .fetchSnapshot:
            guard !joining.isFetching, !joining.isInstalling, !isDiverged else { return }
            joining.attempt += 1
            joining.isFetching = true
            effects.append(.fetchSnapshot(attempt: joining.attempt, from: name))
        }
    }

    /// This replica's committed log is not a part of the primary's.
    mutating func diverge() {
        guard !isDiverged else { return }
        isDiverged = true
        effects.append(.note(.diverged))
    }

    mutating func snapshotFetched(attempt: UInt64, _ position: LogPosition) {
        guard mayInstall(attempt: attempt, position) else {
            if attempt == joining.attempt { joining.isFetching = false }
            return effects.append(.discardSnapshot(attempt: attempt))
        }
        joining.isFetching = false
        joining.isInstalling = true
        effects.append(.installSnapshot(attempt: attempt, position))
    }

    /// Whether a snapshot may become the state: it must not cut off what this replica has answered
    /// in this view, for the primary may have proposed it as a member because of that.
    private func mayInstall(attempt: UInt64, _ position: LogPosition) -> Bool {
        // An entry that is being applied would be applied to the snapshot.
        guard append == nil, appliedThrough == log.appliedIndex, role == .joining,
            !joining.isInstalling, position.index > commitIndex,
            // What an administrator makes of this replica begins with the log that it has.
            command == nil, campaign == nil
        else { return false }
        if breaks(.lateSnapshotInstalled) { return true }
        return attempt == joining.attempt && joining.isFetching
            && position.index >= backup.acknowledged
    }

    mutating func snapshotFailed(attempt: UInt64) {
        guard attempt == joining.attempt else { return }
        joining.isFetching = false
        joining.isInstalling = false
    }

    mutating func snapshotInstalled(attempt: UInt64, _ position: LogPosition) {
        guard joining.isInstalling else { return }
        joining.isInstalling = false
        log.reset(to: position)
        durableIndex = position.index
        commitIndex = position.index
        appliedThrough = position.index
        applyingSince = nil
        cutFrom = nil
        // It was a write like any other, and there may be none to follow it for long.
        noteDiskWritten()
    }
}
