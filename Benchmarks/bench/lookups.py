"""A cached lookup beside nginx alone and beside a C responder with a thread a connection."""

import os
import shutil
import subprocess

from . import cluster, load
from .cluster import Store
from .processes import Process, family, free_port, wait_until

CLIENTS = [1, 32, 256]
# As many threads as clients, and as many again as nginx keeps idle connections to it.
C_THREADS = 400


def run(programs, folder, report, quick):
    rounds, seconds = (3, 1) if quick else (5, 4)
    os.makedirs(folder)
    with Store(programs, f"{folder}/store", replicas=1) as store:
        body = wait_until(lambda: hit(store), "a cached lookup")
        contenders = {}
        with Return200(f"{folder}/nginx", body) as plain, CResponder(programs, f"{folder}/c") as c:
            contenders["nginx return 200"] = (plain.url, lambda: {"nginx": plain.nginx()})
            if c.is_possible:
                contenders["C libfcgi, thread a connection"] = (
                    c.url, lambda: {"responder": [c.process.pid], "nginx": c.nginx()})
            contenders["Pygmy, cached lookup"] = (
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


def tabulate(report, found, size):
    rows = []
    for clients, samples in found.items():
        for name, sample in samples.items():
            responder = sample.cpu.get("responder", 0.0)
            rows.append([
                name, clients, sample.rate, sample.p50, sample.p99, responder,
                sample.cpu["nginx"], responder + sample.cpu["nginx"], sample.failures,
            ])
    report.table(
        "lookups", f"Lookups that are answered from memory ({size} bytes), medians",
        ["", "clients", "requests/s", "p50 ms", "p99 ms", "CPU s/1000: responder", "nginx", "both",
         "failed"], rows)
    for clients, samples in found.items():
        c = samples.get("C libfcgi, thread a connection")
        store = samples["Pygmy, cached lookup"]
        if c:
            report.demand(
                f"cached lookups/s over the C responder's, {clients} clients",
                store.rate / c.rate, 1.15)
            report.demand(
                f"their p99 over the C responder's, {clients} clients",
                store.p99 / c.p99, 1.5, at_least=False)


class Return200:
    """nginx that answers by itself, with the bytes of the lookup."""

    def __init__(self, folder, body):
        os.makedirs(f"{folder}/temp")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/lookup/1"
        text = body.decode().replace("\\", "\\\\").replace("'", "\\'")
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "\n".join(
            f"{kind}_temp_path temp/{kind};"
            for kind in ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"])
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(f"""{user}
worker_processes auto;
daemon off;
pid nginx.pid;
error_log nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    {temporary}
    access_log access.log combined buffer=64k flush=1s;
    keepalive_requests 100000;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            default_type application/json;
            return 200 '{text}';
        }}
    }}
}}
""")
        self.process = Process(
            [cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"],
            folder, f"{folder}/out")

    def __enter__(self):
        wait_until(lambda: cluster.is_answering(self.url), "nginx")
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def nginx(self):
        return [pid for pid, _ in family(self.process.pid)]


class CResponder:
    """The C responder behind the very nginx configuration that a store has: it takes the place of
    the front end, on its socket."""

    def __init__(self, programs, folder):
        self.is_possible = shutil.which("cc") is not None
        if not self.is_possible:
            return
        port = cluster.write_configuration(folder, replicas=1)
        for name in ["run", "log", "data"]:
            os.makedirs(f"{folder}/{name}")
        self.url = f"http://127.0.0.1:{port}/lookup/1"
        source = os.path.join(os.path.dirname(__file__), "..", "c-responder.c")
        subprocess.run(
            ["cc", "-O2", "-o", f"{folder}/c-responder", source, "-lfcgi", "-lpthread"], check=True)
        text = subprocess.run(
            [programs.path("pygmy"), "nginx", "--config", "config.json"], cwd=folder,
            capture_output=True, text=True, check=True).stdout
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(text)
        self.process = Process(
            [f"{folder}/c-responder", "run/frontEndServer1.sock", str(C_THREADS)], folder,
            f"{folder}/c.out")
        self.front = Process(
            [cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr",
             "-g", "daemon off;"], folder, f"{folder}/nginx.out")

    def __enter__(self):
        if self.is_possible:
            wait_until(lambda: cluster.is_answering(self.url), "the C responder")
        return self

    def __exit__(self, *_):
        if self.is_possible:
            self.front.__exit__()
            # libfcgi takes SIGTERM for itself and goes on: it has nothing to lose.
            self.process.popen.kill()
            self.process.__exit__()

    def nginx(self):
        return [pid for pid, _ in family(self.front.pid)]
