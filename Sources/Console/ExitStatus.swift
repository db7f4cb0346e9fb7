public import ArgumentParser

/// Exit statuses of sysexits.h that the programs use.
public enum ExitStatus {
    /// EX_DATAERR: files are damaged.
    public static let damagedFiles: Int32 = 65
    /// EX_UNAVAILABLE: something that the server needs is not to be had.
    public static let unavailable: Int32 = 69
    /// EX_IOERR: files that are in order can no longer be written.
    public static let inputOutput: Int32 = 74
    /// EX_TEMPFAIL: another process uses the data directory.
    public static let inUse: Int32 = 75
    /// EX_CONFIG: the configuration is wrong.
    public static let configuration: Int32 = 78
}

extension ExitCode {
    /// ``ExitStatus/damagedFiles``.
    public static let damagedFiles = ExitCode(ExitStatus.damagedFiles)
    /// ``ExitStatus/unavailable``.
    public static let unavailable = ExitCode(ExitStatus.unavailable)
    /// ``ExitStatus/inputOutput``.
    public static let inputOutput = ExitCode(ExitStatus.inputOutput)
    /// ``ExitStatus/configuration``.
    public static let configuration = ExitCode(ExitStatus.configuration)
}
