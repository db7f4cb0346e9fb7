"""PostgreSQL servers of their own, as durable as they come: alone, and with a standby whose disk
has every transaction too before it is answered (synchronous_commit=on)."""

import glob
import os
import pwd
import re
import shutil
import signal
import statistics
import subprocess

from .load import Sample
from .processes import Process, free_port, wait_until

TABLES = """
CREATE TABLE books (item int PRIMARY KEY, title text, topic text, cost numeric, stock int
    CHECK (stock >= 0));
INSERT INTO books SELECT n, 'A book with the number ' || n, 'DistributedSystems', 10, 1000000000
    FROM generate_series(1, 100) n;
CREATE TABLE orders (number bigserial PRIMARY KEY, item int, title text, topic text, cost numeric,
    time timestamptz DEFAULT now(), key uuid DEFAULT gen_random_uuid());
"""

# One statement, one round trip: the fastest way that PostgreSQL has to do the same.
BUY = """\\set item random(1, :books)
WITH sold AS (UPDATE books SET stock = stock - 1 WHERE item = :item AND stock > 0
    RETURNING item, title, topic, cost)
INSERT INTO orders (item, title, topic, cost) SELECT * FROM sold RETURNING number;
"""

# The same as most applications write it: four statements, four round trips, one commit.
BUY_IN_STEPS = """\\set item random(1, :books)
BEGIN;
UPDATE books SET stock = stock - 1 WHERE item = :item AND stock > 0
    RETURNING title, topic, cost \\gset
INSERT INTO orders (item, title, topic, cost) VALUES (:item, :title, :topic, :cost)
    RETURNING number \\gset
COMMIT;
"""


def is_possible():
    return bool(programs()) and shutil.which("pgbench") is not None


def programs():
    """The folder of the newest PostgreSQL's programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    """One server in a folder of its own, and a standby where one is asked for."""

    def __init__(self, folder, has_standby=False, environment=None):
        self.folder, self.port, self.has_standby = folder, free_port(), has_standby
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        os.makedirs(folder)
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", **(environment or {})}
        self.processes = []

    def __enter__(self):
        try:
            self.command([
                f"{programs()}/initdb", "--auth=trust", "-U", "postgres", "-E", "UTF8", "-D",
                f"{self.folder}/data"])
            self.start("data", self.port)
            if self.has_standby:
                self.add_standby()
            self.query(TABLES)
            for name, text in [("buy", BUY), ("steps", BUY_IN_STEPS)]:
                with open(self.script(name), "w") as file:
                    file.write(text)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.__exit__()

    def start(self, data, port):
        # SIGINT is its fast shutdown.
        self.processes.append(Process(
            [f"{programs()}/postgres", "-D", f"{self.folder}/{data}", "-p", str(port), "-k",
             self.folder, "-c", "listen_addresses=", "-c", "max_connections=300", "-c",
             "fsync=on", "-c", "synchronous_commit=on"],
            self.folder, f"{self.folder}-{data}.log", self.environment, signal.SIGINT, self.user))
        wait_until(lambda: self.answers("select 1", port), "PostgreSQL")

    def add_standby(self):
        """Copies the server, follows it, and makes every commit wait for the copy's disk."""
        self.command([
            f"{programs()}/pg_basebackup", "-h", self.folder, "-p", str(self.port), "-U",
            "postgres", "-D", f"{self.folder}/standby", "-R", "-X", "stream", "-c", "fast"])
        self.start("standby", free_port())
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.query("SELECT pg_reload_conf()")
        wait_until(
            lambda: "sync" in self.answers("SELECT sync_state FROM pg_stat_replication").split(),
            "the standby")

    def command(self, words):
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=180, user=self.user, group=self.user, extra_groups=[] if self.user else None)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: {done.stderr}")
        return done.stdout

    def query(self, text, port=None):
        return self.command([
            "psql", "-h", self.folder, "-p", str(port or self.port), "-U", "postgres", "-qAt", "-c",
            text])

    def answers(self, text, port=None):
        for process in self.processes:
            process.check()
        try:
            return self.query(text, port)
        except RuntimeError:
            return ""

    def script(self, name):
        return f"{self.folder}-{name}.sql"

    def buys(self, clients, seconds, books, script="buy"):
        """Buys from so many clients by pgbench, which logs the time of every one: in one statement
        (`buy`) or in `steps`."""
        log = f"{self.folder}/latency"
        text = self.command([
            "pgbench", "-n", "-M", "prepared", "-h", self.folder, "-p", str(self.port),
            "-U", "postgres", "-c", str(clients), "-j", str(min(2, clients)), "-T",
            str(max(1, round(seconds))), "-D", f"books={books}", "-f", self.script(script), "-l",
            "--log-prefix", log, "postgres"])
        times = []
        for name in glob.glob(f"{log}.*"):
            with open(name) as file:
                times += [int(line.split()[2]) / 1000 for line in file]
            os.unlink(name)
        times = sorted(times) or [seconds * 1000.0]
        return Sample(
            rate=float(re.search(r"tps = ([\d.]+)", text)[1]), p50=statistics.median(times),
            p99=times[int(len(times) * 0.99)], requests=len(times), failures=0, slowest=times[-1])
