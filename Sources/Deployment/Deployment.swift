/// What stands around the servers of one machine: nginx's configuration, and the supervisor behind
/// `pygmy up`.
///
/// Begin with `Site`: the part of a cluster that is on this machine. `NginxConfiguration` makes
/// nginx's configuration of it, as one text or as the files of `nginx/`; `Supervisor` is the pure
/// state machine that decides what to start, restart and stop; `ClusterRunner` does what it says.
public enum Deployment {}
