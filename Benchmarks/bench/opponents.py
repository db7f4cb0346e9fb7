"""What cached lookups are compared with. Each answers with the very bytes of the store's lookup."""

import os
import shutil
import subprocess

from . import cluster
from .processes import Process, family, free_port, wait_until

# As many threads as clients, and as many again as nginx keeps idle connections to it.
C_THREADS = 400
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TOOLS = os.path.join(HERE, "..", ".build", "bench-tools")
PACKAGES = ["Flask==3.1.3", "Flask-Caching==2.5.1", "gunicorn==27.0.1"]


class Opponent:
    """Processes in groups, by the part they play: `responder`, `nginx`."""

    def __init__(self, name, url):
        self.name, self.url = name, url
        self.processes = {}

    def __enter__(self):
        try:
            wait_until(self.is_answering, self.name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes.values()):
            process.__exit__()

    def is_answering(self):
        for process in self.processes.values():
            process.check()
        return cluster.is_answering(self.url)

    def watched(self):
        return {
            part: [pid for pid, _ in family(process.pid)]
            for part, process in self.processes.items()
        }


def nginx(folder, location, outside=""):
    """Starts an nginx with one location; gives its URL and process."""
    os.makedirs(f"{folder}/temp", exist_ok=True)
    port = free_port()
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
    {outside}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ {location} }}
    }}
}}
""")
    process = Process(
        [cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"],
        folder, f"{folder}/out")
    return f"http://127.0.0.1:{port}/lookup/1", process


def return_200(folder, body):
    """nginx that answers by itself: what HTTP costs without any store behind it."""
    text = body.decode().replace("\\", "\\\\").replace("'", "\\'")
    url, process = nginx(folder, f"default_type application/json; return 200 '{text}';")
    opponent = Opponent("nginx return 200", url)
    opponent.processes["nginx"] = process
    return opponent


def fastcgi_cache(folder, store):
    """nginx that answers from its own cache what the store's front end has answered once."""
    os.makedirs(f"{folder}/cache")
    url, process = nginx(
        folder, f"""
            fastcgi_pass "unix:{store.folder}/run/frontEndServer1.sock";
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param REQUEST_ID $request_id;
            fastcgi_cache answers; fastcgi_cache_key $request_uri; fastcgi_cache_valid 200 1h;
            fastcgi_ignore_headers Cache-Control Expires Vary;
            add_header X-Nginx-Cache $upstream_cache_status;""",
        "fastcgi_cache_path cache levels=1 keys_zone=answers:1m inactive=1h;")
    opponent = Opponent("nginx fastcgi_cache hit", url)
    opponent.processes["nginx"] = process
    return opponent


def c_responder(folder, programs):
    """The C responder behind the very nginx configuration that a store has: it takes the place of
    the front end, on its socket. None where there is no compiler."""
    if shutil.which("cc") is None:
        return None
    port = cluster.write_configuration(folder, replicas=1)
    for name in ["run", "log", "data"]:
        os.makedirs(f"{folder}/{name}")
    subprocess.run(
        ["cc", "-O2", "-o", f"{folder}/c-responder", f"{HERE}/c-responder.c", "-lfcgi",
         "-lpthread"], check=True)
    text = subprocess.run(
        [programs.path("pygmy"), "nginx", "--config", "config.json"], cwd=folder,
        capture_output=True, text=True, check=True).stdout
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(text)
    opponent = CResponder("C libfcgi, thread a connection", f"http://127.0.0.1:{port}/lookup/1")
    opponent.processes["responder"] = Process(
        [f"{folder}/c-responder", "run/frontEndServer1.sock", str(C_THREADS)], folder,
        f"{folder}/c.out")
    opponent.processes["nginx"] = Process(
        [cluster.nginx_path(), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr",
         "-g", "daemon off;"], folder, f"{folder}/nginx.out")
    return opponent


class CResponder(Opponent):
    def __exit__(self, *_):
        self.processes["nginx"].__exit__()
        # libfcgi takes SIGTERM for itself and goes on: it has nothing to lose.
        self.processes["responder"].popen.kill()
        self.processes["responder"].__exit__()


def python_tools(report):
    """A folder with the programs of PACKAGES, installed once; None where that is not possible."""
    stamp = f"{TOOLS}/installed"
    if os.path.exists(stamp) and open(stamp).read().split() == PACKAGES:
        return f"{TOOLS}/bin"
    report.progress("installing " + " ".join(PACKAGES))
    try:
        subprocess.run(
            ["python3", "-m", "venv", "--clear", TOOLS], check=True, capture_output=True)
        subprocess.run(
            [f"{TOOLS}/bin/pip", "install", "-q", "--disable-pip-version-check", *PACKAGES],
            check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        report.say(f"\n  Flask cannot be installed and is left out: {failure}")
        return None
    with open(stamp, "w") as file:
        file.write(" ".join(PACKAGES))
    return f"{TOOLS}/bin"


def flask_alone(folder, tools, catalog):
    """Flask's own server, a thread a connection, as the original of this store was run."""
    os.makedirs(folder)
    port = free_port()
    opponent = Opponent("Flask's own server", f"http://127.0.0.1:{port}/lookup/1")
    opponent.processes["responder"] = Process(
        [f"{tools}/python", f"{HERE}/flask_store.py", str(port)], folder, f"{folder}/out",
        dict(os.environ, CATALOG=catalog))
    return opponent


def flask_gunicorn(folder, tools, catalog):
    """The same application behind gunicorn, a process a core, and nginx."""
    os.makedirs(folder)
    responder = Process(
        [f"{tools}/gunicorn", "--workers", str(os.cpu_count()), "--threads", "16",
         "--worker-class", "gthread", "--backlog", "4096", "--bind", f"unix:{folder}/socket",
         "--no-control-socket", "flask_store:application"],
        os.path.abspath(HERE), f"{folder}/gunicorn.out",
        dict(os.environ, CATALOG=catalog, PYTHONDONTWRITEBYTECODE="1"))
    url, front = nginx(
        folder, "proxy_pass http://application; proxy_http_version 1.1;"
        ' proxy_set_header Connection ""; proxy_set_header Host $host;',
        f"upstream application {{ server unix:{folder}/socket max_fails=0; keepalive 32; }}")
    opponent = Opponent("Flask behind gunicorn and nginx", url)
    opponent.processes["responder"] = responder
    opponent.processes["nginx"] = front
    return opponent
