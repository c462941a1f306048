"""Real Redis servers for tests, and as much of a client as they need to look inside."""

import socket

from fault_proxy import FaultProxy
from store_process import PORTS, StoreProcess, free_port
from quipu_server import wait_until

# An acknowledged increment survives the end of the process, and with `always` a power cut.
DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"]
BUS_PORT_ABOVE = 10_000  # where the nodes of a cluster talk to each other


def redis_process(directory, settings=DURABLE, port=None, name="redis", tls=None):
    """`tls` is (certificate, key); it is ready when it listens, where it does not talk to everybody."""
    def command(process):
        listens = ["--port", process.port]
        if tls:
            listens = ["--port", 0, "--tls-port", process.port, "--tls-auth-clients", "no", "--tls-cert-file", tls[0],
                       "--tls-key-file", tls[1], "--tls-ca-cert-file", tls[0]]
        return ["redis-server", *listens, "--bind", "127.0.0.1", "--dir", process.directory, "--daemonize", "no", *settings]

    talks = not tls and "--requirepass" not in settings
    ready = (lambda p: p.listens() and RedisClient(p.port).ask("PING") == "PONG") if talks else None
    return StoreProcess(name, directory, command, port=port, ready=ready)


class RedisError(Exception):
    pass


class RedisClient:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self._socket.makefile("rb")

    def close(self):
        self._file.close()
        self._socket.close()

    def ask(self, *words):
        """Texts are given as str; an error of Redis's is given, not raised."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words))
        return self._read()

    def _read(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"an answer that ends with {line!r}")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self._file.read(int(rest) + 2)[:-2].decode(errors="surrogateescape")
        return None if rest == "-1" else [self._read() for _ in range(int(rest))]


class RedisCluster:
    """Three masters without replicas. `proxied`: clients are told of a FaultProxy in front of each, in `proxies`."""

    def __init__(self, directory, settings=DURABLE, proxied=False):
        ports = [free_port(range(PORTS.start, PORTS.stop - BUS_PORT_ABOVE), also=[BUS_PORT_ABOVE]) for _ in range(3)]
        cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"]
        self.nodes, self.proxies = [], []
        for port in sorted(ports):
            announced = []
            if proxied:
                self.proxies.append(FaultProxy(port))
                announced = ["--cluster-announce-port", self.proxies[-1].port, "--cluster-announce-bus-port", port + BUS_PORT_ABOVE]
            self.nodes.append(redis_process(directory / f"node-{port}", [*settings, *cluster, *announced], port,
                                            f"redis-{port}"))

    def __enter__(self):
        for proxy in self.proxies:
            proxy.__enter__()
        for node in self.nodes:
            node.start()
        first, *others = self.nodes
        for number, node in enumerate(self.nodes):
            client = RedisClient(node.port)
            low, high = number * 16384 // 3, (number + 1) * 16384 // 3 - 1
            assert client.ask("CLUSTER", "ADDSLOTSRANGE", low, high) == "OK"
            assert client.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1) == "OK"
        for other in others:
            assert RedisClient(first.port).ask("CLUSTER", "MEET", "127.0.0.1", other.port) == "OK"
        self.wait_until_whole()
        return self

    def __exit__(self, *_):
        for proxy in self.proxies:
            proxy.__exit__()
        for node in self.nodes:
            node.kill()

    def wait_until_whole(self):
        def whole():
            return all(all(line in RedisClient(node.port).ask("CLUSTER", "INFO").split("\r\n") for line in
                           ("cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384", "cluster_size:3"))
                       for node in self.nodes)
        wait_until(whole, 30, "the cluster is whole", 0.05)

    def ask(self, *words, key):
        """Asks the node that has the key."""
        return RedisClient(self.node_of(key).port).ask(*words)

    def node_of(self, key):
        client = RedisClient(self.nodes[0].port)
        slot = client.ask("CLUSTER", "KEYSLOT", key)
        port = next(r[2][1] for r in client.ask("CLUSTER", "SLOTS") if r[0] <= slot <= r[1])
        announced = [proxy.port for proxy in self.proxies] or [node.port for node in self.nodes]
        return self.nodes[announced.index(port)]

    def node_id(self, node):
        return RedisClient(node.port).ask("CLUSTER", "MYID")
