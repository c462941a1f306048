#!/usr/bin/env python3
"""Quipu beside Redis, webdis, a bare server, DynamoDB Local and dynalite, all in one run: `make bench`.

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

import dynamodb_big
import dynamodb_loads
import keys_loads
import loads
import servers
import sizes
import sql_loads
import store_loads

CONNECTIONS = [1, 16, 64, 256]
INCREMENT = "/counter/increment?counter=orders-0000000"
WARM_UP_CONNECTIONS = 64
PARTS = ["redis-always", "redis-everysec", "webdis", "epoll", "bare", "quipu", "keys", "dynamodb", "stores"]


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
    """Starts what the chosen loads on counters need and returns them."""
    started = functools.cache(lambda make, *arguments: stack.enter_context(make(*arguments)))
    found = []

    def wanted(name):
        return only is None or name in only

    def add(name, what, put):
        found.append(loads.Load(name, what, put, CONNECTIONS))

    for name, appendfsync in [("redis-always", "always"), ("redis-everysec", "everysec")]:
        if wanted(name):
            server = started(servers.redis, name, appendfsync)
            add(name, f"Redis INCR, appendfsync {appendfsync}, one key", RedisLoad(server, 1))
            million = RedisLoad(server, loads.MILLION)
            add(f"{name}-million", f"Redis INCR, appendfsync {appendfsync}, a million keys", million)
    if wanted("webdis"):
        server = started(servers.webdis, started(servers.redis, "redis-always", "always"))
        add("webdis", "webdis over Redis, appendfsync always, one key", wrk_load(server, "/INCR/orders"))
    if wanted("epoll"):
        server = started(servers.epoll_constant)
        add("epoll", "an epoll loop that answers a constant", wrk_load(server, INCREMENT, "increment.lua"))
    if wanted("bare"):
        server = started(servers.bare_http)
        add("bare", "our HTTP server that answers a constant", wrk_load(server, INCREMENT, "increment.lua"))
    if wanted("quipu"):
        server = started(servers.quipu)
        add("quipu", "**Quipu, durable, one counter**", wrk_load(server, INCREMENT, "increment.lua"))
        one, million = (wrk_load(server, "/", "counters.lua", keys) for keys in (1, loads.MILLION))
        add("quipu-one", "Quipu, durable, one counter, scripted client", one)
        add("quipu-million", "Quipu, durable, a million counters, scripted client", million)
    return found


def measure(found, rounds, seconds):
    """Fills in the figures of the loads; returns what a sync took at the start of each round."""
    sync_us = []
    steps = sorted({connections for load in found for connections in load.connections})
    total = rounds * len(steps)
    for load in found:
        put(load, WARM_UP_CONNECTIONS, load.warm_up_seconds)
    for round_number in range(rounds):
        sync_us.append(sizes.sync_latency_us())
        for position, connections in enumerate(steps):
            progress(
                f"round {round_number + 1} of {rounds}, {connections} connections",
                round_number * len(steps) + position,
                total,
            )
            for load in found:
                if connections in load.connections:
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


def targets(found, sync_us, extra):
    """(what, the figure as text, the target as text, met)"""
    rows = []

    def at_least(what, value, bound):
        if value is not None:
            rows.append((what, f"{value:.2f}x", f"at least {bound:.2f}x", value >= bound))

    for connections in (64, 256):
        at_least(
            f"Quipu / Redis appendfsync always, {connections} connections",
            loads.ratio(found, "quipu", "redis-always", connections),
            1.2,
        )
        at_least(f"Quipu / webdis, {connections} connections", loads.ratio(found, "quipu", "webdis", connections), 2.0)
        at_least(
            f"Quipu / our bare HTTP server, {connections} connections", loads.ratio(found, "quipu", "bare", connections), 0.75
        )
    for connections in (64, 256):
        at_least(
            f"our bare HTTP server / epoll loop, {connections} connections",
            loads.ratio(found, "bare", "epoll", connections),
            0.85,
        )
    for connections in (64, 256):
        at_least(
            f"one hot counter / a million counters, {connections} connections",
            loads.ratio(found, "quipu-one", "quipu-million", connections),
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
    for what, value, bound in keys_loads.targets(found) + dynamodb_loads.targets(found):
        at_least(what, value, bound)
    stores_at_least, stores_at_most = (a + b for a, b in zip(store_loads.targets(found), sql_loads.targets(found)))
    for what, value, bound in stores_at_least:
        at_least(what, value, bound)
    for what, value, bound in dynamodb_big.targets(found) + stores_at_most:
        rows.append((what, f"{value:.2f}x", f"at most {bound:.2f}x", value <= bound))
    for value, unit, bound, what in extra.values():
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


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="for each load, number of connections and round")
    parser.add_argument(
        "--quick", action="store_true", help="one round of one second: a first look, no figures to quote"
    )
    parser.add_argument("--only", help=f"of {', '.join(PARTS)}; comma separated")
    parser.add_argument(
        "--big", action="store_true", help="also ten million counters and ten million items (a few minutes more each)"
    )
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 1
    arguments.only = set(arguments.only.split(",")) if arguments.only else set(PARTS)
    if unknown := arguments.only - set(PARTS):
        parser.error(f"--only knows no {', '.join(sorted(unknown))}")
    return arguments


def measure_all(arguments):
    """(loads with their figures, what a sync took, sizes); one part after the other, each with only its own servers up."""
    found, sync_us, extra = [], [], {}
    if counters := arguments.only - {"keys", "dynamodb", "stores"}:
        with contextlib.ExitStack() as stack:
            found += start_all(stack, counters)
            sync_us += measure(found, arguments.rounds, arguments.seconds)
    if "quipu" in arguments.only:
        extra |= sizes.empty()
        if arguments.big:
            extra |= sizes.ten_million()
    if "keys" in arguments.only:
        with contextlib.ExitStack() as stack:
            keys = keys_loads.start_all(stack)
            sync_us += measure(keys, arguments.rounds, arguments.seconds)
        found += keys
    if "dynamodb" in arguments.only:
        with contextlib.ExitStack() as stack:
            tables = dynamodb_loads.start_all(stack)
            sync_us += measure(tables, arguments.rounds, arguments.seconds)
        found += tables
        if arguments.big:
            with contextlib.ExitStack() as stack:
                tables, figures, asked_last = dynamodb_big.start_all(stack)
                sync_us += measure(tables, arguments.rounds, arguments.seconds)
                extra |= figures | asked_last()
            found += tables
    if "stores" in arguments.only:
        with contextlib.ExitStack() as stack:
            stores = store_loads.start_all(stack)
            sync_us += measure(stores, arguments.rounds, arguments.seconds)
        found += stores
        with contextlib.ExitStack() as stack:
            stores = sql_loads.start_all(stack)
            sync_us += measure(stores, arguments.rounds, arguments.seconds)
        found += stores
    return found, sync_us, extra


def main():
    arguments = read_arguments()
    servers.WORK.mkdir(parents=True, exist_ok=True)
    found, sync_us, extra = measure_all(arguments)
    rows = targets(found, sync_us, extra)
    rounds, seconds = arguments.rounds, arguments.seconds

    append_us, in_place_us = (statistics.median(kind) for kind in zip(*sync_us))
    print(
        f"{machine()}; {rounds} rounds of {seconds} s. 100 bytes and fdatasync take {append_us:.0f} µs where the file grows, "
        f"{in_place_us:.0f} µs in space that it has.\n"
    )
    print("\n".join(speed_table(found) + (["", *target_table(rows)] if rows else [])))
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
