#!/usr/bin/env python3
"""Quipu beside Redis, webdis and a bare server, all in one run: `make bench`.

Every round puts each load on each server in turn, so that what the machine does meanwhile hits all alike; the table has
medians over the rounds, with the smallest and the greatest. A ratio is the median of the ratios within the rounds. All write
to the same disk. Prints Markdown, and writes everything to build/bench/results.json.
"""

import argparse
import functools
import contextlib
import dataclasses
import json
import os
import platform
import statistics
import sys
import time

import loads
import servers
import sizes

CONNECTIONS = [1, 16, 64, 256]
INCREMENT = "/counter/increment?counter=orders-0000000"
WARM_UP_SECONDS = 1


@dataclasses.dataclass
class Load:
    name: str
    what: str
    put: object  # (connections, seconds) -> loads.Figure
    figures: dict = dataclasses.field(default_factory=dict)  # connections -> one Figure a round

    def median(self, connections, member):
        return statistics.median(getattr(f, member) for f in self.figures[connections])


class RedisLoad:
    """redis-benchmark wants a number of requests; the last rate says how many fill the time."""

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        self.rates = {}

    def __call__(self, connections, seconds):
        if connections not in self.rates:
            self.rates[connections] = loads.redis_benchmark(
                self.server.port, connections, 0.2, self.keys, 5_000
            ).requests_per_second
        figure = loads.redis_benchmark(self.server.port, connections, seconds, self.keys, self.rates[connections])
        self.rates[connections] = figure.requests_per_second
        return figure


def wrk_load(server, path, script=None, *arguments):
    return lambda connections, seconds: loads.wrk(
        f"http://127.0.0.1:{server.port}{path}", connections, seconds, script, arguments
    )


def start_all(stack, only):
    """Starts what the chosen loads need and returns them."""

    def wanted(name):
        return only is None or name in only

    started = functools.cache(lambda make, *arguments: stack.enter_context(make(*arguments)))
    found = []
    for name, appendfsync in [("redis-always", "always"), ("redis-everysec", "everysec")]:
        if wanted(name):
            server = started(servers.redis, name, appendfsync)
            found.append(Load(f"{name}", f"Redis INCR, appendfsync {appendfsync}, one key", RedisLoad(server, 1)))
            found.append(
                Load(
                    f"{name}-million",
                    f"Redis INCR, appendfsync {appendfsync}, a million keys",
                    RedisLoad(server, loads.MILLION),
                )
            )
    if wanted("webdis"):
        server = started(servers.webdis, started(servers.redis, "redis-always", "always"))
        found.append(Load("webdis", "webdis over Redis, appendfsync always, one key", wrk_load(server, "/INCR/orders")))
    if wanted("epoll"):
        server = started(servers.epoll_constant)
        found.append(
            Load("epoll", "an epoll loop that answers a constant", wrk_load(server, INCREMENT, "increment.lua"))
        )
    if wanted("bare"):
        server = started(servers.bare_http)
        found.append(
            Load("bare", "our HTTP server that answers a constant", wrk_load(server, INCREMENT, "increment.lua"))
        )
    if wanted("quipu"):
        server = started(servers.quipu)
        found.append(Load("quipu", "**Quipu, durable, one counter**", wrk_load(server, INCREMENT, "increment.lua")))
        found.append(
            Load("quipu-one", "Quipu, durable, one counter, scripted client", wrk_load(server, "/", "counters.lua", 1))
        )
        found.append(
            Load(
                "quipu-million",
                "Quipu, durable, a million counters, scripted client",
                wrk_load(server, "/", "counters.lua", loads.MILLION),
            )
        )
    return found


def measure(found, rounds, seconds):
    sync_us = []
    total = rounds * len(CONNECTIONS)
    for load in found:
        load.put(64, WARM_UP_SECONDS)
    for round_number in range(rounds):
        sync_us.append(sizes.sync_latency_us())
        for position, connections in enumerate(CONNECTIONS):
            progress(
                f"round {round_number + 1} of {rounds}, {connections} connections",
                round_number * len(CONNECTIONS) + position,
                total,
            )
            for load in found:
                load.figures.setdefault(connections, []).append(put(load, connections, seconds))
        print(f"round {round_number + 1} of {rounds} done", file=sys.stderr)
    progress("", total, total)
    return sync_us


def put(load, connections, seconds):
    """Once more if a connection broke, so that one hiccup does not cost the whole run; a second time is an error."""
    try:
        return load.put(connections, seconds)
    except RuntimeError as error:
        print(f"again, because {load.name} failed: {error}", file=sys.stderr)
        return load.put(connections, seconds)


def progress(text, done, total):
    if sys.stderr.isatty():
        print(
            f"\r\033[K{text + f' ({done * 100 // total} %)' if done < total else ''}",
            end="",
            file=sys.stderr,
            flush=True,
        )


# ---- report


