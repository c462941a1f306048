"""A TCP proxy in front of a store, with faults that are switched on and off while it runs.

    with FaultProxy(port_of_the_store) as proxy:
        proxy.fail("drop_after", times=1, only=b"INCR")
        ...
        assert proxy.fired["drop_after"] == 1
        proxy.heal()

| fault | what the client sees |
|---|---|
| refuse | connections are reset, those that there are and those that come |
| black_hole | connections are accepted, and nothing is ever heard |
| drop_after | the store does what it was asked; its answer is dropped and the connection cut |
| reset_mid_reply | the first bytes of an answer, then a reset |
| stall | the answer comes `stall_s` late |
| garbage | random bytes instead of the answer |

What hits an answer can be narrowed: `only` to answers to what contains these bytes, or some of several (so that no handshake is hit), `chance`
to some of them, `times` to so many, after which the proxy is healed.

`alter` is for what only a test knows: a function of each request that gives what the store gets instead.
"""

import collections
import os
import random
import socket
import struct
import threading

FAULTS = ("refuse", "black_hole", "drop_after", "reset_mid_reply", "stall", "garbage")
MID_REPLY_BYTES = 3
ACCEPT_POLL_S = 0.05


def reset(connection):
    """Closes with RST instead of FIN, also under a thread that waits in it."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    try:
        connection.close()
    except OSError:
        pass


class FaultProxy:
    def __init__(self, port, host="127.0.0.1", seed=None):
        self.target = (host, port)
        self.stall_s = 5.0
        self.alter = None
        self.fired = collections.Counter()
        self.connections_made = 0
        self.seed = int.from_bytes(os.urandom(4)) if seed is None else seed
        self._chance_of = random.Random(self.seed)
        self._lock = threading.Lock()
        self._fault, self._only, self._chance, self._times = None, None, 1.0, None
        self._pairs = set()
        self._healed = threading.Event()  # ends stalls
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(ACCEPT_POLL_S)
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, name="fault-proxy", daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing = True
        self._healed.set()
        self._listener.close()
        self.cut_all()

    # --- what the test says

    def fail(self, fault, only=None, chance=1.0, times=None):
        assert fault in FAULTS, fault
        with self._lock:
            self._only = (only,) if isinstance(only, bytes) else only
            self._fault, self._chance, self._times = fault, chance, times
            self._healed.clear()
        if fault == "refuse":
            self.fired[fault] += self.cut_all()

    def heal(self):
        """A connection that has lost bytes is cut: to go on with the next ones would be a fault of its own."""
        with self._lock:
            self._fault = None
            self._healed.set()
            holed = [pair for pair in self._pairs if pair.lost_bytes]
        for pair in holed:
            pair.cut()

    def cut_all(self):
        """Gives how many there were."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut()
        return len(pairs)

    @property
    def fault(self):
        return self._fault

    @property
    def connections(self):
        """How many there are."""
        with self._lock:
            return len(self._pairs)

    # --- what connections ask

    def _strikes(self, faults, asked=b""):
        """The fault that hits now; it counts as fired."""
        with self._lock:
            fault = self._fault
            if fault not in faults or (self._only and not any(words in asked for words in self._only)):
                return None
            if self._chance < 1 and self._chance_of.random() >= self._chance:
                return None
            self.fired[fault] += 1
            if self._times is not None:
                self._times -= 1
                if self._times <= 0:
                    self._fault = None
            return fault

    def _accept(self):
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections_made += 1
            client.settimeout(None)
            if self._strikes(("refuse",)):
                reset(client)
                continue
            try:
                store = socket.create_connection(self.target, timeout=5)
            except OSError:
                reset(client)
                continue
            store.settimeout(None)
            pair = _Pair(self, client, store)
            with self._lock:
                self._pairs.add(pair)
            pair.start()


class _Pair:
    """A client's connection and the one to the store, with a thread for each direction."""

    def __init__(self, proxy, client, store):
        self.proxy, self.client, self.store = proxy, client, store
        self.asked = b""  # since the last answer
        self.lost_bytes = False
        self._cut = False
        for end in (client, store):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        for direction in (self._requests, self._answers):
            threading.Thread(target=self._run, args=(direction,), name="fault-proxy-pair", daemon=True).start()

    def cut(self):
        self._cut = True
        reset(self.client)
        reset(self.store)
        with self.proxy._lock:
            self.proxy._pairs.discard(self)

    def _run(self, direction):
        try:
            direction()
        except OSError:
            pass
        self.cut()

    def _requests(self):
        while data := self.client.recv(65536):
            if self.proxy._strikes(("black_hole",)):
                self.lost_bytes = True
                continue
            self.asked = (self.asked + data)[-65536:]
            alter = self.proxy.alter
            self.store.sendall(alter(data) if alter else data)

    def _answers(self):
        while data := self.store.recv(65536):
            asked, self.asked = self.asked, b""
            fault = self.proxy._strikes(("black_hole", "drop_after", "reset_mid_reply", "stall", "garbage"), asked)
            if fault == "black_hole":
                self.lost_bytes = True
                continue
            if fault == "drop_after":
                return
            if fault == "reset_mid_reply":
                self.client.sendall(data[: min(MID_REPLY_BYTES, len(data) - 1)])
                # What is in our buffer goes out before the reset, which would throw it away.
                self.proxy._healed.wait(0.01)
                return
            if fault == "stall":
                self.proxy._healed.wait(self.proxy.stall_s)
            if fault == "garbage":
                data = os.urandom(len(data))
            self.client.sendall(data)
