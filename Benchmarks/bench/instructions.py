"""Instructions a request on the hot paths, counted by valgrind's callgrind.

A count does not depend on how busy the machine is. What is left to chance is kept out: one client,
one request at a time, straight to the front end's socket; heartbeats and timers so slow that none
falls into the count, and where one does, it is an outlier of which the median knows nothing.
Each server runs under valgrind; its counters are read before and after a fixed number of requests,
several times, so that the start of the program is not in them.
"""

import csv
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess

from . import cluster
from .fastcgi import Connection, status
from .processes import Process, wait_until

SETTINGS = {
    # No heartbeat within a count of some seconds, and leases that outlast the whole run.
    "heartbeatInterval": 2, "leaseDuration": 20, "cacheTimeout": 86400, "requestTimeout": 60,
}
TOLERANCE = 0.05


class WatchedStore:
    """A store of one server of each kind, those that are asked for under callgrind."""

    def __init__(self, programs, folder, watched, replicas=1, options=()):
        self.folder, self.watched = folder, watched
        self.port = cluster.write_configuration(folder, replicas=replicas, settings=SETTINGS)
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ["run", "log", "data"]:
            os.makedirs(f"{folder}/{name}")
        environment = dict(os.environ, **cluster.SECRETS)
        text = subprocess.run(
            [programs.path("pygmy"), "nginx", "--config", "config.json"], cwd=folder,
            capture_output=True, text=True, check=True).stdout
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(text)
        self.processes = [Process(
            [cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr",
             "-g", "daemon off;"], folder, f"{folder}/nginx.out")]
        self.pids = {}
        kinds = ["catalogServer", "orderServer"]
        names = [f"{kind}{n}" for kind in kinds for n in range(1, replicas + 1)]
        for name in names + ["frontEndServer1"]:
            command = [programs.path(name.rstrip("12")), name, "--config", "config.json"]
            if name in watched:
                command = [
                    "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/{name}.out",
                    *options, *command]
            process = Process(command, folder, f"{folder}/log/{name}.log", environment)
            self.processes.append(process)
            self.pids[name] = process.pid
        self.connection = None

    def __enter__(self):
        try:
            wait_until(self.is_healthy, "the store under valgrind", 300)
            self.connection = Connection(f"{self.folder}/run/frontEndServer1.sock")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.connection:
            self.connection.close()
        for process in reversed(self.processes):
            process.__exit__()

    def is_healthy(self):
        for process in self.processes:
            process.check()
        return cluster.is_answering(f"{self.url}/health")

    def count(self, send, requests):
        """Instructions a request of every watched server, over so many requests."""
        for name in self.watched:
            self.control("-z", name)
        for _ in range(requests):
            send(self.connection)
        return {name: self.dumped(name) / requests for name in self.watched}

    def control(self, option, name):
        done = subprocess.run(
            ["callgrind_control", option, str(self.pids[name])], capture_output=True, text=True,
            timeout=300)
        if done.returncode != 0 or "OK" not in done.stdout:
            raise RuntimeError(f"callgrind_control {option} {name}: {done.stdout}{done.stderr}")

    def dumped(self, name):
        """Writes the counters to a file of their own and gives their sum."""
        before = set(glob.glob(f"{self.folder}/{name}.out.*"))
        self.control("-d", name)
        new = [p for p in glob.glob(f"{self.folder}/{name}.out.*") if p not in before]
        with open(new[0]) as file:
            return int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M)[1])
