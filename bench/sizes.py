"""What a Quipu server costs beside requests: time to its first answer, memory, disk; empty and with ten million counters."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import servers

SYNCS = 400
STARTS = 5
COUNTERS = 10_000_000
COUNTERS_A_REQUEST = 1_000
LOADERS = 8
IDLE_SECONDS = 3
FIRST_ANSWER_SECONDS_MAX = 60
FULL_MEMORY_MB_MAX = 400
REQUEST = b"POST /counter/increment?counter=first HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def sync_latency_us():
    """(median of appending 100 bytes and making them durable, the same into space that the file has already), on the disk
    that all servers here write to. The second is the cheaper: the file system has nothing of its own to write."""
    servers.WORK.mkdir(parents=True, exist_ok=True)
    medians = []
    for space_bytes in (0, SYNCS * 100):
        with tempfile.TemporaryFile(dir=servers.WORK) as file:
            os.write(file.fileno(), bytes(space_bytes))
            os.fsync(file.fileno())
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            times = []
            for _ in range(SYNCS):
                start = time.perf_counter_ns()
                os.write(file.fileno(), b"x" * 100)
                os.fdatasync(file.fileno())
                times.append((time.perf_counter_ns() - start) / 1000)
        medians.append(statistics.median(times))
    return tuple(medians)


def first_answer_ms(directory, request=REQUEST):
    """From starting the process to the first answer to the request (an increment, unless it is given)."""
    server = servers.quipu(directory)
    with open(server.log_path, "wb") as log:
        start = time.perf_counter()
        server.process = subprocess.Popen(
            server.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    with socket.create_connection(
                        ("127.0.0.1", server.port), timeout=FIRST_ANSWER_SECONDS_MAX
                    ) as connection:
                        connection.sendall(request)
                        if connection.recv(100).startswith(b"HTTP/1.1 200 "):
                            return (time.perf_counter() - start) * 1000
                except ConnectionError:
                    pass
                if server.process.poll() is not None or time.perf_counter() - start > FIRST_ANSWER_SECONDS_MAX:
                    raise RuntimeError(f"no answer; {server.log_path} has the server's last words")
                time.sleep(0.0005)
        finally:
            server.stop()


def empty():
    """{name: (value, unit, bound, what)}"""
    starts = []
    for _ in range(STARTS):
        directory = tempfile.mkdtemp(prefix="empty-", dir=servers.WORK)
        try:
            starts.append(first_answer_ms(directory))
        finally:
            shutil.rmtree(directory)
    with servers.quipu() as server:
        time.sleep(IDLE_SECONDS)
        memory = server.memory_mb()
    return {
        "start_empty": (statistics.median(starts), "ms", 100, "start with an empty directory, to the first answer"),
        "memory_empty": (memory, "MB", 40, "idle memory, empty"),
    }


def name_of(number):
    """Spread over the whole key space and hard to compress, as names with random ids are."""
    return f"tenant/{number * 0x9E3779B97F4A7C15 % 2**64:016x}/orders"


def step_of(number):
    return number * 7919 % 1_000_003 + 1


def load_counters(port, first, last):
    """One connection's share of the counters, as arrays of a thousand."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for start in range(first, last, COUNTERS_A_REQUEST):
        increments = (
            f'{{"counter":"{name_of(i)}","by":{step_of(i)}}}'
            for i in range(start, min(start + COUNTERS_A_REQUEST, last))
        )
        body = f"[{','.join(increments)}]"
        connection.request("POST", "/counter/increment", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}: {text[:300]!r}")
    connection.close()


def disk_mb(directory):
    return sum(f.stat().st_blocks * 512 for f in pathlib.Path(directory).rglob("*") if f.is_file()) / 1e6


def ten_million(counters=COUNTERS):
    directory = tempfile.mkdtemp(prefix="full-", dir=servers.WORK)
    try:
        with servers.quipu(directory) as server:
            start = time.monotonic()
            share = -(-counters // LOADERS)
            with concurrent.futures.ProcessPoolExecutor(LOADERS) as pool:
                for done in [
                    pool.submit(load_counters, server.port, i * share, min((i + 1) * share, counters))
                    for i in range(LOADERS)
                ]:
                    done.result()
            print(f"{counters:,} counters made in {time.monotonic() - start:.0f} s", file=sys.stderr)
            time.sleep(IDLE_SECONDS)
            memory_most = server.memory_mb("VmHWM")
        starts = [first_answer_ms(directory) for _ in range(STARTS)]
        with servers.quipu(directory) as server:
            time.sleep(IDLE_SECONDS)
            memory_idle = server.memory_mb()
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", f"/counter?counter={name_of(counters - 1)}")
            last = json.loads(connection.getresponse().read())
            if last["value"] != step_of(counters - 1):
                raise RuntimeError(f"the last counter answers {last}")
        size = disk_mb(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    many = f"with {counters:,} counters"
    return {
        "start_full": (statistics.median(starts), "ms", 1000, f"start {many}, to the first answer"),
        "disk_full": (size, "MB", 1000, f"data directory {many}"),
        "memory_loading": (memory_most, "MB", FULL_MEMORY_MB_MAX, f"most memory while {counters:,} counters were made"),
        "memory_full": (memory_idle, "MB", FULL_MEMORY_MB_MAX, f"idle memory {many}, after a restart"),
    }
