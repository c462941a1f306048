"""A store's own server, started by a test on a free loopback port, killed and started again."""

import os
import random
import socket
import subprocess
from pathlib import Path

from quipu_server import die_with_parent, wait_until

START_SECONDS_MAX = 60
# The system takes higher ones for connections, also while a store that had one is down.
PORTS = range(10_000, 32_768)

_given = set()


def free_port(ports=PORTS, also=()):
    """Nobody has it, nor those that lie `also` above it."""
    while True:
        port = random.choice(ports)
        wanted = {port, *(port + above for above in also)}
        if not wanted & _given and all(map(_is_free, wanted)):
            _given.update(wanted)
            return port


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class StoreProcess:
    """`command` is a function of the process, asked at every start, so that it sees `port` and `directory`. `ready` says
    whether it can be asked; by default, whether somebody listens."""

    def __init__(self, name, directory, command, port=None, ready=None, env=None):
        self.name = name
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.process = None
        self._command, self._ready, self._env = command, ready or StoreProcess.listens, env

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        assert self.process is None, f"{self.name} runs already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in self._command(self)], cwd=self.directory, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                            env={**os.environ, **self._env} if self._env else None)
        wait_until(self._is_up, START_SECONDS_MAX, f"{self.name} is up")
        return self

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def terminate(self, deadline_s=30):
        self.process.terminate()
        self.process.wait(deadline_s)
        self.process = None

    def listens(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    @property
    def log(self):
        return self.directory / "output.txt"

    def _is_up(self):
        assert self.process.poll() is None, f"{self.name} ended: {self.log.read_text(errors='replace')[-3000:]}"
        return self._ready(self)
