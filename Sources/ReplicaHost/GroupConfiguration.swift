public import API
internal import MonotonicTime
internal import RegisterHost
public import Replication
public import ServerRuntime

/// What `config.json` says of a group, as the engine takes it.
/// - Parameters:
///   - group: the group's name in messages: one of `RegisterHost.groups`.
///   - kind: the servers that are its replicas.
///   - environment: the server that asks; it is one of them.
public func groupConfiguration(
    _ group: String, _ kind: ServerKind, _ environment: ServerEnvironment
) -> Replication.Configuration {
    let configuration = environment.configuration
    let settings = configuration.settings
    func names(of kind: ServerKind) -> [ServerName] {
        configuration.servers(of: kind).map { ServerName($0.id.name) }
    }
    var result = Replication.Configuration(
        group: group, name: ServerName(environment.id.name), replicas: names(of: kind),
        acceptors: RegisterHost.acceptors(of: environment),
        lessees: kind == .catalog ? names(of: .frontEnd) : [])
    let lease = Instant.Span(settings.leaseDuration)
    result.heartbeatInterval = Instant.Span(settings.heartbeatInterval)
    result.leaseDuration = lease
    // A server that answers nothing for most of a lease is silent; a message that takes half of
    // one is lost, so that a second one has a chance before that.
    result.silenceTimeout = lease * 0.625
    result.messageTimeout = lease * 0.5
    // Views change less than once a second: so the time is ahead of all that were counted from an
    // earlier one.
    result.restoredView = UInt64(max(1, WallClock.milliseconds() / 1000))
    result.retainedEntries = UInt64(settings.logRetention)
    result.tailEntries = min(result.tailEntries, settings.logRetention)
    return result
}
