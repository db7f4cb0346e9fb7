/// What a proposer makes of the register's value.
enum RegisterChange: Hashable, Sendable {
    /// The first value, where every acceptor is empty.
    case initial(View)
    /// The next view, where the register still holds the one before.
    case succeed(ViewNumber, View)
    /// A view with this member alone, whatever the register holds, and above the newest number that
    /// the member knows.
    case force(Member, Incarnation, above: ViewNumber)
    /// The same view; an acceptor's new identity.
    case replace(Member)
    /// The same view; one acceptor more.
    case add(Member)
    /// The same view; one acceptor less.
    case remove(ServerName)

    /// The acceptor that it adds, which has just said who it is.
    var addition: [Member] {
        if case .add(let member) = self { [member] } else { [] }
    }

    /// Whether other acceptors vote after it.
    var changesVoters: Bool {
        switch self {
        case .initial, .succeed, .force: false
        case .replace, .add, .remove: true
        }
    }

    /// The new value, or the old one where the change does not apply to it.
    func applied(to value: RegisterValue) -> RegisterValue {
        var value = value
        switch self {
        case .initial: break
        case .succeed(let number, let view):
            if value.view.number == number { value.view = view }
        case .force(let member, let incarnation, let known):
            if value.view.incarnation != incarnation || value.view.members != [member]
                || value.view.number < known
            {
                value.view = View(
                    number: max(value.view.number, known) + 1, members: [member],
                    incarnation: incarnation)
            }
        case .replace(let member):
            if let index = value.acceptors.firstIndex(where: { $0.name == member.name }) {
                value.acceptors[index] = member
            }
        case .add(let member):
            if !value.acceptors.contains(where: { $0.name == member.name }) {
                value.acceptors.append(member)
            }
        case .remove(let name):
            if value.acceptors.count > 1 { value.acceptors.removeAll { $0.name == name } }
        }
        return value
    }
}

/// One attempt to write the view register: the proposer of CASPaxos (Rystsov 2018, section 2.1).
///
/// Every attempt has a ballot of its own. The value that it writes is the change applied to the
/// value read, or the value read itself, so that an attempt always ends with what the register
/// holds, unless it is overtaken. The voters are those that the value read names; their number
/// counts with the new value's too, so that a change of voters is seen by both.
struct Proposer: Sendable {
    /// What to do after a reply.
    enum Step: Sendable {
        case wait
        /// Ask these for their promises too: voters whom nobody knew of.
        case prepare([ServerName])
        /// Ask all of these to accept.
        case accept(AcceptedValue, from: [ServerName])
        /// The register holds this, decided.
        case decided(RegisterValue)
        /// What was read is decided, under this ballot: the change itself is the next attempt's.
        case settled(Ballot)
        /// Another proposer has a higher ballot.
        case overtaken(Ballot)
        /// All acceptors answer, and none holds anything, but the change is not the first value.
        case empty
    }

    let ballot: Ballot
    let change: RegisterChange
    /// The acceptors that the configuration names.
    let configured: [ServerName]
    /// The servers that were asked for their promises.
    private var asked: [ServerName]
    /// The ballot of a value that an attempt before this one has seen decided.
    let settled: Ballot?
    /// Whether this attempt writes what it read once more, so that it is decided.
    private var isSettling = false
    /// Mutations: whether any acceptor's promise counts; whether one vote is a majority.
    var countsAnyIdentity = false
    var minorityDecides = false

    private var promises: [(acceptor: Member, accepted: AcceptedValue?)] = []
    private var read: RegisterValue?
    private(set) var proposed: RegisterValue?
    private var votes: [Member] = []

    init(
        ballot: Ballot, change: RegisterChange, configured: [ServerName],
        asking asked: [ServerName]? = nil, settled: Ballot? = nil
    ) {
        self.asked = asked ?? configured
        self.settled = settled
        self.ballot = ballot
        self.change = change
        self.configured = configured
    }

    mutating func receive(_ reply: RegisterReply, from name: ServerName) -> Step {
        guard reply.acceptor.name == name else { return .wait }
        switch reply.outcome {
        case .promised(let promised, let accepted) where promised == ballot && proposed == nil:
            guard !promises.contains(where: { $0.acceptor.name == name }) else { return .wait }
            promises.append((reply.acceptor, accepted))
            return afterPromise()
        case .accepted(let accepted) where accepted == ballot && proposed != nil:
            if !votes.contains(where: { $0.name == name }) { votes.append(reply.acceptor) }
            return afterVote()
        case .rejected(let higher) where higher > ballot:
            return .overtaken(higher)
        default:
            return .wait
        }
    }

    private mutating func afterPromise() -> Step {
        let newest = promises.compactMap(\.accepted).max { $0.ballot < $1.ballot }
        guard let newest else {
            guard configured.allSatisfy({ name in promises.contains { $0.acceptor.name == name } })
            else { return .wait }
            guard case .initial(let view) = change else { return .empty }
            let voters = configured.compactMap { name in
                promises.first { $0.acceptor.name == name }?.acceptor
            }
            return propose(RegisterValue(view: view, acceptors: voters), over: nil)
        }
        guard isMajority(promises.map(\.acceptor), of: newest.value.acceptors) else {
            return promises(of: newest.value.acceptors)
        }
        // Voters change one at a time, so that majorities before and after always meet; what was
        // read may itself be a change of voters that was never decided, and two would be too many.
        if change.changesVoters, newest.ballot != settled {
            isSettling = true
            return propose(newest.value, over: newest.value)
        }
        let value =
            isTakeoverByRemoved(newest.value) ? newest.value : change.applied(to: newest.value)
        // Voters of whom no majority is there could never decide anything, nor be taken back once
        // one of them has accepted.
        guard isMajority(promises.map(\.acceptor) + change.addition, of: value.acceptors) else {
            return promises(of: value.acceptors)
        }
        return propose(value, over: newest.value)
    }

    /// Asks the voters that were not asked yet: they were added since this server's configuration
    /// was written, and their promises may be what the majority lacks.
    private mutating func promises(of voters: [Member]) -> Step {
        let unasked = voters.map(\.name).filter { !asked.contains($0) }
        guard !unasked.isEmpty else { return .wait }
        asked += unasked
        return .prepare(unasked)
    }

    /// Whether a server that was removed from the voters would become the primary: the others no
    /// longer have its address, and could not follow it.
    private func isTakeoverByRemoved(_ value: RegisterValue) -> Bool {
        guard case .succeed(_, let view) = change, view.primary.name != value.view.primary.name,
            configured.contains(view.primary.name)
        else { return false }
        return !value.acceptors.contains { $0.name == view.primary.name }
    }

    private mutating func propose(_ value: RegisterValue, over read: RegisterValue?) -> Step {
        self.read = read
        proposed = value
        var names = configured
        for acceptor in (read?.acceptors ?? []) + value.acceptors
        where !names.contains(acceptor.name) {
            names.append(acceptor.name)
        }
        return .accept(AcceptedValue(ballot: ballot, value: value), from: names)
    }

    private func afterVote() -> Step {
        guard let proposed else { return .wait }
        if minorityDecides { return .decided(proposed) }
        guard isMajority(votes, of: proposed.acceptors) else { return .wait }
        if let read, !isMajority(votes, of: read.acceptors) { return .wait }
        return isSettling ? .settled(ballot) : .decided(proposed)
    }

    private func isMajority(_ voters: [Member], of all: [Member]) -> Bool {
        let counted = all.filter { voter in
            countsAnyIdentity
                ? voters.contains { $0.name == voter.name } : voters.contains(voter)
        }
        return counted.count * 2 > all.count
    }
}
