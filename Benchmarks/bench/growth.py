"""What grows with the store: the time and memory of a start, of a restart, and of bringing an empty
replica level, by the number of orders and of books.

Orders are made through the store's own door, in batches as a front end sends them.
"""

import http.client
import os
import shutil
import struct
import time

from .cluster import SECRETS, Store, get
from .mixed import is_whole
from .processes import Process, resident_megabytes, wait_until

BATCH = 1000
BOOKS_OF_ORDERS = 1000


def run(programs, folder, report, quick):
    os.makedirs(folder)
    orders = [1_000, 10_000, 100_000] if quick else [1_000, 10_000, 100_000, 1_000_000]
    books = [1_000, 10_000, 100_000] if quick else [1_000, 10_000, 100_000, 1_000_000]
    if os.environ.get("PYGMY_BENCH_TEN_MILLION"):
        orders.append(10_000_000)
    by_orders = growing_orders(programs, f"{folder}/orders", report, orders)
    by_books = [growing_books(programs, f"{folder}/books-{n}", report, n) for n in books]
    report.table(
        "growth-orders", f"By the number of orders ({BOOKS_OF_ORDERS:,} books, two replicas)",
        ["orders", "made /s", "restart s", "empty catalog level s", "empty orders level s",
         "MB: catalog", "MB: orders", "disk MB: catalog", "disk MB: orders"], by_orders)
    report.table(
        "growth-books", "By the number of books (two replicas)",
        ["books", "first start s", "restart s", "empty catalog level s", "MB: catalog",
         "disk MB: catalog"], by_books)
    report.lines(
        "growth-orders", "Growth with the orders",
        {"restart of everything": [(row[0], row[2]) for row in by_orders],
         "an empty catalog server is level": [(row[0], row[3]) for row in by_orders],
         "an empty order server is level": [(row[0], row[4]) for row in by_orders]},
        "orders", "seconds")
    report.lines(
        "growth-books", "Growth with the books",
        {"first start, with the import": [(row[0], row[1]) for row in by_books],
         "restart of everything": [(row[0], row[2]) for row in by_books],
         "an empty catalog server is level": [(row[0], row[3]) for row in by_books]},
        "books", "seconds")
    report.lines(
        "growth-memory", "Memory of a primary",
        {"catalog server, by orders": [(row[0], row[5]) for row in by_orders],
         "order server, by orders": [(row[0], row[6]) for row in by_orders],
         "catalog server, by books": [(row[0], row[4]) for row in by_books]},
        "orders or books", "MB resident")
    report.demand(
        f"restart with {orders[-1]:,} orders", by_orders[-1][2], 5, at_least=False, unit=" s")
    report.demand(
        f"restart with {books[-1]:,} books", by_books[-1][2], 5, at_least=False, unit=" s")
    report.demand(
        f"an empty replica is level with {orders[-1]:,} orders",
        max(by_orders[-1][3:5]), 180, at_least=False, unit=" s")
    report.demand(
        f"an empty replica is level with {books[-1]:,} books", by_books[-1][3], 180,
        at_least=False, unit=" s")


def growing_orders(programs, folder, report, goals):
    rows, made = [], 0
    with GrowingStore(programs, folder, BOOKS_OF_ORDERS) as store:
        for goal in goals:
            report.progress(f"growth: {goal:,} orders")
            begin = time.monotonic()
            store.order(made, goal)
            rate = (goal - made) / (time.monotonic() - begin)
            made = goal
            level = [store.resync("catalogServer"), store.resync("orderServer")]
            restart = store.restart()
            rows.append([
                goal, rate, restart, *level, *store.megabytes("catalogServer", "orderServer"),
                *store.disk("catalogServer", "orderServer")])
    return rows


