"""What a store sees: 95 % lookups and 5 % buys, the books by Zipf's law; and the same while a
catalog server is killed (the primary, then the backup) and comes back."""

import os
import signal
import threading
import time
import urllib.request

from . import load
from .cluster import SECRETS, Store
from .processes import wait_until

CLIENTS = 32
# Zipf's law with exponent 1: that a book is among the k most wanted of n has the probability
# ln k / ln n. The wanted ones are spread over all numbers by a step without a common divisor.
SCRIPT = """
local books, step = 0, 611953
function setup(thread) thread:set("seed", math.random(1000000)) end
function init(arguments)
  math.randomseed(seed)
  books = tonumber(arguments[1])
end
function request()
  local rank = math.floor(math.exp(math.random() * math.log(books)))
  local item = rank * step % books + 1
  if math.random(20) == 1 then return wrk.format("POST", "/buy/" .. item) end
  return wrk.format("GET", "/lookup/" .. item)
end
"""


def run(programs, folder, report, quick):
    books, seconds = (100_000, 6) if quick else (1_000_000, 15)
    os.makedirs(folder)
    script = f"{folder}/mixed.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    rows = []
    with Store(
        programs, f"{folder}/store", replicas=2, front_ends=2, books=books,
        settings={"cacheTimeout": 3600}
    ) as store:
        wait_until(lambda: is_whole(store), "both catalog servers in the view", 120)
        report.progress("mixed: filling the cache")
        load.wrk(store.url, CLIENTS, seconds / 2, script, arguments=[str(books)])
        for what, victim in [
            ("nobody dies", None), ("the primary is killed", "primary"),
            ("the backup is killed", "backup"),
        ]:
            report.progress(f"mixed: {what}")
            before = hits(store)
            if victim:
                killer = threading.Timer(seconds / 3, kill, [store, victim])
                killer.start()
            sample = load.wrk(
                store.url, CLIENTS, seconds, script,
                {"nginx": store.nginx()}, [str(books)])
            back = 0.0
            if victim:
                killer.join()
                begin = time.monotonic()
                wait_until(lambda: is_whole(store), "the killed server's return", 120)
                back = time.monotonic() - begin
            after = hits(store)
            ratio = (after[0] - before[0]) / max(1, after[1] - before[1])
            rows.append([
                what, sample.rate, sample.p50, sample.p99, sample.slowest, ratio, back,
                sample.failures])
    report.table(
        "mixed", f"95 % lookups and 5 % buys of {books:,} books by Zipf's law, {CLIENTS} clients, "
        "two replicas and two front ends of 10,000 entries",
        ["", "requests/s", "p50 ms", "p99 ms", "slowest ms", "hit ratio",
         "s to full view after the run", "failed"], rows)
    report.demand(
        "failed requests while a catalog server dies and returns",
        sum(row[-1] for row in rows), 0, at_least=False)
    report.demand(
        "slowest request while a catalog server dies and returns",
        max(row[4] for row in rows) / 1000, 5, at_least=False, unit=" s")


def hits(store):
    """Hits, and lookups in all, of both front ends so far."""
    hit = all_ = 0
    for name in ["frontEndServer1", "frontEndServer2"]:
        figures = metrics(store, name)
        hit += figures["pygmy_cache_hits_total"]
        all_ += sum(
            figures.get(f"pygmy_cache_{kind}_total", 0.0) for kind in ["hits", "misses", "bypasses"])
    return hit, all_


def metrics(store, name):
    """What a server says of itself, by the names of its metrics."""
    request = urllib.request.Request(
        f"http://{store.address(name)}/metrics",
        headers={"Authorization": f"Bearer {SECRETS['PYGMY_CLUSTER_SECRET']}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines if not line.startswith("#")
    }


def view(store, kind="catalogServer"):
    """The members of the view and their servers' roles; nothing while nobody knows."""
    status = store.status()
    servers = [server for server in status["servers"] if server["name"].startswith(kind)]
    roles = {server["name"]: server["role"] for server in servers if server["reachable"]}
    views = [server["view"]["members"] for server in servers if server.get("view")]
    return (max(views, key=len) if views else []), roles


def is_whole(store, kind="catalogServer"):
    """Whether both servers answer, one as primary and one as backup of a view of two."""
    try:
        members, roles = view(store, kind)
    except OSError:
        return False
    return len(members) == 2 and sorted(roles.values()) == ["backup", "primary"]


def kill(store, role):
    _, roles = view(store)
    name = next(name for name in roles if roles[name] == role)
    os.kill(store.pid(name), signal.SIGKILL)
