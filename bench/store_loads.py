"""Counters in Redis through Quipu, beside redis-benchmark on the same Redis and webdis in front of it; and what a store that is
dead costs our own.

Two Redis servers: one keeps everything in memory, so that what is in front of it shows most, and one syncs every write. The
script is the one that Quipu sends, given to redis-benchmark with the same arguments.
"""

import contextlib
import functools
import re
import socket
import threading
import time

import loads
import servers

CONNECTIONS = [64]
LIMIT = 2**62
MARKER_SECONDS = 86400
ASKED_EVERY_S = 0.01  # of the dead store, while `local` is measured


def script():
    source = (servers.ROOT / "src/remote/redis_script.cc").read_text()
    return re.search(r'script = R"\((.*?)\)";', source, re.DOTALL).group(1)


def redis_command(port, *words):
    """Asks once, and gives the answer's last line."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        encoded = [str(word).encode() for word in words]
        connection.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in encoded))
        return connection.recv(4096).decode().strip().rsplit("\r\n", 1)[-1]


class RedisBenchmark:
    """It wants a number of requests; the last rate says how many fill the time."""

    def __init__(self, port, *command):
        self.port, self.command = port, command
        self.rates = {}

    def __call__(self, connections, seconds):
        rate = self.rates.get(connections, 5_000)
        figure = loads.redis_benchmark_command(self.port, connections, seconds, self.command, rate)
        self.rates[connections] = figure.requests_per_second
        return figure


def quipu_with(redis_server=None, conditional=False, dead_port=None):
    port = redis_server.port if redis_server else dead_port
    environment = {"REDIS_URL": f"127.0.0.1:{port}"} if port else {}
    if conditional:
        environment |= {"USE_CONDITIONAL_WRITES": "true", "MAX_COUNTER_VALUE": str(LIMIT)}
    return servers.quipu(environment=environment)


class AskedBeside:
    """`put`, while somebody asks the dead store all the time."""

    def __init__(self, server, put):
        self.server, self.put = server, put

    def __call__(self, connections, seconds):
        done = threading.Event()
        asked = []

        def ask():
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as connection:
                while not done.wait(ASKED_EVERY_S):
                    connection.sendall(b"POST /redis/dead HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n")
                    asked.append(connection.recv(4096).split(b" ", 2)[1])

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            return self.put(connections, seconds)
        finally:
            done.set()
            thread.join()
            if not asked or set(asked) != {b"500"}:
                raise RuntimeError(f"the dead store answered {set(asked)}")


@contextlib.contextmanager
def black_hole():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield listener.getsockname()[1]


def wrk(server, path, script="increment.lua"):
    return functools.partial(loads.wrk, f"http://127.0.0.1:{server.port}{path}", script=script)


def start_all(stack):
    def started(server):
        return stack.enter_context(server)

    found = []
    for name, kept in (("memory", "kept in memory"), ("always", "appendfsync always")):
        redis = started(servers.redis_in_memory(name) if name == "memory" else servers.redis(f"store-redis-{name}", name))
        plain, conditional = started(quipu_with(redis)), started(quipu_with(redis, conditional=True))
        sha = redis_command(redis.port, "SCRIPT", "LOAD", script())
        evalsha = ["evalsha", sha, 1, "bench", "increment", "", MARKER_SECONDS, 1, LIMIT - 1, 1]
        every = [
            ("benchmark-incr", "redis-benchmark INCRBY", RedisBenchmark(redis.port, "incrby", "bench", 1)),
            ("quipu-incr", "**Quipu** POST /redis/ID", wrk(plain, "/redis/bench")),
            ("webdis-incr", "webdis INCRBY", wrk(started(servers.webdis(redis)), "/INCRBY/bench/1", None)),
            ("benchmark-script", "redis-benchmark EVALSHA, Quipu's script", RedisBenchmark(redis.port, *evalsha)),
            ("quipu-script", "**Quipu** POST /redis/ID with a maximum", wrk(conditional, "/redis/bench")),
        ]
        for short, what, put in every:
            found.append(loads.Load(f"stores-{name}-{short}", f"{what}: Redis {kept}", put, CONNECTIONS))

    alone = started(quipu_with())
    # Both kinds of dead: nobody listens, and nobody answers.
    beside_refused = started(quipu_with(dead_port=servers.free_port()))
    beside_silent = started(quipu_with(dead_port=stack.enter_context(black_hole())))
    found.append(loads.Load("stores-local", "`local`, no other store", wrk(alone, "/local/bench"), CONNECTIONS))
    for name, server in (("refused", beside_refused), ("silent", beside_silent)):
        put = AskedBeside(server, wrk(server, "/local/bench"))
        found.append(loads.Load(f"stores-local-{name}", f"`local`, beside a dead Redis ({name})", put, CONNECTIONS))
    time.sleep(3)  # until what is silent is known to be dead
    return found


def targets(found):
    """(what, ratio, at least), (what, ratio, at most)"""
    at_least, at_most = [], []
    connections = CONNECTIONS[0]

    def ratio(one, other, member="requests_per_second"):
        return loads.ratio(found, f"stores-{one}", f"stores-{other}", connections, member)

    for name in ("memory", "always"):
        for short, what in (("incr", "INCRBY"), ("script", "the script")):
            one, other = f"{name}-quipu-{short}", f"{name}-benchmark-{short}"
            said = f"Quipu / redis-benchmark, {what}, Redis {name}"
            at_least.append((said, ratio(one, other), 0.7))
            at_most.append((f"{said}: p99", ratio(one, other, "p99_us"), 2.0))
        at_least.append((f"Quipu / webdis, Redis {name}", ratio(f"{name}-quipu-incr", f"{name}-webdis-incr"), 1.5))
    for name in ("refused", "silent"):
        at_least.append((f"`local` beside a dead store ({name}) / without", ratio(f"local-{name}", "local"), 0.95))
    return [r for r in at_least if r[1] is not None], [r for r in at_most if r[1] is not None]
