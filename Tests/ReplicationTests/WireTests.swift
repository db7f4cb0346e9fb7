import MonotonicTime
import Replication
import Testing

private let member = Member(name: "catalogServer1", identity: StoreIdentity(.max))
private let view = View(
    number: 3, members: [member, Member(name: "catalogServer2", identity: StoreIdentity(2))],
    incarnation: Incarnation(77))
private let entry = Entry(index: 8, view: 3, keys: [1, .max], payload: [0, 1, 255])
private let ballot = Ballot(round: 4, proposer: Incarnation(5))
private let accepted = AcceptedValue(
    ballot: ballot, value: RegisterValue(view: view, acceptors: [member]))

private let messages: [Message] = [
    .update(
        Update(
            view: view, previous: LogPosition(index: 7, view: 2), entries: [entry], commitIndex: 6)),
    .updated(UpdateReply(sender: member, view: view, outcome: .durable(through: 8))),
    .updated(
        UpdateReply(
            sender: member, view: nil,
            outcome: .mismatch(committed: LogPosition(index: 5, view: 1)))),
    .updated(UpdateReply(sender: member, view: view, outcome: .busy)),
    .heartbeat(
        Heartbeat(
            sender: member, incarnation: Incarnation(1), view: view, asksForLease: true,
            committed: .origin, lastIndex: 9)),
    .heartbeatReply(
        HeartbeatReply(
            sender: member, view: view, lease: .milliseconds(800), guidance: .fetchSnapshot)),
    .frontEndHeartbeat(
        FrontEndHeartbeat(
            sender: "frontEndServer1", incarnation: Incarnation(4), view: 3, asksForLease: true)),
    .frontEndReply(FrontEndReply(sender: member, view: view, lease: nil, serves: true)),
    .register(.prepare(ballot)), .register(.accept(accepted)), .register(.inspect),
    .registerReply(
        RegisterReply(acceptor: member, outcome: .promised(ballot, accepted: accepted))),
    .registerReply(RegisterReply(acceptor: member, outcome: .rejected(promised: ballot))),
    .registerReply(RegisterReply(acceptor: member, outcome: .inspected(nil))),
]

@Suite struct WireTests {
    @Test("A message is read as it was written", arguments: messages)
    func roundTrip(message: Message) throws {
        #expect(try Message(decoding: message.encoded()) == message)
    }

    @Test("A message that ends early is refused, wherever it ends", arguments: messages)
    func truncated(message: Message) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try Message(decoding: Array(bytes.prefix(count))) }
        }
    }

    @Test("A message with bytes behind its end is refused", arguments: messages)
    func trailing(message: Message) {
        #expect(throws: WireError.trailingBytes) { try Message(decoding: message.encoded() + [0]) }
    }

    @Test(
        "A message with any byte changed is read or refused, and never stops the server",
        arguments: messages)
    func hostile(message: Message) {
        let bytes = message.encoded()
        for place in bytes.indices {
            for value in [0, 1, 127, 128, 255] as [UInt8] {
                var changed = bytes
                changed[place] = value
                _ = try? Message(decoding: changed)
            }
        }
    }

    @Test(
        "A number that no store ever comes to is refused: it would stay", arguments: [62, 63, 64])
    func ordinals(_ bits: Int) {
        let number = bits == 64 ? UInt64.max : 1 << UInt64(bits)
        let expected = number > 1 << 62
        func isRefused(_ message: Message) -> Bool {
            (try? Message(decoding: message.encoded())) == nil
        }
        var far = view
        far.number = number
        let position = LogPosition(index: 7, view: 2)
        #expect(
            isRefused(.updated(UpdateReply(sender: member, view: far, outcome: .busy))) == expected)
        #expect(
            isRefused(.register(.prepare(Ballot(round: number, proposer: Incarnation(1)))))
                == expected)
        #expect(
            isRefused(
                .update(
                    Update(view: view, previous: position, entries: [], commitIndex: number)))
                == expected)
        #expect(
            isRefused(
                .update(
                    Update(
                        view: view, previous: LogPosition(index: number, view: 1), entries: [],
                        commitIndex: 1))) == expected)
    }

    @Test("Another version of the format is refused")
    func version() {
        #expect(throws: WireError.unknownVersion(9)) { try Message(decoding: [9, 1]) }
    }

    @Test("An entry and an acceptor's state are read as they were written")
    func stored() throws {
        #expect(try Entry(decoding: entry.encoded()) == entry)
        let state = AcceptorState(promised: ballot, accepted: accepted)
        #expect(try AcceptorState(decoding: state.encoded()) == state)
        #expect(try AcceptorState(decoding: AcceptorState().encoded()) == AcceptorState())
    }
}
