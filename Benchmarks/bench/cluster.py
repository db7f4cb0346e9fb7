"""A store in a folder of its own, and nginx beside it."""

import json
import os
import urllib.request

from .processes import Process, family, free_port, wait_until

# The body of its lookup has 150 bytes, as many as the C responder's constant answer.
FIRST_TITLE = "How to get a good grade in 677 in 20 minutes a day, reprinted."

SECRETS = {
    "PYGMY_CLUSTER_SECRET": "secret-of-the-benchmark",
    "PYGMY_ADMIN_TOKEN": "token-of-the-benchmark",
}


class Programs:
    """Where the store's programs were built."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)


def nginx_path():
    return "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"


def write_configuration(folder, replicas, front_ends=1, settings=None, books=7, stock=10**9, topics=1):
    """Makes a folder with config.json and catalog.csv; gives the public port."""
    os.makedirs(folder)
    port = free_port()
    servers = {}
    for kind, count in [
        ("frontEndServer", front_ends), ("catalogServer", replicas), ("orderServer", replicas),
    ]:
        for number in range(1, count + 1):
            servers[f"{kind}{number}"] = f"127.0.0.1:{free_port()}"
    configuration = dict(servers)
    configuration["settings"] = {
        "listen": f"127.0.0.1:{port}", "catalog": "catalog.csv", "restockInterval": 3600,
        **(settings or {}),
    }
    with open(f"{folder}/config.json", "w") as file:
        json.dump(configuration, file, indent=2)
    with open(f"{folder}/catalog.csv", "w") as file:
        file.write("ItemNumber,Title,Topic,Cost,Stock\n")
        for item in range(1, books + 1):
            title = f'"{FIRST_TITLE}"' if item == 1 else f"A book with the number {item}"
            topic = "DistributedSystems" if topics == 1 else f"Topic{item % topics + 1}"
            file.write(f"{item},{title},{topic},10,{stock}\n")
    return port


class Store:
    """`pygmy up` on a configuration of its own."""

    def __init__(self, programs, folder, only=(), environment=None, **configuration):
        self.folder, self.environment = folder, environment or {}
        self.port = write_configuration(folder, **configuration)
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [programs.path("pygmy"), "up", "--config", "config.json"]
        if only:
            self.command += ["--only", *only]
        self.start()

    def start(self):
        self.process = Process(
            self.command, self.folder, f"{self.folder}/up.out",
            {**os.environ, **SECRETS, **self.environment})

    def __enter__(self):
        try:
            wait_until(self.is_ready, "the ready line of pygmy up", 120)
            get(self.url + "/lookup/1")
        except BaseException:
            self.process.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def is_ready(self):
        self.process.check()
        return self.url in self.process.said()

    def pid(self, name):
        with open(f"{self.folder}/run/{name}.pid") as file:
            return int(file.read())

    def address(self, name):
        """Where the other servers find this one."""
        with open(f"{self.folder}/config.json") as file:
            return json.load(file)[name]

    def status(self):
        """The cluster as a front end sees it."""
        return json.loads(get(self.url + "/status"))

    def nginx(self):
        """nginx's processes."""
        return [pid for pid, _ in family(self.pid("nginx"))]

    def front_ends(self):
        return self.pids("frontEndServer")

    def servers(self):
        return self.pids("")

    def pids(self, prefix):
        return [
            self.pid(name[:-4]) for name in os.listdir(f"{self.folder}/run")
            if name.endswith(".pid") and name.startswith(prefix) and "nginx" not in name
            and "Server" in name
        ]


def get(url):
    """One answer's body, as bytes."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def is_answering(url):
    try:
        get(url)
        return True
    except OSError:
        return False
