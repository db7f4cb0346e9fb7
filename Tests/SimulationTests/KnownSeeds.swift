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

    /// What the judge says of a history that no single copy of the store could have.
    private static let notLinearizable = "not linearizable"
    /// What it says where a member lacks what is committed.
    private static let notDurable = "does not have it on its disk"
    /// What it says where the register was decided twice.
    private static let twoViews = "two views have the number"
    /// What it says where one place of a log has two entries.
    private static let twoEntries = "was applied"
    /// What it says where a client waited for too long.
    private static let wait = " took "

    /// For each mutation a seed that catches it soon, and a part of what the judge says there: for a
    /// rule of safety what it is there to prevent, and not only that somebody waits.
    ///
    /// `restartKeepsView` is the exception: no schedule of 3,000 showed an index given twice, and
    /// what is seen is the view of the server's start before.
    static let catches: [(mutation: String, seed: UInt64, verdict: String)] = [
        ("acknowledgeBeforeDurable", 0, notDurable),
        ("commitWithoutBackups", 0, notDurable),
        ("serveBeforeQuiet", 105, notLinearizable),
        ("serveBeforeTailCommitted", 405, notLinearizable),
        ("leaseCountedFromAnswer", 43, notLinearizable),
        ("noDriftMargin", 1209, notLinearizable),
        ("serveWithoutLease", 11, notLinearizable),
        ("backupServesUncommitted", 0, "found nothing"),
        ("backupServesWithoutLease", 15, notLinearizable),
        ("restartForgetsGrant", 46, notLinearizable),
        ("cacheLeaseOutlivesPrimary", 25, notLinearizable),
        ("ballotReused", 6, twoViews),
        ("emptyAcceptorVotes", 29, twoViews),
        ("minorityDecides", 7, twoViews),
        ("lateSnapshotInstalled", 1023, notDurable),
        ("oldViewAccepted", 14, "its committed log is not the primary's"),
        ("viewNotDurable", 2989, twoEntries),
        ("invalidateBeforeReadLease", 20, notLinearizable),
        ("restartKeepsView", 2, "is still in view 1"),
        ("newcomerLogLeftOut", 6, notDurable),
        ("newcomerNotLevel", 10, notDurable),
        ("leaseRenewedWhileUnanswered", 1354, wait),
        ("leaseKeptUnreached", 1402, wait),
        ("leaseKeptWithoutState", 474, wait),
        ("silentFrontEndNotAwaited", 136, notLinearizable),
        ("invalidationLeftOut", 0, notLinearizable),
        ("uncommittedReadsCached", 0, notLinearizable),
        ("commitBeyondMatch", 4687, twoEntries),
        ("conflictKept", 14, twoEntries),
        ("fillStoredAfterInvalidation", 11, notLinearizable),
        ("fillStoredAcrossLeases", 380, notLinearizable),
        ("cacheKeptOverLapsedLease", 75, notLinearizable),
        ("cacheKeptAcrossViews", 11, notLinearizable),
        ("cacheLeaseCountedFromAnswer", 27, notLinearizable),
        ("uncommittedAnswerStored", 0, notLinearizable),
        ("promiseNotDurable", 2, "the register was lost"),
        ("keysNotReplicated", 0, "other sales than its log makes"),
    ]
}
