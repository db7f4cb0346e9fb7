"""Buys: one client and many, one replica and two, and the same transaction in PostgreSQL."""

import os

from . import load
from .cluster import Store
from .lookups import CLIENTS
from .postgres import Postgres

SCRIPT = """
local counter = 0
function setup(thread) thread:set("start", math.random(7)) end
function init(arguments) counter = start end
function request()
  counter = counter + 1
  return wrk.format("POST", "/buy/" .. (counter % 7 + 1))
end
"""


def run(programs, folder, report, quick):
    rounds, seconds = (3, 2) if quick else (5, 5)
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    script = f"{folder}/buys.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    with Store(programs, f"{folder}/one", replicas=1) as one, \
            Store(programs, f"{folder}/two", replicas=2, front_ends=2) as two, \
            Postgres(f"{folder}/postgres") as postgres:
        found = {}
        for clients in CLIENTS:
            report.progress(f"buys with {clients} clients")
            contenders = {
                "Pygmy, one replica each": buying(one, clients, seconds, script),
                "Pygmy, two replicas each": buying(two, clients, seconds, script),
            }
            # PostgreSQL takes 100 connections as it comes.
            if postgres.is_possible and clients <= 32:
                contenders["PostgreSQL, no standby"] = (
                    lambda: postgres.bench(clients, seconds))
            found[clients] = load.in_turns(rounds, contenders)
    tabulate(report, found, postgres)


def buying(store, clients, seconds, script):
    return lambda: load.wrk(
        store.url, clients, seconds, script,
        {"servers": store.servers(), "nginx": store.nginx()})


def tabulate(report, found, postgres):
    rows = []
    for clients, samples in found.items():
        for name, sample in samples.items():
            rows.append([
                name, clients, sample.rate, sample.p50, sample.p99,
                sample.cpu.get("servers", 0.0), sample.cpu.get("nginx", 0.0), sample.failures,
            ])
    report.table(
        "buys", "Buys of seven books, each on disk before its answer, medians",
        ["", "clients", "buys/s", "p50 ms", "p99 ms", "CPU s/1000: servers", "nginx", "failed"],
        rows)
    if not postgres.is_possible:
        report.say("\n  PostgreSQL is missing; run: scripts/install-dependencies bench")
    one, two = "Pygmy, one replica each", "Pygmy, two replicas each"
    report.demand(
        "buys/s of 32 clients over those of one", found[32][one].rate / found[1][one].rate, 6)
    report.demand(
        "the same with two replicas each", found[32][two].rate / found[1][two].rate, 6)
    if postgres.is_possible:
        report.demand(
            "buys/s of 32 clients over PostgreSQL's",
            found[32][one].rate / found[32]["PostgreSQL, no standby"].rate, 1)
