/// The rules of the protocol that the simulator can leave out, one at a time.
///
/// Each must make a judge of the simulator speak up. In a server none is ever set. Rules that
/// another rule covers, so that nobody could see them left out, are none of these:
/// `docs/protocol.md` names them.
package enum Mutation: String, CaseIterable, Sendable {
    /// A backup answers an update before it is durable.
    case acknowledgeBeforeDurable
    /// The primary commits what its backups may not have.
    case commitWithoutBackups
    /// A new primary serves and commits while its predecessor's leases may run.
    case serveBeforeQuiet
    /// A new primary serves before the tail of its log is committed.
    case serveBeforeTailCommitted
    /// A lease is counted from its answer, not from its request.
    case leaseCountedFromAnswer
    /// The grantor counts a lease no longer than its holder does.
    case noDriftMargin
    /// A primary serves without its backups' leases.
    case serveWithoutLease
    /// A backup answers reads of a key that an uncommitted entry touches.
    case backupServesUncommitted
    /// A backup answers reads without a lease.
    case backupServesWithoutLease
    /// A backup that restarts forgets that it may have granted a lease.
    case restartForgetsGrant
    /// A cache lease may outlive the lease of the primary that grants it.
    case cacheLeaseOutlivesPrimary
    /// The register's proposer uses a ballot for a second attempt.
    case ballotReused
    /// Acceptors vote whatever their data directory's identity.
    case emptyAcceptorVotes
    /// A view counts as decided when one acceptor has accepted it.
    case minorityDecides
    /// A snapshot of an earlier attempt, or one that would cut off what was answered, is installed.
    case lateSnapshotInstalled
    /// A replica accepts updates of a view that is over.
    case oldViewAccepted
    /// A view is acted in, and not made durable.
    case viewNotDurable
    /// Front ends are told to invalidate before the last read lease of a dropped backup is out.
    case invalidateBeforeReadLease
    /// A primary that restarts goes on in its old view.
    case restartKeepsView
    /// The primary commits without the newcomer that it proposes.
    case newcomerLogLeftOut
    /// A newcomer is proposed before it is level.
    case newcomerNotLevel
    /// A lease is renewed to a server that leaves an update or an invalidation unanswered.
    case leaseRenewedWhileUnanswered
    /// A primary that no request reaches goes on asking for its lease.
    case leaseKeptUnreached
    /// A primary that cannot apply what is committed goes on asking for its lease.
    case leaseKeptWithoutState
    /// The primary does not wait for a silent front end's lease.
    case silentFrontEndNotAwaited
    /// Nothing is invalidated.
    case invalidationLeftOut
    /// A read of a key with an uncommitted entry may be cached.
    case uncommittedReadsCached
    /// A backup commits what the primary names, whether its own log agrees or not.
    case commitBeyondMatch
    /// A backup does not cut its log where it differs.
    case conflictKept
}
