import MonotonicTime

/// A change of the register that this replica pursues, attempt after attempt, until the register
/// has decided on it or on something else.
struct Campaign: Sendable {
    /// What is to change.
    var change: RegisterChange
    /// The number of the attempt under way, for telling its answers from earlier ones.
    var attempt: UInt64 = 0
    /// The attempt under way.
    var proposer: Proposer?
    /// When the attempt is given up, or the next one begins.
    var deadline: Instant
    /// The ballot of a value that is known to be decided: voters change only on top of one.
    var settled: Ballot?
    /// The attempts so far that were overtaken; the pauses between them grow.
    var setbacks = 0

    /// The view that is proposed, where one is.
    var view: View? {
        switch change {
        case .initial(let view), .succeed(_, let view): view
        case .force, .replace, .add, .remove: nil
        }
    }
}

/// The administrator's command that waits for the register.
struct CommandUnderWay: Sendable {
    var ticket: Ticket
    var command: Command
    var deadline: Instant
    /// Whether the register was asked for it.
    var isStarted = false
}

/// The primary's look at the acceptors from time to time: has one come back with an empty disk?
struct RegisterCheck: Sendable {
    var next: Instant
    /// The voters that the register named when it was read or written last.
    var acceptors: [Member] = []
    /// An acceptor whose identity is not the one the register names.
    var replacement: Member?
    /// Whether there were others at the last look: the register changes by one voter at a time.
    var foundMore = false

    /// Until when this replica, which is no voter any more, does not try again to take over.
    var removedUntil = Instant(nanoseconds: 0)

    init(at now: Instant) { next = now }
}

extension Replica {
    /// Begins to pursue a change of the register.
    mutating func begin(_ change: RegisterChange) {
        campaign = Campaign(change: change, deadline: now)
        if let view = campaign?.view { effects.append(.note(.proposing(view))) }
        attempt()
    }

    /// Makes the next attempt, with a ballot of its own.
    mutating func attempt() {
        guard var campaign else { return }
        if !breaks(.ballotReused) || lastRound == 0 { lastRound += 1 }
        let ballot = Ballot(
            round: lastRound, proposer: breaks(.ballotReused) ? Incarnation(7) : incarnation)
        campaign.attempt = fresh()
        var proposer = Proposer(
            ballot: ballot, change: campaign.change, configured: configuration.acceptors,
            settled: campaign.settled)
        proposer.countsAnyIdentity = breaks(.emptyAcceptorVotes)
        proposer.minorityDecides = breaks(.minorityDecides)
        campaign.proposer = proposer
        campaign.deadline = now + configuration.messageTimeout
        self.campaign = campaign
        // The voters may have changed since the configuration was read.
        let added = registerCheck.acceptors.map(\.name).filter {
            !configuration.acceptors.contains($0)
        }
        ask(configuration.acceptors + added, .prepare(ballot))
    }

    private mutating func ask(_ names: [ServerName], _ request: RegisterRequest) {
        guard let campaign else { return }
        for name in names {
            let id = RequestID(fresh())
            outstanding[id] = .register(attempt: campaign.attempt, to: name)
            effects.append(
                .request(
                    id, to: name, .register(request), timeout: configuration.messageTimeout))
        }
    }

    /// An acceptor has answered.
    mutating func receive(_ reply: RegisterReply, from name: ServerName, attempt: UInt64) {
        guard var campaign, campaign.attempt == attempt, var proposer = campaign.proposer else {
            return
        }
        let step = proposer.receive(reply, from: name)
        campaign.proposer = proposer
        self.campaign = campaign
        switch step {
        case .wait: break
        case .accept(let proposal, let names): ask(names, .accept(proposal))
        case .settled(let ballot):
            self.campaign?.settled = ballot
            self.attempt()
        case .decided(let value): conclude(value)
        case .overtaken(let ballot): retreat(below: ballot)
        case .empty:
            effects.append(.note(.registerLost))
            retreat(below: proposer.ballot)
        }
    }

    /// Waits a little, a random time, so that two proposers do not overtake each other for ever.
    private mutating func retreat(below ballot: Ballot) {
        lastRound = max(lastRound, ballot.round)
        guard var campaign else { return }
        campaign.proposer = nil
        campaign.attempt = 0
        campaign.setbacks += 1
        let most = configuration.heartbeatInterval.nanoseconds * Int64(min(campaign.setbacks, 4))
        campaign.deadline =
            now
            + Instant.Span(nanoseconds: Int64.random(in: most / 8...most / 2, using: &random))
        self.campaign = campaign
    }

    /// The register has decided: on the change, or on something else.
    private mutating func conclude(_ value: RegisterValue) {
        let change = campaign?.change
        campaign = nil
        registerCheck.acceptors = value.acceptors
        registerCheck.replacement = nil
        if registerCheck.foundMore { registerCheck.next = now }
        registerCheck.foundMore = false
        let names = value.acceptors.map(\.name)
        if Set(names) != Set(configuration.acceptors) {
            effects.append(.note(.foreignAcceptors(names)))
        }
        if case .succeed(let number, _)? = change, value.view.number == number {
            registerCheck.removedUntil = now + checkInterval
        }
        learn(value.view)
        finishCommand(change, value)
    }

    /// Goes on with the change under way, at a tick.
    mutating func pursueCampaign() {
        guard let campaign, now >= campaign.deadline else { return }
        if campaign.proposer == nil {
            attempt()
        } else {
            // Answers were lost: the attempt's ballot is spent.
            retreat(below: campaign.proposer?.ballot ?? Ballot(round: 0, proposer: incarnation))
        }
    }
}
