"""Lookups that are not in the cache: ten thousand books, and a cache of one entry."""

import os

from . import load
from .cluster import Store
from .lookups import CLIENTS

BOOKS = 10_000
SCRIPT = """
local counter, step = 0, 7919
function setup(thread) thread:set("start", math.random(10000)) end
function init(arguments) counter = start end
function request()
  counter = (counter + step) % 10000
  return wrk.format("GET", "/lookup/" .. (counter + 1))
end
"""


def run(programs, folder, report, quick):
    rounds, seconds = (2, 1) if quick else (3, 4)
    os.makedirs(folder)
    script = f"{folder}/lookups.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    rows = []
    with Store(
        programs, f"{folder}/store", replicas=1, books=BOOKS, settings={"cacheThreshold": 1}
    ) as store:
        for clients in CLIENTS:
            report.progress(f"uncached lookups with {clients} clients")
            sample = load.in_turns(rounds, {
                "store": lambda: load.wrk(
                    store.url, clients, seconds, script,
                    {"servers": store.servers(), "nginx": store.nginx()})
            })["store"]
            rows.append([
                "Pygmy, uncached lookup", clients, sample.rate, sample.p50, sample.p99,
                sample.cpu["servers"], sample.cpu["nginx"], sample.failures,
            ])
    report.table(
        "uncached", f"Lookups that the catalog answers ({BOOKS:,} books, a cache of one), medians",
        ["", "clients", "requests/s", "p50 ms", "p99 ms", "CPU s/1000: servers", "nginx", "failed"],
        rows)
