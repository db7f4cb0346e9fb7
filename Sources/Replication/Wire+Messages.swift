import MonotonicTime

extension Message {
    /// The message as the body of a request or an answer.
    public func encoded() -> [UInt8] {
        var writer = WireWriter()
        if case .update(let update) = self {
            writer.bytes.reserveCapacity(
                update.entries.reduce(256) { $0 + $1.payload.count + $1.keys.count * 8 + 32 })
        }
        writer.write(wireVersion)
        switch self {
        case .update(let message):
            writer.write(UInt8(1))
            writer.write(message)
        case .updated(let message):
            writer.write(UInt8(2))
            writer.write(message)
        case .heartbeat(let message):
            writer.write(UInt8(3))
            writer.write(message)
        case .heartbeatReply(let message):
            writer.write(UInt8(4))
            writer.write(message)
        case .frontEndHeartbeat(let message):
            writer.write(UInt8(5))
            writer.write(message)
        case .frontEndReply(let message):
            writer.write(UInt8(6))
            writer.write(message)
        case .register(let message):
            writer.write(UInt8(7))
            writer.write(message)
        case .registerReply(let message):
            writer.write(UInt8(8))
            writer.write(message)
        }
        return writer.bytes
    }

    /// Reads a message as `encoded()` wrote it; bytes that are none throw, whatever they are.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        try reader.version()
        switch try reader.uint8() {
        case 1: self = .update(try reader.update())
        case 2: self = .updated(try reader.updateReply())
        case 3: self = .heartbeat(try reader.heartbeat())
        case 4: self = .heartbeatReply(try reader.heartbeatReply())
        case 5: self = .frontEndHeartbeat(try reader.frontEndHeartbeat())
        case 6: self = .frontEndReply(try reader.frontEndReply())
        case 7: self = .register(try reader.registerRequest())
        case 8: self = .registerReply(try reader.registerReply())
        default: throw .malformed(offset: 1)
        }
        try reader.end()
    }
}

extension WireWriter {
    fileprivate mutating func write(_ message: Update) {
        write(message.view)
        write(message.previous)
        write(list: message.entries) { $0.write($1) }
        write(message.commitIndex)
    }

    fileprivate mutating func write(_ message: UpdateReply) {
        write(message.sender)
        write(optional: message.view) { $0.write($1) }
        switch message.outcome {
        case .durable(let index):
            write(UInt8(1))
            write(index)
        case .mismatch(let committed):
            write(UInt8(2))
            write(committed)
        case .busy: write(UInt8(3))
        case .refused: write(UInt8(4))
        }
    }

    fileprivate mutating func write(_ message: Heartbeat) {
        write(message.sender)
        write(message.incarnation.bits)
        write(optional: message.view) { $0.write($1) }
        write(message.asksForLease)
        write(message.committed)
        write(message.lastIndex)
    }

    fileprivate mutating func write(_ message: HeartbeatReply) {
        write(message.sender)
        write(optional: message.view) { $0.write($1) }
        write(optional: message.lease) { $0.write($1) }
        write(message.guidance.rawValue)
    }

    fileprivate mutating func write(_ message: FrontEndHeartbeat) {
        write(message.sender)
        write(message.incarnation.bits)
        write(message.view)
        write(message.asksForLease)
    }

    fileprivate mutating func write(_ message: FrontEndReply) {
        write(message.sender)
        write(optional: message.view) { $0.write($1) }
        write(optional: message.lease) { $0.write($1) }
        write(message.serves)
    }

    fileprivate mutating func write(_ message: RegisterRequest) {
        switch message {
        case .prepare(let ballot):
            write(UInt8(1))
            write(ballot)
        case .accept(let value):
            write(UInt8(2))
            write(value)
        case .inspect: write(UInt8(3))
        }
    }

    fileprivate mutating func write(_ message: RegisterReply) {
        write(message.acceptor)
        switch message.outcome {
        case .promised(let ballot, let accepted):
            write(UInt8(1))
            write(ballot)
            write(optional: accepted) { $0.write($1) }
        case .accepted(let ballot):
            write(UInt8(2))
            write(ballot)
        case .rejected(let promised):
            write(UInt8(3))
            write(promised)
        case .inspected(let accepted):
            write(UInt8(4))
            write(optional: accepted) { $0.write($1) }
        }
    }
}

extension WireReader {
    fileprivate mutating func update() throws(WireError) -> Update {
        let view = try view()
        let previous = try position()
        let entries = try list { (reader: inout WireReader) throws(WireError) in
            try reader.entry()
        }
        var expected = previous.index
        for entry in entries {
            guard expected < .max, entry.index == expected + 1, entry.view <= view.number else {
                throw malformed()
            }
            expected += 1
        }
        return Update(
            view: view, previous: previous, entries: entries, commitIndex: try ordinal())
    }

    fileprivate mutating func updateReply() throws(WireError) -> UpdateReply {
        let sender = try member()
        let view = try optionalView()
        let outcome: UpdateReply.Outcome
        switch try uint8() {
        case 1: outcome = .durable(through: try ordinal())
        case 2: outcome = .mismatch(committed: try position())
        case 3: outcome = .busy
        case 4: outcome = .refused
        default: throw malformed()
        }
        return UpdateReply(sender: sender, view: view, outcome: outcome)
    }

    fileprivate mutating func heartbeat() throws(WireError) -> Heartbeat {
        Heartbeat(
            sender: try member(), incarnation: Incarnation(try uint64()),
            view: try optionalView(), asksForLease: try bool(), committed: try position(),
            lastIndex: try ordinal())
    }

    fileprivate mutating func heartbeatReply() throws(WireError) -> HeartbeatReply {
        let sender = try member()
        let view = try optionalView()
        let lease = try optionalSpan()
        guard let guidance = HeartbeatReply.Guidance(rawValue: try uint8()) else {
            throw malformed()
        }
        return HeartbeatReply(sender: sender, view: view, lease: lease, guidance: guidance)
    }

    fileprivate mutating func frontEndHeartbeat() throws(WireError) -> FrontEndHeartbeat {
        FrontEndHeartbeat(
            sender: try name(), incarnation: Incarnation(try uint64()), view: try ordinal(),
            asksForLease: try bool())
    }

    fileprivate mutating func frontEndReply() throws(WireError) -> FrontEndReply {
        FrontEndReply(
            sender: try member(), view: try optionalView(), lease: try optionalSpan(),
            serves: try bool())
    }

    fileprivate mutating func registerRequest() throws(WireError) -> RegisterRequest {
        switch try uint8() {
        case 1: return .prepare(try ballot())
        case 2: return .accept(try accepted())
        case 3: return .inspect
        default: throw malformed()
        }
    }

    fileprivate mutating func registerReply() throws(WireError) -> RegisterReply {
        let acceptor = try member()
        let outcome: RegisterReply.Outcome
        switch try uint8() {
        case 1: outcome = .promised(try ballot(), accepted: try optionalAccepted())
        case 2: outcome = .accepted(try ballot())
        case 3: outcome = .rejected(promised: try ballot())
        case 4: outcome = .inspected(try optionalAccepted())
        default: throw malformed()
        }
        return RegisterReply(acceptor: acceptor, outcome: outcome)
    }
}
