"""How long the store pauses when a server is killed (SIGKILL) or frozen (SIGSTOP) under load: from the
last answer before to the first answer after, for lookups and for buys; and how long the slowest single
request takes meanwhile."""

import http.client
import os
import random
import signal
import statistics
import threading
import time

from .cluster import Store
from .mixed import is_whole, view
from .processes import wait_until

BOOKS = 1_000
SHOPPERS = 4
# A client waits this long for an answer before it counts as failed, in seconds.
PATIENCE = 10
VICTIMS = [
    ("front end", "frontEndServer", None), ("catalog's primary", "catalogServer", "primary"),
    ("catalog's backup", "catalogServer", "backup"),
    ("orders' primary", "orderServer", "primary"), ("orders' backup", "orderServer", "backup"),
]
BLOWS = [("SIGKILL", signal.SIGKILL), ("SIGSTOP", signal.SIGSTOP)]


def run(programs, folder, report, quick):
    rounds = 3 if quick else 20
    rows = []
    with Store(
        programs, folder, replicas=2, front_ends=2, books=BOOKS, settings={"cacheTimeout": 1}
    ) as store:
        for what, kind, role in VICTIMS:
            for name, blow in BLOWS:
                pauses = {"lookup": [], "buy": []}
                longest = 0
                failed = 0
                for number in range(rounds):
                    report.progress(f"failover: {name} of the {what}, {number + 1} of {rounds}")
                    found, slowest, failures = strike(store, kind, role, blow)
                    longest = max(longest, slowest)
                    failed += failures
                    for action, pause in found.items():
                        pauses[action].append(pause)
                rows.append(
                    [what, name, rounds]
                    + [figure for action in ["lookup", "buy"] for figure in
                       [statistics.median(pauses[action]), max(pauses[action])]]
                    + [longest, failed])
    report.table(
        "failover", f"The pause of {2 * SHOPPERS} clients when a server goes, in seconds, from the "
        "last answer to the next, and the longest of all single requests",
        ["", "by", "times", "lookups: median", "longest", "buys: median", "longest",
         "longest request", "failed"], rows)
    report.demand(
        "longest median pause of a failover", max(max(row[3], row[5]) for row in rows), 1.5,
        at_least=False, unit=" s")
    report.demand(
        "longest pause of a failover", max(max(row[4], row[6]) for row in rows), 5,
        at_least=False, unit=" s")
    report.demand(
        "longest request in a failover", max(row[7] for row in rows), 5, at_least=False, unit=" s")
    report.demand(
        "failed requests in failovers", sum(row[8] for row in rows), 0, at_least=False)


def strike(store, kind, role, blow):
    """Strikes a server under load; gives the pauses of lookups and buys, the time of the slowest
    request, and the failures."""
    wait_until(
        lambda: is_whole(store) and is_whole(store, "orderServer") and front_ends_are_up(store),
        "a whole store", 120)
    if role is None:
        name = random.choice(["frontEndServer1", "frontEndServer2"])
    else:
        name = wait_until(lambda: server_with(store, kind, role), f"a {role} of {kind}", 30)
    with Load(store) as load:
        time.sleep(0.5)
        pid = store.pid(name)
        struck = time.monotonic()
        os.kill(pid, blow)
        try:
            # Long enough for the store to notice, and for what is stuck to be answered: after 4 s
            # nginx asks the other front end.
            time.sleep(5)
            wait_until(lambda: load.is_going_on(), "answers after the failure", 30)
        finally:
            if blow == signal.SIGSTOP:
                os.kill(pid, signal.SIGCONT)
    pauses = {action: load.pause(action, struck) for action in ["lookup", "buy"]}
    return pauses, load.longest_request, load.failures


def server_with(store, kind, role):
    """The name of the server that has the role, or None while the front end has not heard of it."""
    _, roles = view(store, kind)
    return next((name for name in roles if roles[name] == role), None)


def front_ends_are_up(store):
    for name in ["frontEndServer1", "frontEndServer2"]:
        host, port = store.address(name).split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=2)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status != 200:
                return False
        except OSError:
            return False
        finally:
            connection.close()
    return True


class Load:
    """Clients that look up and buy, one request after another, each over a connection of its own."""

    def __init__(self, store):
        self.port = store.port
        self.answers = {"lookup": [], "buy": []}
        # Of every request, also of those that failed, in seconds.
        self.longest_request = 0
        self.failures = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.threads = [
            threading.Thread(target=self.shop, args=[action])
            for action in self.answers for _ in range(SHOPPERS)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def shop(self, action):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        method = "GET" if action == "lookup" else "POST"
        while not self.is_over.is_set():
            start = time.monotonic()
            try:
                connection.request(method, f"/{action}/{random.randint(1, BOOKS)}")
                answer = connection.getresponse()
                answer.read()
                is_good = answer.status in (200, 201)
            except (OSError, http.client.HTTPException):
                is_good = False
                connection.close()
            end = time.monotonic()
            with self.lock:
                self.longest_request = max(self.longest_request, end - start)
                if is_good:
                    self.answers[action].append(end)
                else:
                    self.failures += 1
            # Enough for every pause to be seen, and little enough for a shared machine.
            time.sleep(0.002)
        connection.close()

    def is_going_on(self):
        """Whether lookups and buys have been answered in the last moment."""
        now = time.monotonic()
        with self.lock:
            return all(times and now - times[-1] < 0.3 for times in self.answers.values())

    def pause(self, action, struck):
        """The longest time between two answers one after the other, from the strike on."""
        times = [when for when in sorted(self.answers[action])]
        gaps = [
            later - earlier for earlier, later in zip(times, times[1:]) if later >= struck
        ]
        return max(gaps)
