"""Buys where a sync of the disk takes longer than on this machine: the store with two replicas of
every tier beside PostgreSQL with its synchronous standby, both with syncs that are slowed down alike.

How the two compare hangs on the disk more than on anything else: on one that syncs in no time only
the processors' work counts, of which a store of six servers behind nginx has more than one database.
"""

import contextlib
import os
import shutil
import subprocess

from . import load, postgres
from .buys import PAIR, SCRIPT, TWO, buying, selling
from .cluster import Store
from .opponents import HERE
from .postgres import Postgres

# What a sync takes longer, in microseconds. An SSD without a protected cache needs some 1,000.
DELAYS = [0, 250, 1000, 4000]
LOADS = [(7, 1), (7, 32), (100, 32)]


def run(programs, folder, report, quick):
    if not postgres.is_possible() or shutil.which("cc") is None:
        report.say("\n  PostgreSQL or a C compiler is missing; run: scripts/install-dependencies bench")
        return
    rounds, seconds = (1, 2) if quick else (3, 3)
    os.makedirs(folder)
    # PostgreSQL's own user gets in.
    os.chmod(folder, 0o755)
    library = f"{folder}/slow-sync.so"
    subprocess.run(
        ["cc", "-O2", "-shared", "-fPIC", "-o", library, f"{HERE}/slow-sync.c", "-ldl"], check=True)
    scripts = {}
    for books in {books for books, _ in LOADS}:
        scripts[books] = f"{folder}/buys-{books}.lua"
        with open(scripts[books], "w") as file:
            file.write(SCRIPT % books)
    found = {}
    for delay in DELAYS:
        slow = {"LD_PRELOAD": library, "SLOW_SYNC_MICROSECONDS": str(delay)}
        with contextlib.ExitStack() as stack:
            store = stack.enter_context(Store(
                programs, f"{folder}/store-{delay}", environment=slow, replicas=2, front_ends=2,
                books=100))
            pair = stack.enter_context(
                Postgres(f"{folder}/pair-{delay}", has_standby=True, environment=slow))
            for books, clients in LOADS:
                report.progress(f"syncs {delay} us longer, {books} books, {clients} clients")
                found[delay, books, clients] = load.in_turns(rounds, {
                    TWO: buying(store, clients, seconds, scripts[books]),
                    PAIR: selling(pair, clients, seconds, books),
                })
    tabulate(report, found)


def tabulate(report, found):
    report.table(
        "disks", "Buys on disks that take longer to sync, medians",
        ["", "longer by, us", "books", "clients", "buys/s", "p50 ms", "p99 ms", "over the pair",
         "failed"],
        [[name, delay, books, clients, sample.rate, sample.p50, sample.p99,
          sample.rate / samples[PAIR].rate, sample.failures]
         for (delay, books, clients), samples in found.items()
         for name, sample in samples.items()])
    report.bars(
        "disks", "Buys a second, by what a sync takes longer",
        [(f"{delay} us, {clients} of {books}",
          {name: sample.rate for name, sample in samples.items()})
         for (delay, books, clients), samples in found.items()],
        unit="by microseconds, clients and books", logarithmic=True)
