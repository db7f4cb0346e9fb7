"""What a front end holds in memory: with a full cache, and after many requests."""

import os

from . import load
from .cluster import Store
from .processes import resident_megabytes

BOOKS = 10_000
SCRIPT = """
local counter = 0
function setup(thread) thread:set("start", math.random(10000)) end
function init(arguments) counter = start end
function request()
  counter = (counter + 7919) % 10000
  return wrk.format("GET", "/lookup/" .. (counter + 1))
end
"""


def run(programs, folder, report, quick):
    goal = 100_000 if quick else 1_000_000
    os.makedirs(folder)
    script = f"{folder}/lookups.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    # An entry's time must not run out within the run: the cache is to stay full.
    settings = {"cacheThreshold": BOOKS, "cacheTimeout": 3600}
    with Store(programs, f"{folder}/store", replicas=1, books=BOOKS, settings=settings) as store:
        front_end = store.front_ends()[0]
        rows = [["started", 0, resident_megabytes(front_end)]]
        requests = 0
        # Twice as many requests as books, and every thread of wrk goes through all of them.
        while requests < 4 * BOOKS:
            requests += load.wrk(store.url, 32, 2, script).requests
        full = resident_megabytes(front_end)
        rows.append([f"{BOOKS:,} entries cached", requests, full])
        counted = requests
        while counted - requests < goal:
            report.progress(f"memory: {counted - requests:,} of {goal:,} requests")
            counted += load.wrk(store.url, 32, 5, script).requests
        end = resident_megabytes(front_end)
        rows.append([f"{goal:,} requests later", counted, end])
    report.table(
        "memory", "A front end's resident memory", ["", "requests", "MB resident"], rows)
    report.demand("MB resident with a full cache", full, 40, at_least=False, unit=" MB")
    # Allocators keep some room; what would show in a leak of 4 bytes a request is 4 MB.
    report.demand(
        f"growth over {goal:,} requests", end - full, 2, at_least=False, unit=" MB")
