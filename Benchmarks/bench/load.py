"""wrk, and what it reports."""

import re
import statistics
import subprocess
from dataclasses import dataclass

from .processes import cpu_seconds

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass
class Sample:
    """One run of wrk."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float  # milliseconds
    requests: int
    failures: int  # broken connections, and answers that are not 2xx or 3xx
    cpu: dict  # CPU seconds per 1,000 requests, by part


def wrk(url, clients, seconds, script=None, watched=None):
    """Loads a URL from so many connections. `watched` names processes whose CPU time is taken."""
    watched = watched or {}
    command = [
        "wrk", "--latency", "-t", str(min(2, clients)), "-c", str(clients), "-d", f"{seconds}s",
        "--timeout", "20s",
    ]
    if script:
        command += ["-s", script]
    before = {name: cpu_seconds(pids) for name, pids in watched.items()}
    done = subprocess.run(
        command + [url], capture_output=True, text=True, timeout=seconds + 60, check=True)
    after = {name: cpu_seconds(pids) for name, pids in watched.items()}
    sample = parse(done.stdout)
    sample.cpu = {
        name: (after[name] - before[name]) * 1000 / max(1, sample.requests) for name in watched
    }
    return sample


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
        requests=int(find(r"(\d+) requests in")[0]), failures=failures, cpu={})


def median(samples):
    """The medians of several runs, each figure by itself; failures are added up."""
    def middle(values):
        return statistics.median(values)

    return Sample(
        rate=middle([s.rate for s in samples]), p50=middle([s.p50 for s in samples]),
        p99=middle([s.p99 for s in samples]), requests=sum(s.requests for s in samples),
        failures=sum(s.failures for s in samples),
        cpu={name: middle([s.cpu[name] for s in samples]) for name in samples[0].cpu})


def in_turns(rounds, contenders):
    """Runs every contender once a round and gives their medians. `contenders` is a dictionary of
    functions that each give a Sample; who goes first changes from round to round."""
    samples = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            samples[name].append(contenders[name]())
    return {name: median(found) for name, found in samples.items()}
