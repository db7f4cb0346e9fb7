/// Votes in the view registers, on a real disk: every kind of server has them.
///
/// ``AcceptorHost`` makes each promise durable before it is answered; ``Envelope`` is how the
/// messages of `Replication` travel in HTTP bodies.
public enum RegisterHost {
    /// The groups that have a view register, by the name that their messages bear.
    public static let groups = ["catalog", "orders"]
}
