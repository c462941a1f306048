"""Starts, stops, kills and starts again a real server, on a free loopback port."""

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from quipu_client import Client

ROOT = Path(__file__).resolve().parent.parent
START_DEADLINE_S = 30
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def binary():
    return Path(os.environ.get("QUIPU_BINARY", ROOT / "build/release/quipu")).resolve()


def clean_environment(extra=None):
    """Without the caller's settings, so that only what a test says counts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUIPU_")}
    return {**kept, **(extra or {})}


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, deadline_s=10, what=None, every_s=0.005):
    """The first true value of condition()."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline_s} s: {what or condition}"
        time.sleep(every_s)


def run_quipu(*arguments, env=None, cwd=None, timeout_s=30, input_text=None):
    """A command that ends by itself."""
    return subprocess.run([str(binary()), *map(str, arguments)], env=clean_environment(env), cwd=cwd, input=input_text,
                          capture_output=True, text=True, timeout=timeout_s, preexec_fn=die_with_parent)


def live_log(data):
    """The log that a killed server was writing, and how much of it was written: the rest is space it had not used yet."""
    log = max(data.rglob("*.log"), key=lambda path: path.stat().st_size)
    return log, len(log.read_bytes().rstrip(b"\0"))


class RefusedToStart(Exception):
    def __init__(self, code, output):
        super().__init__(f"exit code {code}: {output}")
        self.code = code
        self.output = output


class QuipuServer:
    def __init__(self, directory, flags=(), env=None, dev=True, scheme="http", context=None,
                 listen="127.0.0.1:0"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.flags = list(flags)
        self.env = env or {}
        self.dev = dev
        self.scheme = scheme
        self.listen = listen
        self.context = context
        self.process = None
        self.url = None
        self.outputs = []
        self._client = None

    # --- life

    def start(self, more_flags=(), data_flag=True):
        assert self.process is None
        output = self.directory / f"output-{len(self.outputs)}.txt"
        self.outputs.append(output)
        arguments = [str(binary()), "serve", "--listen", self.listen]
        if data_flag:
            arguments += ["--data", str(self.data)]
        if self.dev:
            arguments.append("--dev")
        with open(output, "wb") as out:
            self.process = subprocess.Popen([*arguments, *self.flags, *more_flags], stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL, cwd=self.directory,
                                            env=clean_environment(self.env), preexec_fn=die_with_parent)
        address = wait_until(self._address_or_end, START_DEADLINE_S, "the server listens")
        if self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            raise RefusedToStart(code, self.output())
        self.url = address
        self._client = None
        return self

    def _address_or_end(self):
        if self.process.poll() is not None:
            return "ended"
        found = re.search(rf"listens on ({self.scheme}://\S+:\d+)", self.output())
        return found and found.group(1)

    def output(self):
        """What it printed since its last start, on both streams."""
        return self.outputs[-1].read_text(errors="replace")

    def all_output(self):
        return "".join(file.read_text(errors="replace") for file in self.outputs)

    def terminate(self, deadline_s=15):
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_for_end(deadline_s)

    def wait_for_end(self, deadline_s=15):
        code = self.process.wait(deadline_s)
        self.process = None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, how="terminate", more_flags=()):
        if how == "kill":
            self.kill()
        else:
            assert self.terminate() == 0, self.output()
        return self.start(more_flags)

    def discard(self):
        if self.process:
            self.kill()

    # --- asking

    def new_client(self, **settings):
        return Client(self.url, context=self.context, **settings)

    @property
    def client(self):
        if self._client is None:
            self._client = self.new_client()
        return self._client


class RemoteServer:
    """Somebody else's server, given by its address: what needs the process itself is skipped."""

    def __init__(self, url, headers):
        self.url = url
        self.headers = headers
        self.client = self.new_client()

    def new_client(self, **settings):
        return Client(self.url, **{"headers": self.headers, **settings})