def growing_books(programs, folder, report, books):
    report.progress(f"growth: {books:,} books")
    begin = time.monotonic()
    with GrowingStore(programs, folder, books) as store:
        start = time.monotonic() - begin
        level = store.resync("catalogServer")
        restart = store.restart()
        return [
            books, start, restart, level, *store.megabytes("catalogServer"),
            *store.disk("catalogServer")]


class GrowingStore(Store):
    """Two replicas, of which the second ones are run by hand, so that they can lose their disks."""

    SECOND = ["catalogServer2", "orderServer2"]
    FIRST = ["frontEndServer1", "catalogServer1", "orderServer1"]

    def __init__(self, programs, folder, books):
        self.programs, self.second = programs, {}
        super().__init__(programs, folder, only=self.FIRST, replicas=2, books=books)

    def __enter__(self):
        try:
            super().__enter__()
            self.wait_for_both()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        super().start()
        # Not before nginx runs: `pygmy up` clears its folder of what a predecessor left.
        wait_until(lambda: os.path.exists(f"{self.folder}/run/nginx.pid"), "nginx")
        self.start_second()

    def __exit__(self, *_):
        self.stop_second()
        super().__exit__()

    def start_second(self, names=SECOND):
        for name in names:
            self.second[name] = Process(
                [self.programs.path(name[:-1]), name, "--config", "config.json"], self.folder,
                f"{self.folder}/{name}.out", dict(os.environ, **SECRETS))

    def stop_second(self, names=SECOND):
        for name in names:
            process = self.second.pop(name, None)
            if process:
                process.__exit__()

    def wait_for_both(self):
        for kind in ["catalogServer", "orderServer"]:
            wait_until(lambda: is_whole(self, kind), f"both of {kind}", 300)

    def restart(self):
        """Stops everything in order and starts it; gives the seconds to the first lookup and buy."""
        self.process.__exit__()
        self.stop_second()
        begin = time.monotonic()
        self.start()
        wait_until(lambda: answers(self.url + "/lookup/1"), "a lookup", 300)
        wait_until(lambda: answers(self.url + "/buy/1"), "a buy", 300)
        seconds = time.monotonic() - begin
        self.wait_for_both()
        return seconds

    def resync(self, kind):
        """Takes the second server's disk away; gives the seconds until it is level again."""
        name = f"{kind}2"
        # The first ones are the primaries, or become them here.
        self.stop_second([name])
        wait_until(lambda: not is_whole(self, kind), f"a view without {name}", 60)
        wait_until(lambda: answers(self.url + "/buy/1"), "a buy without it", 60)
        shutil.rmtree(f"{self.folder}/data/{name}")
        begin = time.monotonic()
        self.start_second([name])
        wait_until(lambda: is_whole(self, kind), f"{name} in the view", 600)
        return time.monotonic() - begin

    def order(self, first, last):
        """Sells with the keys from `first` to `last`, in batches as a front end makes them."""
        host, port = self.address("orderServer1").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        for begin in range(first, last, BATCH):
            items = b"".join(
                struct.pack("!qIBH", number % BOOKS_OF_ORDERS + 1, 1, 1, 24)
                + b"growth-%017d" % number + struct.pack("!H", 0)
                for number in range(begin, min(last, begin + BATCH)))
            count = min(last, begin + BATCH) - begin
            connection.request(
                "POST", "/buys", struct.pack("!BI", 1, count) + items,
                {"Authorization": f"Bearer {SECRETS['PYGMY_CLUSTER_SECRET']}",
                 "Content-Type": "application/octet-stream"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a batch of buys was refused: {answer.status} {body[:200]}")
        connection.close()

    def megabytes(self, *kinds):
        return [resident_megabytes(self.pid(f"{kind}1")) for kind in kinds]

    def disk(self, *kinds):
        return [
            sum(entry.stat().st_size for entry in os.scandir(f"{self.folder}/data/{kind}1")) / 2**20
            for kind in kinds
        ]


def answers(url):
    try:
        get(url)
        return True
    except OSError:
        return False
