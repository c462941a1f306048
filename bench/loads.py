"""Puts a load on a server with redis-benchmark or wrk and reads what they report."""

import csv
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MILLION = 1_000_000


@dataclasses.dataclass
class Figure:
    requests_per_second: float
    p50_us: float
    p99_us: float
    late: int = 0  # answers that took longer than wrk waits, two seconds


@dataclasses.dataclass
class Load:
    name: str
    what: str
    put: object  # (connections, seconds) -> Figure
    connections: list  # the numbers of connections that it is measured with
    warm_up_seconds: int = 1
    figures: dict = dataclasses.field(default_factory=dict)  # connections -> one Figure a round

    def median(self, connections, member):
        return statistics.median(getattr(f, member) for f in self.figures[connections])


def ratio(found, one, other, connections, member="requests_per_second"):
    """The median of the ratios within the rounds; None if one of the two was not measured."""
    by_name = {load.name: load for load in found}
    if one not in by_name or other not in by_name:
        return None
    pairs = zip(by_name[one].figures[connections], by_name[other].figures[connections])
    return statistics.median(getattr(a, member) / getattr(b, member) for a, b in pairs)


def run(command, seconds_max):
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=seconds_max, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(map(str, command))} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def redis_benchmark(port, connections, seconds, keys, rate):
    """It knows a number of requests, not a time: `rate` is what was reached before, so that it lasts about as long as asked.
    Both kinds of run have -r: with one key it changes nothing but the name."""
    requests = max(int(rate * seconds), connections * 20)
    random_keys = ["-r", keys] if keys > 1 else []
    out = run(
        [
            "redis-benchmark",
            "-h",
            "127.0.0.1",
            "-p",
            port,
            "-c",
            connections,
            "-n",
            requests,
            "-t",
            "incr",
            "-P",
            "1",
            "--csv",
            *random_keys,
        ],
        seconds * 20 + 60,
    )
    row = next(csv.DictReader(line for line in out.splitlines() if line.startswith('"')))
    return Figure(float(row["rps"]), float(row["p50_latency_ms"]) * 1000, float(row["p99_latency_ms"]) * 1000)


def redis_benchmark_command(port, connections, seconds, command, rate):
    """One command with all its words, again and again; as redis_benchmark() otherwise."""
    requests = max(int(rate * seconds), connections * 20)
    words = ["redis-benchmark", "-h", "127.0.0.1", "-p", port, "-c", connections, "-n", requests, "--csv", *command]
    out = run(words, seconds * 20 + 60)
    # The name in the first column is the command itself, with quotes and line ends of its own.
    figures = re.findall(r'"([\d.]+)"', out.strip().rsplit("\n", 1)[-1])[-7:]
    rate, _, _, p50, _, p99, _ = (float(f) for f in figures)
    return Figure(rate, p50 * 1000, p99 * 1000)


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def wrk(url, connections, seconds, script=None, arguments=()):
    # One thread keeps up with one connection; more connections share as many threads as there are cores.
    threads = min(connections, os.cpu_count())
    command = ["wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s", "--latency"]
    if script:
        command += ["-s", HERE / script]
    out = run([*command, url, *(["--", *arguments] if arguments else [])], seconds * 3 + 60)
    late = 0
    if errors := re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out):
        late = int(errors.group(4))
    if re.search(r"Non-2xx", out) or (errors and any(int(n) for n in errors.groups()[:3])):
        raise RuntimeError(f"{url} did not answer all:\n{out}")
    if re.search(r"^\s+0 requests in ", out, re.MULTILINE):
        raise RuntimeError(f"{url} answered nothing:\n{out}")
    percentile = {
        p: microseconds(v) for p, v in re.findall(r"^\s+(\d+)%\s+([\d.]+(?:us|ms|s|m))\s*$", out, re.MULTILINE)
    }
    return Figure(float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), percentile["50"], percentile["99"], late)