def speed_table(found):
    lines = ["| load | connections | requests/s | least - most | p50 µs | p99 µs |", "|---|--:|--:|--:|--:|--:|"]
    for load in found:
        for connections, figures in load.figures.items():
            rates = [f.requests_per_second for f in figures]
            late = sum(f.late for f in figures)
            lines.append(
                f"| {load.what} | {connections} | {statistics.median(rates):,.0f} | {min(rates):,.0f} - {max(rates):,.0f} "
                f"| {load.median(connections, 'p50_us'):,.0f} | {load.median(connections, 'p99_us'):,.0f}"
                f"{f' ({late} answers took over 2 s)' if late else ''} |"
            )
    return lines


def ratio(found, one, other, connections):
    by_name = {load.name: load for load in found}
    if one not in by_name or other not in by_name:
        return None
    pairs = zip(by_name[one].figures[connections], by_name[other].figures[connections])
    return statistics.median(a.requests_per_second / b.requests_per_second for a, b in pairs)


def targets(found, sync_us, extra):
    """(what, the figure as text, the target as text, met)"""
    rows = []

    def at_least(what, value, bound):
        if value is not None:
            rows.append((what, f"{value:.2f}x", f"at least {bound:.2f}x", value >= bound))

    for connections in (64, 256):
        at_least(
            f"Quipu / Redis appendfsync always, {connections} connections",
            ratio(found, "quipu", "redis-always", connections),
            1.2,
        )
        at_least(f"Quipu / webdis, {connections} connections", ratio(found, "quipu", "webdis", connections), 2.0)
        at_least(
            f"Quipu / our bare HTTP server, {connections} connections", ratio(found, "quipu", "bare", connections), 0.75
        )
    for connections in (64, 256):
        at_least(
            f"our bare HTTP server / epoll loop, {connections} connections",
            ratio(found, "bare", "epoll", connections),
            0.85,
        )
    for connections in (64, 256):
        at_least(
            f"one hot counter / a million counters, {connections} connections",
            ratio(found, "quipu-one", "quipu-million", connections),
            0.95,
        )
    quipu = next((load for load in found if load.name == "quipu"), None)
    if quipu:
        latency, sync = quipu.median(1, "p50_us"), min(statistics.median(kind) for kind in zip(*sync_us))
        rows.append(
            (
                "median latency at 1 connection",
                f"{latency:.0f} µs",
                f"at most one fdatasync ({sync:.0f} µs) + 100 µs",
                latency <= sync + 100,
            )
        )
    for name, (value, unit, bound, what) in extra.items():
        rows.append((what, f"{value:,.0f} {unit}", f"at most {bound:,.0f} {unit}", value <= bound))
    return rows


def target_table(rows):
    return ["| target | measured | asked for | |", "|---|--:|--:|---|"] + [
        f"| {what} | {value} | {bound} | {'met' if met else '**missed**'} |" for what, value, bound, met in rows
    ]


def machine():
    model = next(
        (
            line.split(":")[1].strip()
            for line in open("/proc/cpuinfo", encoding="utf-8")
            if line.startswith("model name")
        ),
        "?",
    )
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="for each load, number of connections and round")
    parser.add_argument(
        "--quick", action="store_true", help="one round of one second: a first look, no figures to quote"
    )
    parser.add_argument("--only", help="of redis-always, redis-everysec, webdis, epoll, bare, quipu; comma separated")
    parser.add_argument(
        "--big", action="store_true", help="also ten million counters: start, disk and memory (a few minutes more)"
    )
    arguments = parser.parse_args()
    rounds, seconds = (1, 1) if arguments.quick else (arguments.rounds, arguments.seconds)
    only = set(arguments.only.split(",")) if arguments.only else None

    with contextlib.ExitStack() as stack:
        found = start_all(stack, only)
        if not found:
            parser.error("--only names no load")
        sync_us = measure(found, rounds, max(1, round(seconds)))
    extra = {}
    if only is None or "quipu" in only:
        extra |= sizes.empty()
        if arguments.big:
            extra |= sizes.ten_million()
    rows = targets(found, sync_us, extra)

    append_us, in_place_us = (statistics.median(kind) for kind in zip(*sync_us))
    print(
        f"{machine()}; {rounds} rounds of {seconds:g} s. 100 bytes and fdatasync take {append_us:.0f} µs where the file grows, "
        f"{in_place_us:.0f} µs in space that it has.\n"
    )
    print("\n".join(speed_table(found) + (["", *target_table(rows)] if rows else [])))
    servers.WORK.mkdir(parents=True, exist_ok=True)
    results = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "rounds": rounds,
        "seconds": seconds,
        "sync_us": sync_us,
        "loads": {
            load.name: {c: [dataclasses.asdict(f) for f in figures] for c, figures in load.figures.items()}
            for load in found
        },
        "targets": [{"what": w, "measured": v, "asked_for": b, "met": m} for w, v, b, m in rows],
    }
    (servers.WORK / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
