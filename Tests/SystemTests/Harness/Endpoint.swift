internal import Glibc

/// Where a client finds a store, or one of its servers.
struct Endpoint: Sendable {
    /// What people call it.
    var name: String
    var address = "127.0.0.1"
    var port: Int
    /// The network that the client is in; nil for that of the tests.
    var network: NetworkNamespace?
    /// What every request to it carries.
    var headers: [String: String] = [:]

    /// A TCP socket in the client's network; negative where there is none to be had.
    func makeSocket() throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard let network else { return socket(AF_INET, kind, 0) }
        return try network.inside { socket(AF_INET, kind, 0) }
    }
}
