"""Starts the servers that are compared, each on a free loopback port with a directory of its own, and stops them."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test/dynamodb"))
import dynamodb_local as dynamodb_installed  # noqa: E402  it installs what is compared with
RELEASE = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build/release")).resolve()
# Not /tmp, which may be memory: what is compared is how fast each makes a write durable.
WORK = ROOT / "build/bench"
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One running server. Use it in a `with`; its directory goes with it, unless it was given one."""

    def __init__(self, name, command, directory=None, environment=None):
        self.name = name
        self.port = free_port()
        WORK.mkdir(parents=True, exist_ok=True)
        self.kept = directory is not None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix=f"{name}-", dir=WORK))
        self.log_path = WORK / f"{name}.log"
        self.environment = {**os.environ, **environment} if environment else None
        self.command = [str(word) for word in command(self)]

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(
                    f"{self.name} did not start; its last words:\n{self.log_path.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.001)
        return self

    def listens(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def stop(self):
        """Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def __exit__(self, *_):
        self.stop()
        if not self.kept:
            shutil.rmtree(self.directory, ignore_errors=True)

    def memory_mb(self, kind="VmRSS"):
        """VmRSS: now; VmHWM: the most it ever was."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(kind + ":"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {kind}")


def redis(name, appendfsync):
    """No snapshots and no rewriting of the log, which could only slow it down."""
    return Server(
        name,
        lambda s: [
            "redis-server",
            "--port",
            s.port,
            "--bind",
            "127.0.0.1",
            "--dir",
            s.directory,
            "--appendonly",
            "yes",
            "--appendfsync",
            appendfsync,
            "--save",
            "",
            "--auto-aof-rewrite-percentage",
            "0",
            "--daemonize",
            "no",
        ],
    )


def redis_in_memory(name):
    """Nothing is kept: what is measured is what stands in front of it."""
    return Server(
        f"redis-{name}",
        lambda s: ["redis-server", "--port", s.port, "--bind", "127.0.0.1", "--dir", s.directory, "--save", ""],
    )


def webdis(redis_server):
    def command(server):
        settings = {
            "redis_host": "127.0.0.1",
            "redis_port": redis_server.port,
            "http_host": "127.0.0.1",
            "http_port": server.port,
            "threads": os.cpu_count(),
            "daemonize": False,
            "websockets": False,
            "database": 0,
            "verbosity": 0,
            "logfile": str(server.directory / "webdis.log"),
        }
        (server.directory / "webdis.json").write_text(json.dumps(settings))
        return ["webdis", server.directory / "webdis.json"]

    return Server("webdis", command)


def epoll_constant():
    return Server("epoll-constant", lambda s: [RELEASE / "bench/epoll_constant", s.port])


def bare_http():
    return Server("bare-http", lambda s: [RELEASE / "bench/bare_http", "--port", s.port, "--loops", os.cpu_count()])


def quipu(directory=None, prefix=(), environment=None):
    return Server(
        "quipu",
        lambda s: [
            *prefix,
            RELEASE / "quipu",
            "serve",
            "--dev",
            "--data",
            s.directory / "data",
            "--listen",
            f"127.0.0.1:{s.port}",
        ],
        directory,
        environment,
    )


def quipu_with_keys():
    """(a server that verifies signatures, (access key id, secret))"""
    server = Server(
        "quipu-with-keys",
        lambda s: [RELEASE / "quipu", "serve", "--data", s.directory / "data", "--listen", f"127.0.0.1:{s.port}"],
    )
    (server.directory / "data").mkdir()
    made = subprocess.run(
        [RELEASE / "quipu", "key", "create", "--aws", "--plan", "none", "bench", "--data", server.directory / "data"],
        capture_output=True,
        text=True,
    )
    found = re.findall(r"export AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)=(\S+)", made.stdout)
    if len(found) != 2:
        raise RuntimeError(f"no key: {made.stdout}{made.stderr}")
    return server, tuple(found)


# ---- others that speak DynamoDB


def dynamodb_local(on_disk):
    # Java chooses memory and collector itself, as it does for whoever just starts the jar.
    _, arguments = dynamodb_installed._choose(None)
    where = (lambda s: ["-dbPath", s.directory]) if on_disk else (lambda s: ["-inMemory"])
    return Server(
        f"dynamodb-local-{'disk' if on_disk else 'memory'}",
        lambda s: ["java", *arguments, *where(s), "-sharedDb", "-port", s.port],
    )


def dynalite(on_disk):
    source = ROOT / "bench/dynalite"
    directory = dynamodb_installed.cached(
        "dynalite",
        [source / "package.json", source / "package-lock.json"],
        lambda to: dynamodb_installed.install_npm(source, to),
    )
    program = directory / "node_modules/dynalite/cli.js"
    where = (lambda s: ["--path", s.directory / "data"]) if on_disk else (lambda s: [])
    return Server(
        f"dynalite-{'disk' if on_disk else 'memory'}",
        lambda s: ["node", program, "--host", "127.0.0.1", "--port", s.port, "--createTableMs", 1, *where(s)],
    )
