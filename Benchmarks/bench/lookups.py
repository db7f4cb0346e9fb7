"""Cached lookups beside nginx alone, nginx's cache, a C responder and Flask."""

import contextlib
import os
import subprocess

from . import load, opponents
from .cluster import Store, get
from .processes import wait_until

CLIENTS = [1, 32, 256]
PYGMY = "Pygmy, cached lookup"
# What must be reached, as ratios of requests a second with 32 and 256 clients.
DEMANDS = {
    "C libfcgi, thread a connection": 1.3,
    "nginx fastcgi_cache hit": 0.75,
    "Flask's own server": 25,
    "Flask behind gunicorn and nginx": 10,
}
C = "C libfcgi, thread a connection"


def run(programs, folder, report, quick):
    rounds, seconds = (3, 1) if quick else (5, 2.5)
    os.makedirs(folder)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store(programs, f"{folder}/store", replicas=1))
        body = wait_until(lambda: hit(store), "a cached lookup")
        others = [
            opponents.return_200(f"{folder}/return", body),
            opponents.fastcgi_cache(f"{folder}/cache", store),
            opponents.c_responder(f"{folder}/c", programs),
        ]
        tools = opponents.python_tools(report)
        if tools:
            catalog = f"{store.folder}/catalog.csv"
            others.append(opponents.flask_alone(f"{folder}/flask", tools, catalog))
            others.append(opponents.flask_gunicorn(f"{folder}/gunicorn", tools, catalog))
        # All are started; from here on each is ended whatever happens.
        others = [other for other in others if other is not None]
        for other in others:
            stack.push(other.__exit__)
        for other in others:
            other.__enter__()
            if other.name != C and get(other.url) != body:
                raise RuntimeError(f"{other.name} answers something else: {get(other.url)}")
        contenders = {other.name: (other.url, other.watched) for other in others}
        contenders[PYGMY] = (
            f"{store.url}/lookup/1",
            lambda: {"responder": store.front_ends(), "nginx": store.nginx()})
        found = {}
        for clients in CLIENTS:
            report.progress(f"lookups with {clients} clients")
            found[clients] = load.in_turns(rounds, {
                name: measuring(url, clients, seconds, watched)
                for name, (url, watched) in contenders.items()
            })
    tabulate(report, found, len(body))


def measuring(url, clients, seconds, watched):
    return lambda: load.wrk(url, clients, seconds, watched=watched())


def hit(store):
    """The body of a lookup that came from the cache, once there is one."""
    answer = subprocess.run(
        ["curl", "-s", "-i", f"{store.url}/lookup/1"], capture_output=True, timeout=30).stdout
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if b"x-cache: hit" in head.lower() else None


def cores(sample):
    """Requests that a second of one core is good for, the load's own share included: what the
    rate would be on a machine where nothing else runs. It hardly depends on what does."""
    return 1000 / max(1e-9, sum(sample.cpu.values()))


def tabulate(report, found, size):
    rows = []
    for clients, samples in found.items():
        for name, sample in samples.items():
            responder = sample.cpu.get("responder", 0.0)
            front = sample.cpu.get("nginx", 0.0)
            rows.append([
                name, clients, sample.rate, sample.p50, sample.p99, responder, front,
                sample.cpu["wrk"], cores(sample), sample.memory.get("responder", 0.0),
                sample.memory.get("nginx", 0.0), sample.failures,
            ])
    report.table(
        "lookups", f"Lookups that are answered from memory ({size} bytes), medians",
        ["", "clients", "requests/s", "p50 ms", "p99 ms", "CPU s/1000: responder", "nginx", "wrk",
         "requests/CPU s", "MB: responder", "nginx", "failed"], rows)
    report.bars(
        "lookups", "Cached lookups a second",
        [(f"{clients} clients", {name: sample.rate for name, sample in samples.items()})
         for clients, samples in found.items()], logarithmic=True)
    for clients in [32, 256]:
        store = found[clients][PYGMY]
        for name, ratio in DEMANDS.items():
            if name in found[clients]:
                report.demand(
                    f"cached lookups/s, {clients} clients, over: {name}",
                    store.rate / found[clients][name].rate, ratio)
                report.demand(
                    "   the same by CPU time, the load's own included",
                    cores(store) / cores(found[clients][name]), ratio)
        if C in found[clients]:
            report.demand(
                f"their p99, {clients} clients, over: {C}",
                store.p99 / found[clients][C].p99, 1.5, at_least=False)
