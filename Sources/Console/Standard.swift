internal import Glibc
internal import Synchronization

/// The two streams that a person sees, written without buffers, so that nothing is late or lost
/// when the program ends.
public enum Standard {
    /// Writes a line to standard output. Any thread.
    public static func output(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error. Any thread.
    public static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Writes text as it is. Any thread.
    public static func write(_ text: String, to descriptor: Int32) {
        write(bytes: Array(text.utf8), to: descriptor)
    }

    /// What kept standard output from being written, as a number of errno; 0 for nothing.
    private static let fault = Atomic<Int32>(0)

    /// Writes bytes as they are, all of them. Any thread.
    ///
    /// A reader that went away (`pygmy nginx | head`) or a terminal that was closed is no fault;
    /// another failure of standard output is kept for `finish`.
    public static func write(bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // EIO is a terminal that was closed.
                if descriptor == STDOUT_FILENO, errno != EPIPE, errno != EIO {
                    fault.store(errno, ordering: .relaxed)
                }
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends a program that has printed what it was to print: with status 74 (EX_IOERR) and a clear
    /// error where a part of that is missing, as on a full disk. Returns where nothing is.
    /// - Parameter program: whose name the error bears.
    public static func finish(_ program: String) {
        let fault = fault.load(ordering: .relaxed)
        guard fault != 0 else { return }
        error("\(program): standard output cannot be written: \(String(cString: strerror(fault)))")
        exit(EX_IOERR)
    }
}
