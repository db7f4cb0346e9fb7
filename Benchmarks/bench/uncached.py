"""Lookups and searches that the catalog answers, and what the number of books has to do with it.

Through the front end the cache has one entry, so that nearly every lookup goes on to the catalog.
At the catalog server itself nothing stands between: that is where growth would show, for seven
books asked for by many at once share their requests at the front end.
"""

import contextlib
import os
import time

from . import load
from .cluster import Store
from .lookups import CLIENTS
from .processes import resident_megabytes

BOOKS = [7, 100_000, 1_000_000]
SCRIPT = """
local path, books
function setup(thread) thread:set("seed", math.random(1000000)) end
function init(arguments)
  math.randomseed(seed)
  path, books = arguments[1], tonumber(arguments[2])
end
function request() return wrk.format("GET", path .. math.random(books)) end
"""


def run(programs, folder, report, quick):
    rounds, seconds = (2, 1) if quick else (3, 2)
    os.makedirs(folder)
    script = f"{folder}/numbers.lua"
    with open(script, "w") as file:
        file.write(SCRIPT)
    with contextlib.ExitStack() as stack:
        stores, starts = {}, []
        for books in BOOKS:
            report.progress(f"a catalog of {books:,} books")
            store = Store(
                programs, f"{folder}/{books}", replicas=1, books=books, topics=books // 10 + 1,
                settings={"cacheThreshold": 1})
            begin = time.monotonic()
            stores[books] = stack.enter_context(store)
            starts.append([
                books, time.monotonic() - begin, resident_megabytes(store.pid("catalogServer1"))])
        report.table(
            "import", "From catalog.csv to the first answer", ["books", "s", "MB: catalog server"],
            starts)
        found = {}
        for clients in CLIENTS:
            report.progress(f"uncached lookups with {clients} clients")
            # wrk has a cached entry in /lookup/1 for as long as nobody asks for another book.
            contenders = {("cached lookup", 7): lambda: load.wrk(
                f"{stores[7].url}/lookup/1", clients, seconds,
                watched={"servers": stores[7].servers(), "nginx": stores[7].nginx()})}
            for books, store in stores.items():
                catalog = f"http://{store.address('catalogServer1')}"
                contenders["lookup, front end", books] = asking(
                    store, store.url, clients, seconds, script, "/lookup/", books)
                contenders["lookup, catalog", books] = asking(
                    store, catalog, clients, seconds, script, "/lookup/", books)
                contenders["search, front end", books] = asking(
                    store, store.url, clients, seconds, script, "/search/Topic", books // 10 + 1)
            found[clients] = load.in_turns(rounds, contenders)
    tabulate(report, found, starts)


def asking(store, url, clients, seconds, script, path, count):
    return lambda: load.wrk(
        url, clients, seconds, script, {"servers": store.servers(), "nginx": store.nginx()},
        [path, str(count)])


def tabulate(report, found, starts):
    rows = [
        [what, books, clients, sample.rate, sample.p50, sample.p99, sample.cpu["servers"],
         sample.cpu["nginx"], sample.failures]
        for clients, samples in found.items() for (what, books), sample in samples.items()
    ]
    report.table(
        "uncached", "Lookups and searches by the number of books, medians",
        ["", "books", "clients", "requests/s", "p50 ms", "p99 ms", "CPU s/1000: servers", "nginx",
         "failed"], rows)
    report.bars(
        "uncached", "Lookups and searches a second, 32 clients",
        [(what, {f"{books:,} books": found[32][name, books].rate for books in BOOKS
                 if (name, books) in found[32]})
         for what, name in [("cached", "cached lookup"), ("lookup", "lookup, front end"),
                            ("at catalog", "lookup, catalog"), ("search", "search, front end")]])
    for clients in [32, 256]:
        samples = found[clients]
        report.demand(
            f"uncached over cached lookups/s, {clients} clients, {BOOKS[1]:,} books",
            samples["lookup, front end", BOOKS[1]].rate / samples["cached lookup", 7].rate, 0.3)
        report.demand(
            f"lookups/s at the catalog, {clients} clients, {BOOKS[-1]:,} books over 7",
            samples["lookup, catalog", BOOKS[-1]].rate / samples["lookup, catalog", 7].rate, 0.9)
    report.demand(
        f"import of {BOOKS[-1]:,} books", starts[-1][1], 60, at_least=False, unit=" s")
