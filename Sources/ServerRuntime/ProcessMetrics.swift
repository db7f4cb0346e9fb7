internal import API
internal import Glibc

/// What the system says of this process, under the names that Prometheus's own clients use.
enum ProcessMetrics {
    static func register(in metrics: MetricsRegistry) {
        metrics.gauge(
            "pygmy_build_info", help: "1; the label says which version this is.",
            labels: "version=\"\(API.version)\""
        ) { 1 }
        metrics.counters(
            "process_cpu_seconds_total", help: "CPU time of this process, user and system."
        ) {
            var usage = rusage()
            guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return [] }
            return [("", seconds(usage.ru_utime) + seconds(usage.ru_stime))]
        }
        metrics.gauge(
            "process_resident_memory_bytes", help: "Memory of this process that is in RAM."
        ) { Double(pages(1) * sysconf(Int32(_SC_PAGESIZE))) }
        metrics.gauge(
            "process_virtual_memory_bytes", help: "Memory of this process, used or only reserved."
        ) { Double(pages(0) * sysconf(Int32(_SC_PAGESIZE))) }
        metrics.gauge("process_open_fds", help: "Open file descriptors.") {
            Double(openDescriptors())
        }
        metrics.gauge("process_max_fds", help: "File descriptors that may be open.") {
            var limit = rlimit()
            return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
                ? Double(limit.rlim_cur) : 0
        }
        let start = Double(WallClock.milliseconds()) / 1000
        metrics.gauge(
            "process_start_time_seconds", help: "When the process started, from 1970, UTC."
        ) { start }
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// One of the numbers in `/proc/self/statm`; 0 where it cannot be read.
    private static func pages(_ index: Int) -> Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        let fields = bytes[..<max(0, count)].split(separator: UInt8(ascii: " "))
        return index < fields.count ? Int(String(decoding: fields[index], as: UTF8.self)) ?? 0 : 0
    }

    /// Counts the entries of `/proc/self/fd`, less the one that reading it opens.
    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = -1
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(0, count)
    }
}
