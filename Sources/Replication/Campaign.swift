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
    /// The voters that the newest value names which was read or written.
    var acceptors: [Member] = []
    /// The ballot of that value.
    var ballot: Ballot?
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
            asking: knownAcceptors, settled: campaign.settled)
        proposer.countsAnyIdentity = breaks(.emptyAcceptorVotes)
        proposer.minorityDecides = breaks(.minorityDecides)
        campaign.proposer = proposer
        campaign.deadline = now + configuration.messageTimeout
        self.campaign = campaign
        ask(knownAcceptors, .prepare(ballot))
    }

    /// The acceptors of the configuration, and those that have become voters since it was written.
    var knownAcceptors: [ServerName] {
        configuration.acceptors
            + registerCheck.acceptors.map(\.name).filter { !configuration.acceptors.contains($0) }
    }

    /// Takes note of the voters that a value names which an acceptor has accepted. It need not be
    /// decided: who votes is read anew by every attempt, and this is whom to ask.
    mutating func noteVoters(of accepted: AcceptedValue?) {
        guard let accepted, registerCheck.ballot.map({ $0 < accepted.ballot }) ?? true else {
            return
        }
        registerCheck.ballot = accepted.ballot
        registerCheck.acceptors = accepted.value.acceptors
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
        if case .promised(_, let accepted) = reply.outcome { noteVoters(of: accepted) }
        switch step {
        case .wait: break
        case .prepare(let names): ask(names, .prepare(proposer.ballot))
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
        registerCheck.ballot = campaign?.proposer?.ballot
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
