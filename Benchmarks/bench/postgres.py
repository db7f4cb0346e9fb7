"""A PostgreSQL of its own, without a standby, as durable as it comes: fsync on."""

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
    FROM generate_series(1, 7) n;
CREATE TABLE orders (number bigserial PRIMARY KEY, item int, title text, topic text, cost numeric,
    time timestamptz DEFAULT now(), key uuid DEFAULT gen_random_uuid());
"""

# One statement, one round trip: the fastest way that PostgreSQL has to do the same.
BUY = """\\set item random(1, 7)
WITH sold AS (UPDATE books SET stock = stock - 1 WHERE item = :item AND stock > 0
    RETURNING item, title, topic, cost)
INSERT INTO orders (item, title, topic, cost) SELECT * FROM sold RETURNING number;
"""


class Postgres:
    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        self.is_possible = bool(found) and shutil.which("pgbench") is not None
        if not self.is_possible:
            return
        programs = os.path.dirname(found[-1])
        os.makedirs(folder)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        self.folder, self.port = folder, free_port()
        self.script = f"{os.path.dirname(folder)}/buy.sql"
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        self.command([
            f"{programs}/initdb", "--auth=trust", "-U", "postgres", "-E", "UTF8", "-D",
            f"{folder}/data"])
        # SIGINT is its fast shutdown.
        self.process = Process(
            [f"{programs}/postgres", "-D", f"{folder}/data", "-p", str(self.port), "-k", folder,
             "-c", "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on"],
            folder, f"{os.path.dirname(folder)}/postgres.log", self.environment, signal.SIGINT, self.user)

    def __enter__(self):
        if self.is_possible:
            try:
                wait_until(self.is_answering, "PostgreSQL")
                self.command(self.psql() + ["-q", "-c", TABLES])
                with open(self.script, "w") as file:
                    file.write(BUY)
            except BaseException:
                self.process.__exit__()
                raise
        return self

    def __exit__(self, *_):
        if self.is_possible:
            self.process.__exit__()

    def command(self, words):
        return subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=True, timeout=120, user=self.user, group=self.user,
            extra_groups=[] if self.user else None).stdout

    def psql(self):
        return ["psql", "-h", self.folder, "-p", str(self.port), "-U", "postgres"]

    def is_answering(self):
        self.process.check()
        try:
            self.command(self.psql() + ["-c", "select 1"])
            return True
        except subprocess.CalledProcessError:
            return False

    def bench(self, clients, seconds):
        """Buys from so many clients by pgbench, which logs the time of every one."""
        log = f"{self.folder}/latency"
        text = self.command([
            "pgbench", "-n", "-M", "prepared", "-h", self.folder, "-p", str(self.port),
            "-U", "postgres", "-c", str(clients), "-j", str(min(2, clients)), "-T", str(seconds),
            "-f", self.script, "-l", "--log-prefix", log, "postgres"])
        times = []
        for name in glob.glob(f"{log}.*"):
            with open(name) as file:
                times += [int(line.split()[2]) / 1000 for line in file]
            os.unlink(name)
        cuts = statistics.quantiles(times, n=100)
        return Sample(
            rate=float(re.search(r"tps = ([\d.]+)", text)[1]), p50=cuts[49], p99=cuts[98],
            requests=len(times), failures=0, cpu={})
