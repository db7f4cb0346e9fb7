"""wrk, and what it reports."""

import re
import resource
import statistics
import subprocess
from dataclasses import dataclass, field

from .processes import cpu_seconds, resident_megabytes

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass
class Sample:
    """One run of wrk."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float  # milliseconds
    requests: int
    failures: int  # broken connections, and answers that are not 2xx or 3xx
    cpu: dict = field(default_factory=dict)  # CPU seconds per 1,000 requests, by part
    memory: dict = field(default_factory=dict)  # MB resident at the end, by part
    slowest: float = 0.0  # milliseconds


def wrk(url, clients, seconds, script=None, watched=None, arguments=None):
    """Loads a URL from so many connections. `watched` names processes whose CPU time is taken."""
    watched = watched or {}
    command = [
        "wrk", "--latency", "-t", str(min(2, clients)), "-c", str(clients),
        # wrk knows whole seconds only.
        "-d", f"{max(1, round(seconds))}s", "--timeout", "20s",
    ]
    if script:
        command += ["-s", script]
    before = {name: cpu_seconds(pids) for name, pids in watched.items()}
    own = children_seconds()
    done = subprocess.run(
        command + [url] + (["--", *arguments] if arguments else []), capture_output=True, text=True, timeout=seconds + 60, check=True)
    after = {name: cpu_seconds(pids) for name, pids in watched.items()}
    own = children_seconds() - own
    sample = parse(done.stdout)
    sample.cpu = {
        name: (after[name] - before[name]) * 1000 / max(1, sample.requests) for name in watched
    }
    # What the load itself takes from the same cores.
    sample.cpu["wrk"] = own * 1000 / max(1, sample.requests)
    sample.memory = {
        name: sum(resident_megabytes(pid) for pid in pids) for name, pids in watched.items()
    }
    return sample


def children_seconds():
    """CPU time of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def parse(text):
    def find(pattern):
        match = re.search(pattern, text)
        return match.groups() if match else None

    def latency(percent):
        number, unit = find(rf"\n\s*{percent}%\s+([\d.]+)(us|ms|s|m)\n")
        return float(number) * UNITS[unit]

    failures = sum(int(count) for count in find(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)") or [])
    failures += int((find(r"Non-2xx or 3xx responses: (\d+)") or [0])[0])
    return Sample(
        rate=float(find(r"Requests/sec:\s+([\d.]+)")[0]), p50=latency(50), p99=latency(99),
        requests=int(find(r"(\d+) requests in")[0]), failures=failures,
        slowest=slowest(text))


def slowest(text):
    """The longest time of a request, from the line `Latency average deviation maximum`."""
    match = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s|m)\s", text)
    return float(match[1]) * UNITS[match[2]] if match else 0.0


def median(samples):
    """The medians of several runs, each figure by itself; failures are added up."""
    def middle(values):
        return statistics.median(values)

    return Sample(
        rate=middle([s.rate for s in samples]), p50=middle([s.p50 for s in samples]),
        p99=middle([s.p99 for s in samples]), requests=sum(s.requests for s in samples),
        failures=sum(s.failures for s in samples),
        cpu={name: middle([s.cpu[name] for s in samples]) for name in samples[0].cpu},
        memory={name: middle([s.memory[name] for s in samples]) for name in samples[0].memory},
        slowest=max(s.slowest for s in samples))


def in_turns(rounds, contenders):
    """Runs every contender once a round and gives their medians. `contenders` is a dictionary of
    functions that each give a Sample; who goes first changes from round to round."""
    samples = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            samples[name].append(contenders[name]())
    return {name: median(found) for name, found in samples.items()}
