public import ArgumentParser

/// Exit statuses of sysexits.h that the programs use.
extension ExitCode {
    /// EX_DATAERR: what was given is damaged.
    public static let dataError = ExitCode(65)
    /// EX_UNAVAILABLE: a service is not there.
    public static let unavailable = ExitCode(69)
    /// EX_CONFIG: the configuration is wrong.
    public static let configuration = ExitCode(78)
}
