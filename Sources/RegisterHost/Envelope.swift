public import API
public import Replication

/// How a replication message travels in an HTTP body: who sends it, for which group, and the bytes.
///
/// The layout is: length of the sender's name (1 byte), the name, length of the group's name (1
/// byte), the name, the message as `Replication` encodes it. The answer's body is the message
/// alone.
public enum Envelope {
    /// The media type of requests and answers.
    public static let mediaType = "application/octet-stream"

    /// Puts a message in its envelope.
    public static func encode(sender: String, group: String, message: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count + sender.utf8.count + group.utf8.count + 2)
        for name in [sender, group] {
            bytes.append(UInt8(min(255, name.utf8.count)))
            bytes.append(contentsOf: name.utf8.prefix(255))
        }
        bytes.append(contentsOf: message)
        return bytes
    }

    /// Opens an envelope; nil where the bytes are none.
    public static func decode(
        _ bytes: [UInt8]
    ) -> (sender: String, group: String, message: [UInt8])? {
        var rest = bytes[...]
        var names: [String] = []
        for _ in 0..<2 {
            guard let count = rest.first, rest.count > Int(count) else { return nil }
            let name = rest.dropFirst().prefix(Int(count))
            guard let text = String(validating: name, as: UTF8.self) else { return nil }
            names.append(text)
            rest = rest.dropFirst(Int(count) + 1)
        }
        return (names[0], names[1], Array(rest))
    }

    /// Opens an envelope and reads the message in it.
    /// - Throws: 400 where the bytes are none.
    public static func message(
        of bytes: [UInt8]
    ) throws(Problem) -> (sender: ServerName, group: String, message: Message) {
        guard let (sender, group, encoded) = decode(bytes) else {
            throw .malformedRequest("The body is no envelope of a message")
        }
        do throws(WireError) {
            return (ServerName(sender), group, try Message(decoding: encoded))
        } catch {
            throw .malformedRequest("The body is no message: \(error)")
        }
    }
}
