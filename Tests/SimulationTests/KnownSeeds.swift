/// Seeds that somebody has looked at.
enum KnownSeeds {
    /// The digest of a run of seed 11, on any machine, until the engine or the simulation changes:
    /// then run `simulator --seed 11 --quiet` and write down the new one.
    static let digestOf11 = "5fb96731dfd03fbd"

    /// Seeds that once failed, under the engine and the simulation of their day; the transcripts
    /// `13-full-disk`, `15-deaf-primary` and `16-deaf-front-end` and `SnapshotTests` keep what some
    /// of them showed.
    ///
    /// - 549: a late heartbeat of a data directory that is gone made the primary forget its backup.
    /// - 69: a primary with a full disk dropped its healthy backup instead of giving way.
    /// - 1279, 2079: a primary that was heard, and heard nobody, was granted its lease for ever.
    /// - 12189: a front end that was heard, and heard nobody, held every commit up.
    /// - 11857: clients outran a group that was made to log one operation at a time.
    /// - 40721, 4150: where two servers fail, order servers found the new primary late.
    /// - 365: a server that lagged got no more entries at a time than a batch may have.
    /// - 20415, 23407, 33406, 45165, 57540: a full disk's log was written beside a snapshot that
    ///   was being installed, and lay on top of it.
    /// - 48726: voters were proposed of whom no majority was left.
    static let mended: [UInt64] = [
        69, 365, 549, 1279, 2079, 4150, 11857, 12189, 20415, 23407, 33406, 40721, 45165, 48726,
        57540,
    ]

    /// For each mutation a seed that catches it soon.
    static let catches: [(String, UInt64)] = [
        ("acknowledgeBeforeDurable", 0),
        ("commitWithoutBackups", 0),
        ("serveBeforeQuiet", 105),
        ("serveBeforeTailCommitted", 405),
        ("leaseCountedFromAnswer", 43),
        ("noDriftMargin", 1209),
        ("serveWithoutLease", 11),
        ("backupServesUncommitted", 0),
        ("backupServesWithoutLease", 15),
        ("restartForgetsGrant", 46),
        ("cacheLeaseOutlivesPrimary", 25),
        ("ballotReused", 3),
        ("emptyAcceptorVotes", 29),
        ("minorityDecides", 7),
        ("lateSnapshotInstalled", 1023),
        ("oldViewAccepted", 14),
        ("viewNotDurable", 2),
        ("invalidateBeforeReadLease", 20),
        ("restartKeepsView", 2),
        ("newcomerLogLeftOut", 6),
        ("newcomerNotLevel", 10),
        ("leaseRenewedWhileUnanswered", 1354),
        ("leaseKeptUnreached", 1402),
        ("leaseKeptWithoutState", 474),
        ("silentFrontEndNotAwaited", 136),
        ("invalidationLeftOut", 0),
        ("uncommittedReadsCached", 0),
        ("commitBeyondMatch", 831),
        ("conflictKept", 14),
        ("fillStoredAfterInvalidation", 11),
        ("fillStoredAcrossLeases", 380),
        ("cacheKeptOverLapsedLease", 75),
        ("cacheKeptAcrossViews", 11),
        ("cacheLeaseCountedFromAnswer", 27),
        ("uncommittedAnswerStored", 0),
        ("promiseNotDurable", 2),
        ("keysNotReplicated", 0),
    ]
}
