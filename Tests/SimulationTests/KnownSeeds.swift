/// Seeds that somebody has looked at.
enum KnownSeeds {
    /// The digest of a run of seed 11, on any machine, until the engine or the simulation changes:
    /// then run `simulator --seed 11 --quiet` and write down the new one.
    static let digestOf11 = "ef1af9a1bd272063"

    /// Seeds that once failed, under the engine and the simulation of their day; the transcripts
    /// `13-full-disk`, `15-deaf-primary` and `16-deaf-front-end` keep what three of them showed.
    ///
    /// - 549: a late heartbeat of a data directory that is gone made the primary forget its backup.
    /// - 69: a primary with a full disk dropped its healthy backup instead of giving way.
    /// - 1279, 2079: a primary that was heard, and heard nobody, was granted its lease for ever.
    /// - 12189: a front end that was heard, and heard nobody, held every commit up.
    /// - 11857: clients outran a group that was made to log one operation at a time.
    /// - 40721: where two servers fail, order servers found the new primary late.
    /// - 365: a server that lagged got no more entries at a time than a batch may have.
    static let mended: [UInt64] = [69, 365, 549, 1279, 2079, 11857, 12189, 40721]

    /// For each mutation a seed that catches it soon.
    static let catches: [(String, UInt64)] = [
        ("acknowledgeBeforeDurable", 0),
        ("commitWithoutBackups", 0),
        ("serveBeforeTailCommitted", 205),
        ("serveWithoutLease", 120),
        ("backupServesUncommitted", 0),
        ("backupServesWithoutLease", 337),
        ("ballotReused", 5),
        ("minorityDecides", 169),
        ("restartKeepsView", 2),
        ("newcomerLogLeftOut", 6),
        ("newcomerNotLevel", 20),
        ("silentFrontEndNotAwaited", 48),
        ("invalidationLeftOut", 0),
        ("uncommittedReadsCached", 2),
        ("commitBeyondMatch", 1920),
        ("conflictKept", 15),
        ("fillStoredAfterInvalidation", 76),
        ("cacheKeptOverLapsedLease", 103),
        ("cacheKeptAcrossViews", 14),
        ("uncommittedAnswerStored", 0),
        ("promiseNotDurable", 5),
        ("keysNotReplicated", 0),
        ("viewNotDurable", 2),
        ("serveBeforeQuiet", 415),
        ("noDriftMargin", 559),
        ("restartForgetsGrant", 801),
        ("cacheLeaseOutlivesPrimary", 544),
        ("invalidateBeforeReadLease", 669),
        ("leaseRenewedWhileUnanswered", 1176),
    ]
}
