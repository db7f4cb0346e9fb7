"""Buys: few clients and many, few books and many, one replica and two, and the same transaction in
PostgreSQL, alone and with a synchronous standby."""

import contextlib
import os

from . import load, postgres
from .cluster import Store
from .lookups import CLIENTS
from .postgres import Postgres

BOOKS = [7, 100]
ONE, TWO = "Pygmy, one replica each", "Pygmy, two replicas each"
ALONE, PAIR = "PostgreSQL, no standby", "PostgreSQL, synchronous standby"
STEPS = "PostgreSQL, synchronous standby, four statements"
SCRIPT = """
function setup(thread) thread:set("seed", math.random(1000000)) end
function init(arguments) math.randomseed(seed) end
function request() return wrk.format("POST", "/buy/" .. math.random(%d)) end
"""


def run(programs, folder, report, quick):
    rounds, seconds = (1, 2) if quick else (3, 3)
    os.makedirs(folder)
    # PostgreSQL's own user gets in.
    os.chmod(folder, 0o755)
    scripts = {}
    for books in BOOKS:
        scripts[books] = f"{folder}/buys-{books}.lua"
        with open(scripts[books], "w") as file:
            file.write(SCRIPT % books)
    with contextlib.ExitStack() as stack:
        stores = {
            ONE: stack.enter_context(
                Store(programs, f"{folder}/one", replicas=1, books=max(BOOKS))),
            TWO: stack.enter_context(
                Store(programs, f"{folder}/two", replicas=2, front_ends=2, books=max(BOOKS))),
        }
        databases = {}
        if postgres.is_possible():
            databases = {
                ALONE: stack.enter_context(Postgres(f"{folder}/alone")),
                PAIR: stack.enter_context(Postgres(f"{folder}/pair", has_standby=True)),
            }
        else:
            report.say("\n  PostgreSQL is missing; run: scripts/install-dependencies bench")
        found = {}
        for books in BOOKS:
            for clients in CLIENTS:
                report.progress(f"buys of {books} books with {clients} clients")
                contenders = {
                    name: buying(store, clients, seconds, scripts[books])
                    for name, store in stores.items()
                }
                contenders.update({
                    name: selling(database, clients, seconds, books)
                    for name, database in databases.items()
                })
                if databases:
                    contenders[STEPS] = selling(databases[PAIR], clients, seconds, books, "steps")
                found[books, clients] = load.in_turns(rounds, contenders)
    tabulate(report, found, bool(databases))


def buying(store, clients, seconds, script):
    return lambda: load.wrk(
        store.url, clients, seconds, script,
        {"servers": store.servers(), "nginx": store.nginx()})


def selling(database, clients, seconds, books, script="buy"):
    return lambda: database.buys(clients, seconds, books, script)


def tabulate(report, found, has_postgres):
    rows = [
        [name, books, clients, sample.rate, sample.p50, sample.p99, sample.cpu.get("servers", 0.0),
         sample.cpu.get("nginx", 0.0), sample.failures]
        for (books, clients), samples in found.items() for name, sample in samples.items()
    ]
    report.table(
        "buys", "Buys, each on every disk before its answer, medians",
        ["", "books", "clients", "buys/s", "p50 ms", "p99 ms", "CPU s/1000: servers", "nginx",
         "failed"], rows)
    report.bars(
        "buys", "Buys a second",
        [(f"{clients} of {books} books", {name: sample.rate for name, sample in samples.items()})
         for (books, clients), samples in found.items()], unit="by clients and books", logarithmic=True)

    def ratio(one, other):
        return found[one[1:]][one[0]].rate / found[other[1:]][other[0]].rate

    report.demand(
        "buys/s of 32 clients over those of one, one replica each", ratio((ONE, 7, 32), (ONE, 7, 1)), 6)
    report.demand(
        "buys/s of 256 clients over those of 32, two replicas each",
        ratio((TWO, 7, 256), (TWO, 7, 32)), 1.2)
    if has_postgres:
        report.demand(
            "one replica each over PostgreSQL alone, 32 clients, 7 books",
            ratio((ONE, 7, 32), (ALONE, 7, 32)), 1)
        for books, clients, demanded in [(7, 32, 1.5), (100, 32, 1), (7, 1, 0.35)]:
            report.demand(
                f"two replicas each over PostgreSQL's pair, {clients} clients, {books} books",
                ratio((TWO, books, clients), (PAIR, books, clients)), demanded)
