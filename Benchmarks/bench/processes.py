"""Processes that are started, watched in /proc, and ended by their numbers."""

import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=60):
    """Asks until the condition holds, and gives what it said."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.02)


class Process:
    """A program in a session of its own; used with `with`, which ends it."""

    def __init__(self, command, directory, log, environment=None, stop=signal.SIGTERM, user=None):
        self.stop_signal = stop
        with open(log, "wb") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        self.log = log

    @property
    def pid(self):
        return self.popen.pid

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def check(self):
        if self.popen.poll() is not None:
            raise RuntimeError(f"{self.popen.args[0]} ended: {self.said()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        members = family(self.pid)
        if self.popen.poll() is None:
            self.popen.send_signal(self.stop_signal)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        # What outlived its parent, as it had been listed before.
        for pid, started in members:
            if start_time(pid) == started:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


def stat(pid):
    """The fields of /proc/PID/stat from the state on; None where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid):
    fields = stat(pid)
    return fields[19] if fields else None


def family(root):
    """A process and its descendants, as pairs of number and start time."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(name)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append((pid, start_time(pid)))
        queue += children.get(pid, [])
    return found


def cpu_seconds(pids):
    """User and system time that these processes have used."""
    ticks = 0
    for pid in pids:
        fields = stat(pid)
        if fields:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def resident_megabytes(pid):
    """What a process holds in memory (VmRSS)."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no VmRSS")
