"""What a front end with a full cache and a catalog server with a million books hold in memory, and
whether that grows over many requests."""

import os

from . import load
from .cluster import Store
from .processes import resident_megabytes

ENTRIES = 10_000
SCRIPT = """
local counter, books = 0, 1
function setup(thread) thread:set("start", math.random(1000000)) end
function init(arguments)
  counter, books = start, tonumber(arguments[1])
end
function request()
  counter = (counter + 7919) % books
  return wrk.format("GET", "/lookup/" .. (counter + 1))
end
"""


def run(programs, folder, report, quick):
    books, goal = (100_000, 100_000) if quick else (1_000_000, 1_000_000)
    if os.environ.get("PYGMY_BENCH_TEN_MILLION"):
        goal = 10_000_000
    os.makedirs(folder)
    script = f"{folder}/lookups.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    # An entry's time must not run out within the run: the cache is to stay full.
    settings = {"cacheThreshold": ENTRIES, "cacheTimeout": 3600}
    with Store(programs, f"{folder}/store", replicas=1, books=books, settings=settings) as store:
        pids = {name: store.pid(name) for name in ["frontEndServer1", "catalogServer1"]}

        def row(what, requests):
            return [what, requests, *(resident_megabytes(pid) for pid in pids.values())]

        rows = [row("started", 0)]
        # First all books once, so that the catalog has read all that it may keep; then the front
        # end's share over and over.
        requests = asking(store, script, books, books, report)
        rows.append(row(f"{books:,} books asked for", requests))
        requests += asking(store, script, ENTRIES, 4 * ENTRIES, report)
        rows.append(row(f"{ENTRIES:,} entries cached", requests))
        full = rows[-1]
        requests += asking(store, script, ENTRIES, goal // 2, report)
        requests += asking(store, script, books, goal // 2, report)
        rows.append(row(f"{goal:,} requests later", requests))
        end = rows[-1]
    report.table(
        "memory", "Resident memory", ["", "requests", "MB: front end", "MB: catalog server"], rows)
    report.demand("front end with a full cache", full[2], 25, at_least=False, unit=" MB")
    report.demand(
        f"catalog server with {books:,} books", max(full[3], end[3]), 120, at_least=False, unit=" MB")
    # Allocators keep some room; what would show in a leak of 4 bytes a request is 4 MB.
    report.demand(
        f"front end's growth over {goal:,} requests", end[2] - full[2], 2, at_least=False,
        unit=" MB")
    report.demand(
        f"catalog server's growth over {goal:,} requests", end[3] - full[3], 2, at_least=False,
        unit=" MB")


def asking(store, script, books, goal, report):
    """Asks for all of so many books in turn until the goal is reached; gives the number."""
    count = 0
    while count < goal:
        report.progress(f"memory: {count:,} of {goal:,} requests")
        count += load.wrk(store.url, 32, 2, script, arguments=[str(books)]).requests
    return count
