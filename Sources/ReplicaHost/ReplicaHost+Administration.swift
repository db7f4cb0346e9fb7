internal import API
internal import FastCGI
internal import Logging
internal import Replication
internal import ServerRuntime
internal import Synchronization

/// The operator's commands: `POST /force-view`, `POST /members/{name}`, `DELETE /members/{name}`.
extension ReplicaHost {
    /// Has the engine carry out a command, and answers when it has.
    func administer(_ command: Command, _ responder: Responder) {
        let number = nextNumber.add(1, ordering: .relaxed).oldValue
        commands.withLock { $0[number] = responder }
        logger.warning("\(group): an operator's command: \(command)")
        step(.administer(Ticket(number), command))
    }

    func administered(_ ticket: Ticket, _ outcome: CommandOutcome) {
        guard let responder = commands.withLock({ $0.removeValue(forKey: ticket.number) }) else {
            return
        }
        switch outcome {
        case .done:
            var text = JSONText(reservingCapacity: 1024)
            writeStatus(&text)
            responder.send(json: text.bytes)
        case .refused(let reason): responder.send(.refusedCommand(reason))
        }
    }

    /// The server that a membership command names. One that this server's configuration does not
    /// know yet comes with its address, and is reached there from now on: voters change before the
    /// configuration does.
    func namedServer(
        _ segment: String, _ request: InternalRequest
    ) throws(Problem) -> ServerName {
        guard let id = ServerID(parsing: segment) else {
            throw .malformedRequest("\"\(segment.prefix(40))\" is no server's name")
        }
        let name = ServerName(id.name)
        if environment.configuration[id] == nil, request.method == .post {
            guard let text = request.query.first(where: { $0.name == "address" })?.value,
                let address = try? Address(parsing: text)
            else {
                throw .malformedRequest(
                    "\(id) is no server of the configuration, and no ?address= says where it is")
            }
            learn(address.description, of: name)
        }
        return name
    }
}
