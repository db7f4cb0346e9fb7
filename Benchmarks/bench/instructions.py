"""Instructions a request on the hot paths, counted by valgrind's callgrind.

A count does not depend on how busy the machine is. What is left to chance is kept out as follows.
One client sends one request at a time straight to a server's FastCGI socket, so that no two runs
differ by how requests met. The counters are read around a fixed number of requests, so that the
start of a program is not in them. Heartbeats are so rare that most of these intervals have none;
and as whatever else happens meanwhile only ever adds, the least of several counts is taken.
"""

import csv
import glob
import http.client
import os
import re
import subprocess

from . import cluster
from .fastcgi import Connection, status
from .processes import Process, wait_until

SETTINGS = {
    # Under valgrind everything is slow: leases that outlast that.
    "heartbeatInterval": 5, "leaseDuration": 15, "cacheTimeout": 86400, "requestTimeout": 60,
}
TOLERANCE = 0.05
ID = "0123456789abcdef0123456789abcdef"
SERVERS = ["frontEndServer1", "orderServer1", "catalogServer1"]
NGINX = "nginx"


def measure(programs, folder):
    """Instructions by (path, server)."""
    counts = {}
    with WatchedStore(programs, f"{folder}/lookups", SERVERS[:1], SERVERS[0]) as store:
        wait_until(lambda: b"X-Cache: HIT" in store.send(lookup()), "a cached lookup", 120)
        hit = lookup()
        for name, count in store.least(lambda: hit, 500).items():
            counts["cached lookup", name] = count
    with WatchedStore(programs, f"{folder}/nginx", [NGINX], NGINX) as store:
        wait_until(lambda: b"X-Cache: HIT" in store.send(lookup()), "a cached lookup", 120)
        for name, count in store.least(lambda: hit, 500).items():
            counts["cached lookup", name] = count
    with WatchedStore(programs, f"{folder}/catalog", SERVERS[2:], SERVERS[2]) as store:
        for name, count in store.least(lambda: lookup(), 300).items():
            counts["lookup at the catalog", name] = count
    with WatchedStore(programs, f"{folder}/buys", SERVERS, SERVERS[0]) as store:
        # Not before the front end may cache: from then on every buy is invalidated there.
        wait_until(lambda: b"X-Cache: HIT" in store.send(lookup()), "a cached lookup", 120)
        for name, count in store.least(buys(), 40).items():
            counts["buy", name] = count
    return counts


def lookup():
    return "GET", "/lookup/1", [("REQUEST_ID", ID)]


def buys():
    """Makes requests to buy, each with a key of its own."""
    numbers = iter(range(10**9))

    def buy():
        key = f"{next(numbers):032x}"
        return "POST", "/buy/1", [
            ("REQUEST_ID", key), ("DEFAULT_IDEMPOTENCY_KEY", key),
            ("HTTP_X_REQUEST_TIMEOUT", "60000")]

    return buy


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as file:
        return {
            (row["path"], row["server"]): int(row["instructions"]) for row in csv.DictReader(file)
        }


def write(path, counts):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "server", "instructions"])
        for (name, server), count in counts.items():
            writer.writerow([name, server, round(count)])


def compare(counts, expected):
    """Prints both; whether nothing became slower by more than is tolerated."""
    is_good = True
    print(f"{'instructions a request':<24} {'server':<16} {'now':>10} {'before':>10}")
    for key, count in counts.items():
        before = expected.get(key)
        if before is None:
            verdict, is_good = "not in instructions.csv: run Benchmarks/check --update", False
        else:
            change = count / before - 1
            verdict = f"{change:+.1%}"
            if change > TOLERANCE:
                verdict, is_good = f"{verdict}  TOO MANY", False
            elif change < -TOLERANCE:
                verdict = f"{verdict}  hold it: Benchmarks/check --update"
        print(f"{key[0]:<24} {key[1]:<16} {count:>10,.0f} {before or 0:>10,}  {verdict}")
    return is_good


class PublicConnection:
    """A kept HTTP connection to nginx, in the words of a connection to a server's socket."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def request(self, method, path, _):
        self.connection.request(method, path)
        answer = self.connection.getresponse()
        head = f"Status: {answer.status}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in answer.getheaders())
        return head.encode() + b"\r\n" + answer.read()

    def close(self):
        self.connection.close()


class WatchedStore:
    """A store of one server of each kind, those to be watched under callgrind, and a connection
    to one of them."""

    def __init__(self, programs, folder, watched, spoken_to, options=()):
        self.folder, self.watched, self.spoken_to = folder, watched, spoken_to
        self.port = cluster.write_configuration(folder, replicas=1, settings=SETTINGS)
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ["run", "log", "data"]:
            os.makedirs(f"{folder}/{name}")
        environment = dict(os.environ, **cluster.SECRETS)
        text = subprocess.run(
            [programs.path("pygmy"), "nginx", "--config", "config.json"], cwd=folder,
            capture_output=True, text=True, check=True).stdout
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(text)
        # Watched, nginx is one process, which serves all by itself.
        alone = "master_process off;" if NGINX in watched else ""
        commands = {NGINX: [
            cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr",
            "-g", f"daemon off; {alone}"]}
        for name in reversed(SERVERS):
            commands[name] = [programs.path(name[:-1]), name, "--config", "config.json"]
        self.processes, self.pids = [], {}
        for name, command in commands.items():
            if name in watched:
                command = [
                    "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/{name}.out",
                    *options, *command]
            process = Process(command, folder, f"{folder}/log/{name}.out", environment)
            self.processes.append(process)
            self.pids[name] = process.pid
        self.connection = None

    def __enter__(self):
        try:
            wait_until(self.is_healthy, "the store under valgrind", 300)
            self.connection = (
                PublicConnection(self.port) if self.spoken_to == NGINX
                else Connection(f"{self.folder}/run/{self.spoken_to}.sock"))
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

    def send(self, request):
        answer = self.connection.request(*request)
        if status(answer) not in (200, 201):
            raise RuntimeError(f"{request[1]} was answered with {answer[:300]}")
        return answer

    def least(self, make, requests, rounds=7):
        """Instructions a request of every watched server."""
        for _ in range(requests // 4):
            self.send(make())
        found = [self.count(make, requests) for _ in range(rounds)]
        return {name: min(counts[name] for counts in found) / requests for name in self.watched}

    def count(self, make, requests):
        """All instructions of every watched server over so many requests."""
        for name in self.watched:
            self.control("-z", name)
        for _ in range(requests):
            self.send(make())
        return {name: self.dumped(name) for name in self.watched}

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
