internal import Console
internal import Durability
internal import Replication
public import ServerRuntime

extension StartFailure {
    /// Why a server with a data directory does not start, and the exit status for it.
    public init(_ error: any Error) {
        switch error {
        case let failure as StartFailure: self = failure
        case let error as StorageError:
            self.init("\(error)", exitStatus: Self.exitStatus(of: error))
        case let error as WireError:
            self.init(
                "the replica's state is damaged (\(error)): move the data directory away, and the "
                    + "server fetches everything from the other replica",
                exitStatus: ExitStatus.damagedFiles)
        default: self.init("\(error)", exitStatus: ExitStatus.unavailable)
        }
    }

    private static func exitStatus(of error: StorageError) -> Int32 {
        switch error {
        case .damaged, .later: ExitStatus.damagedFiles
        case .inUse: ExitStatus.inUse
        case .foreign: ExitStatus.configuration
        case .diskFull, .readOnly, .other: ExitStatus.unavailable
        }
    }
}
