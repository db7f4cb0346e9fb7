import MonotonicTime

// The administrator's commands, and the care for the register's voters.
extension Replica {
    /// How often the primary looks at the acceptors.
    var checkInterval: Instant.Span { configuration.heartbeatInterval * 25 }

    mutating func administer(_ ticket: Ticket, _ command: Command) {
        guard !configuration.acceptors.isEmpty else {
            return refuse(ticket, "the group has no view register")
        }
        guard self.command == nil else { return refuse(ticket, "another command is under way") }
        if command == .forceView, joining.isInstalling {
            return refuse(ticket, "a copy of another server's state is being installed")
        }
        if command != .forceView, role != .primary {
            return refuse(ticket, "\(knownPrimary?.text ?? "nobody") is the primary")
        }
        self.command = CommandUnderWay(
            ticket: ticket, command: command, deadline: now + configuration.leaseDuration * 6)
    }

    private mutating func refuse(_ ticket: Ticket, _ reason: String) {
        effects.append(.administered(ticket, .refused(reason)))
    }

    /// Goes on with the command, at a tick.
    mutating func pursueCommand() {
        guard let command else { return }
        guard now < command.deadline else {
            self.command = nil
            // What cannot be done is not pursued for ever: views must go on changing.
            if campaign?.view == nil { campaign = nil }
            if case .addAcceptor(let name) = command.command, !command.isStarted {
                return refuse(
                    command.ticket,
                    "\(name) has not answered in time: is it running, with this configuration?")
            }
            return refuse(command.ticket, "the view register has not answered in time")
        }
        guard !command.isStarted else { return }
        switch command.command {
        case .forceView:
            // Overrides whatever change is under way, which may be what is stuck.
            self.command?.isStarted = true
            begin(.force(member, incarnation, above: view?.number ?? 0))
        case .removeAcceptor(let name):
            guard campaign == nil else { return }
            self.command?.isStarted = true
            begin(.remove(name))
        case .addAcceptor(let name):
            look(at: [name])
        }
    }

    /// The register has decided a change: is it the command's?
    mutating func finishCommand(_ change: RegisterChange?, _ value: RegisterValue) {
        guard let command, command.isStarted, let change else { return }
        let isDone: Bool
        switch (command.command, change) {
        case (.forceView, .force):
            isDone = value.view.incarnation == incarnation && value.view.members == [member]
        case (.addAcceptor(let name), .add):
            isDone = value.acceptors.contains { $0.name == name }
        case (.removeAcceptor(let name), .remove):
            isDone = !value.acceptors.contains { $0.name == name }
        default: return
        }
        self.command = nil
        effects.append(
            .administered(
                command.ticket, isDone ? .done : .refused("the register has decided otherwise")))
    }

    /// Looks at the acceptors from time to time: one that lost its disk votes again only once its
    /// new identity is in the register.
    mutating func checkRegister() {
        if let replacement = registerCheck.replacement {
            registerCheck.replacement = nil
            effects.append(.note(.acceptorReplaced(replacement.name)))
            return begin(.replace(replacement))
        }
        guard now >= registerCheck.next else { return }
        registerCheck.next = now + checkInterval
        look(at: knownAcceptors)
    }

    private mutating func look(at names: [ServerName]) {
        for name in names {
            let id = RequestID(fresh())
            outstanding[id] = .registerCheck(to: name)
            effects.append(
                .request(
                    id, to: name, .register(.inspect), timeout: configuration.messageTimeout))
        }
    }

    /// An acceptor has said who it is.
    mutating func inspect(_ reply: RegisterReply) {
        let acceptor = reply.acceptor
        if case .inspected(let accepted) = reply.outcome { noteVoters(of: accepted) }
        if case .addAcceptor(let name)? = command?.command, name == acceptor.name,
            command?.isStarted == false, campaign == nil
        {
            command?.isStarted = true
            return begin(.add(acceptor))
        }
        let named = registerCheck.acceptors.first { $0.name == acceptor.name }
        guard let named, named != acceptor, role == .primary else { return }
        if let other = registerCheck.replacement, other.name != acceptor.name {
            registerCheck.foundMore = true
        } else {
            registerCheck.replacement = acceptor
        }
    }
}
