import MonotonicTime

extension WireWriter {
    mutating func write(_ name: ServerName) { write(name.text) }

    mutating func write(_ member: Member) {
        write(member.name)
        write(member.identity.bits)
    }

    mutating func write(_ view: View) {
        write(view.number)
        write(list: view.members) { $0.write($1) }
        write(view.incarnation.bits)
    }

    mutating func write(_ position: LogPosition) {
        write(position.index)
        write(position.view)
    }

    mutating func write(_ entry: Entry) {
        write(entry.position)
        write(list: entry.keys) { $0.write($1) }
        write(entry.payload)
    }

    mutating func write(_ span: Instant.Span) { write(UInt64(bitPattern: span.nanoseconds)) }

    mutating func write(_ ballot: Ballot) {
        write(ballot.round)
        write(ballot.proposer.bits)
    }

    mutating func write(_ accepted: AcceptedValue) {
        write(accepted.ballot)
        write(accepted.value.view)
        write(list: accepted.value.acceptors) { $0.write($1) }
    }
}

extension WireReader {
    mutating func name() throws(WireError) -> ServerName { ServerName(try text()) }

    mutating func member() throws(WireError) -> Member {
        Member(name: try name(), identity: StoreIdentity(try uint64()))
    }

    mutating func members() throws(WireError) -> [Member] {
        try list { (reader: inout WireReader) throws(WireError) in try reader.member() }
    }

    mutating func view() throws(WireError) -> View {
        let number = try ordinal()
        let members = try members()
        guard !members.isEmpty else { throw malformed() }
        return View(number: number, members: members, incarnation: Incarnation(try uint64()))
    }

    mutating func optionalView() throws(WireError) -> View? {
        try optional { (reader: inout WireReader) throws(WireError) in try reader.view() }
    }

    mutating func position() throws(WireError) -> LogPosition {
        LogPosition(index: try ordinal(), view: try ordinal())
    }

    mutating func entry() throws(WireError) -> Entry {
        let position = try position()
        let keys = try list { (reader: inout WireReader) throws(WireError) in
            try reader.uint64()
        }
        return Entry(
            index: position.index, view: position.view, keys: keys, payload: try byteArray())
    }

    /// Reads a span; one that is negative, or longer than a day, is none that a server grants.
    mutating func span() throws(WireError) -> Instant.Span {
        let nanoseconds = try uint64()
        guard nanoseconds <= 86_400_000_000_000 else { throw malformed() }
        return Instant.Span(nanoseconds: Int64(nanoseconds))
    }

    mutating func optionalSpan() throws(WireError) -> Instant.Span? {
        try optional { (reader: inout WireReader) throws(WireError) in try reader.span() }
    }

    mutating func ballot() throws(WireError) -> Ballot {
        Ballot(round: try ordinal(), proposer: Incarnation(try uint64()))
    }

    mutating func accepted() throws(WireError) -> AcceptedValue {
        AcceptedValue(
            ballot: try ballot(),
            value: RegisterValue(view: try view(), acceptors: try members()))
    }

    mutating func optionalAccepted() throws(WireError) -> AcceptedValue? {
        try optional { (reader: inout WireReader) throws(WireError) in try reader.accepted() }
    }
}

extension Entry {
    /// The entry as the log keeps it on disk.
    public func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.bytes.reserveCapacity(32 + keys.count * 8 + payload.count)
        writer.write(wireVersion)
        writer.write(self)
        return writer.bytes
    }

    /// Reads an entry as `encoded()` wrote it.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        try reader.version()
        self = try reader.entry()
        try reader.end()
    }
}

extension AcceptorState {
    /// The state as the acceptor keeps it on disk.
    public func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.write(wireVersion)
        writer.write(optional: promised) { $0.write($1) }
        writer.write(optional: accepted) { $0.write($1) }
        return writer.bytes
    }

    /// Reads a state as `encoded()` wrote it.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        try reader.version()
        let promised = try reader.optional { (reader: inout WireReader) throws(WireError) in
            try reader.ballot()
        }
        self.init(promised: promised, accepted: try reader.optionalAccepted())
        try reader.end()
    }
}

/// What a replica makes durable beside its log: the newest view it has acted in.
struct DurableState: Hashable, Sendable {
    var view: View?

    func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.write(wireVersion)
        writer.write(optional: view) { $0.write($1) }
        return writer.bytes
    }

    init(view: View?) { self.view = view }

    init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        try reader.version()
        view = try reader.optionalView()
        try reader.end()
    }
}
