"""32 clients that count on a store through Quipu while everything between the two breaks, and the judgement of all that they
were told.

    faults = Faults(server.url, "redis", proxy, store)
    count_under_faults(server, "redis", faults, ["a", "b"], read)               without a maximum
    count_to_maximum_under_faults(server, "redis", faults, 200, "c", read)      with one

`proxy` is a FaultProxy, `store` has kill() and start(), `read` gives what the store itself says of a counter.

STORE_LOAD_INCREMENTS is how many increments each client makes; 5000 is the full run.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from load_client import ACKED, REFUSED, UNKNOWN, LoadClient
from quipu_server import binary, clean_environment, die_with_parent, wait_until

CLIENTS = 32
INCREMENTS = int(os.environ.get("STORE_LOAD_INCREMENTS", "250"))  # by each client, at least
RUN_SECONDS_MAX = 900
STORES_WITH_MARKERS = ("local", "redis", "dynamo", "tidb", "docdb")
MARKED_ONE_IN = 4
# A client that was answered 500 waits, as real ones do; else a dead store would make a history of nothing but errors.
PAUSE_AFTER_ERROR_S = 0.02
FAULT_S = 0.6  # how long one lasts, if it has fired by then
FIRES_WITHIN_S = 20
# From the fault's end to the first increment that works: the pause between looks at a dead store, twice, and some time for a
# machine that is busy.
RECOVERY_S_MAX = 8
DEAD_ANSWER_S_MAX = 0.050
CALM_COUNTERS_MAX = 10


class History:
    """What became of every operation: by counter, (invoked, returned, outcome, value), in nanoseconds of one clock."""

    def __init__(self):
        self.by_counter = {}
        self._lock = threading.Lock()

    def add(self, counter, operations):
        with self._lock:
            self.by_counter.setdefault(counter, []).extend(operations)

    def count(self, outcome, counter=None):
        lists = self.by_counter.values() if counter is None else [self.by_counter.get(counter, [])]
        return sum(o[2] == outcome for operations in lists for o in operations)

    def values(self, counter):
        return [o[3] for o in self.by_counter.get(counter, []) if o[2] == ACKED]

    def tell(self, faults):
        """For who runs it with `pytest -rP`."""
        counts = {outcome: self.count(outcome) for outcome in (ACKED, REFUSED, UNKNOWN)}
        recovered = {fault: round(seconds, 2) for fault, seconds in faults.recovered_s.items()}
        print(f"{counts}; faults that fired: {dict(faults.proxy.fired)}; killed {faults.kills} times; worked again after, "
              f"at most (s): {recovered}")

    def as_text(self):
        lines = []
        for number, operations in enumerate(self.by_counter.values()):
            lines.append(f"counter c{number} 0 1")
            for invoked, returned, outcome, value in operations:
                # What was lost on its way may still take effect when the caller has long given up: its end is open.
                end = "-" if outcome == UNKNOWN else returned
                lines.append(f"increment {invoked} {end} {outcome}" + (f" {value}" if outcome == ACKED else ""))
        return "\n".join(lines) + "\n"

    def what_is_wrong(self):
        """None if all is right. By the checker of `quipu torture`, which test_checkers_agree.py holds to a second one."""
        checked = subprocess.run([str(binary()), "torture", "check-history", "-"], input=self.as_text(),
                                 env=clean_environment(), capture_output=True, text=True, timeout=300)
        wrong = [line for line in checked.stdout.splitlines() if not line.endswith(" ok")]
        if checked.returncode != 0 and not wrong:
            wrong = [f"the checker ended with {checked.returncode}: {checked.stdout}{checked.stderr}"]
        return "\n".join(wrong) or None

    def judge(self, keep_in=None):
        wrong = self.what_is_wrong()
        if wrong and keep_in:
            (keep_in / "history.txt").write_text(self.as_text())
            wrong += f"\nthe history is {keep_in / 'history.txt'}"
        assert not wrong, wrong

    def check_reads(self, read):
        """What the store says now: no less than was acknowledged, no more than was tried."""
        for counter in self.by_counter:
            value, acked = read(counter), self.values(counter)
            assert value >= max(acked, default=0), f"{counter} is {value}, but {max(acked)} was acknowledged"
            tried = len(acked) + self.count(UNKNOWN, counter)
            assert value <= tried, f"{counter} is {value} after {tried} increments"


class Load:
    """`clients` are functions of a counter's name that give (outcome, value, ...), one for each thread. `choose` gives the
    n-th counter of a client, or None when it has nothing more to do."""

    def __init__(self, clients, choose):
        self.clients = clients
        self.choose = choose
        self.history = History()
        self._threads = []
        self._made = [0] * len(clients)

    def start(self):
        for index, client in enumerate(self.clients):
            thread = threading.Thread(target=self._run, args=(index, client), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def wait(self):
        end = time.monotonic() + RUN_SECONDS_MAX
        for thread in self._threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), "a client never got its answer"
        return self.history

    def least_made(self):
        """Of all clients, how many increments the slowest has made."""
        return min(self._made)

    def _run(self, index, client):
        mine = {}
        for n in itertools.count():
            counter = self.choose(n)
            if counter is None:
                break
            invoked = time.monotonic_ns()
            outcome, value, *_ = client(counter)
            mine.setdefault(counter, []).append((invoked, time.monotonic_ns(), outcome, value))
            self._made[index] = n + 1
            if outcome == UNKNOWN:
                time.sleep(PAUSE_AFTER_ERROR_S)
        for counter, operations in mine.items():
            self.history.add(counter, operations)


class Watcher:
    """Counts on the store `local` all the while, and remembers how long each answer took."""

    def __init__(self, url, counter):
        self.seconds, self.failed = [], 0
        self._command = [sys.executable, str(Path(__file__).parent / "watcher.py"), url, counter]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         preexec_fn=die_with_parent)
        return self

    def __exit__(self, *_):
        seen, _ = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, "it ended with an error"
        answers = json.loads(seen)
        self.seconds, self.failed = answers["seconds"], answers["failed"]

    def check(self):
        assert self.seconds and not self.failed, f"{self.failed} of {len(self.seconds)} increments of `local` failed"
        median, worst = statistics.median(self.seconds), max(self.seconds)
        assert median < 0.1 and worst < 2, f"`local` took {median * 1000:.0f} ms, once {worst * 1000:.0f} ms"


class Faults:
    """Goes through the faults one after another, with `healthy_s` after each. `store` has kill() and start(), or is None."""

    KINDS = ("refuse", "black_hole", "drop_after", "reset_mid_reply", "stall", "garbage")

    def __init__(self, url, store_name, proxy, store=None, only=None, healthy_s=0):
        self.probe = LoadClient(url, store_name)
        self.proxy, self.store, self.only, self.healthy_s = proxy, store, only, healthy_s
        self.recovered_s = {}
        self.kills = 0

    def run_all(self):
        for fault in self.KINDS:
            fired = self.proxy.fired[fault]
            hits_answers = fault in ("drop_after", "reset_mid_reply", "garbage")
            self.proxy.fail(fault, only=self.only if hits_answers else None, chance=0.3 if hits_answers else 1.0)
            time.sleep(FAULT_S)
            wait_until(lambda: self.proxy.fired[fault] > fired, FIRES_WITHIN_S, f"the fault {fault} fires")
            self.proxy.heal()
            self._wait_for_recovery(fault)
        if self.store:
            self.store.kill()
            time.sleep(FAULT_S)
            self.store.start()
            self.kills += 1
            self._wait_for_recovery("kill")

    def _wait_for_recovery(self, fault):
        start = time.monotonic()
        # 409 is an answer of a store that works: a counter that all runs share comes to its maximum.
        wait_until(lambda: self.probe("probe")[2] in (200, 409), RECOVERY_S_MAX, f"increments work after {fault}", 0.02)
        self.recovered_s[fault] = max(time.monotonic() - start, self.recovered_s.get(fault, 0))
        time.sleep(self.healthy_s)

    def check(self):
        missing = [fault for fault in self.KINDS if not self.proxy.fired[fault]]
        assert not missing, f"never fired: {missing}"
        assert self.store is None or self.kills > 0


def clients_of(server, store_name, count=CLIENTS, marked_one_in=None):
    """With `marked_one_in`, so many of them send an Idempotency-Key."""
    return [LoadClient(server.url, store_name, marked=bool(marked_one_in) and n % marked_one_in == 0) for n in range(count)]


def count_under_faults(server, store_name, faults, counters, read, keep_in=None):
    """The unconditional run: every client makes INCREMENTS increments, and goes on until all faults were there. Some send an
    Idempotency-Key, if the store knows them."""
    went_through = threading.Event()

    def choose(n):
        return None if n >= INCREMENTS and went_through.is_set() else counters[n % len(counters)]

    load = Load(clients_of(server, store_name, marked_one_in=MARKED_ONE_IN if store_name in STORES_WITH_MARKERS else None), choose)
    with Watcher(server.url, "beside") as beside:
        load.start()
        try:
            faults.run_all()
            while load.least_made() < INCREMENTS:
                faults.run_all()
        finally:
            went_through.set()
        history = load.wait()
    history.tell(faults)
    faults.check()
    beside.check()
    history.judge(keep_in)
    history.check_reads(read)
    assert history.count(ACKED) >= CLIENTS * INCREMENTS // 10, "hardly any increment worked"
    return history


def count_to_maximum_under_faults(server, store_name, faults, maximum, counter_name, read, keep_in=None):
    """The conditional run: all clients count one counter after another up to the maximum, and some over it. `server` has
    conditional writes with that maximum."""
    went_through = threading.Event()
    current = itertools.count(1)
    state = {"counter": f"{counter_name}-0"}

    def choose(n):
        return None if n >= INCREMENTS and went_through.is_set() else state["counter"]

    def moving_on(client):
        def increment(counter):
            answer = client(counter)
            if answer[0] == REFUSED and counter == state["counter"]:
                state["counter"] = f"{counter_name}-{next(current)}"
            return answer
        return increment

    load = Load([moving_on(client) for client in clients_of(server, store_name)], choose).start()
    try:
        faults.run_all()
    finally:
        went_through.set()
    history = load.wait()
    history.tell(faults)
    faults.check()
    history.judge(keep_in)
    history.check_reads(read)
    for counter in history.by_counter:
        acked, unknown = len(history.values(counter)), history.count(UNKNOWN, counter)
        refused = history.count(REFUSED, counter)
        assert acked <= maximum and read(counter) <= maximum, f"{counter}: {acked} increments, maximum {maximum}"
        if refused:
            assert acked + unknown >= maximum, f"{counter}: refused after {acked} + {unknown} of {maximum}"
            assert read(counter) == maximum
        if refused and not unknown:
            assert acked == maximum, f"{counter}: {acked} of {maximum}"
    fill_undisturbed(server, store_name, maximum, counter_name, read)
    return history


def fill_undisturbed(server, store_name, maximum, counter_name, read):
    """When the faults are over, a counter takes exactly its maximum. What the faults left behind, such as a connection that the
    store has long given up, may still cost an answer: then it is the next counter's turn."""
    for n in range(CALM_COUNTERS_MAX):
        counter = f"{counter_name}-calm-{n}"
        history = fill(server, store_name, counter)
        history.judge()
        if not history.count(UNKNOWN):
            assert sorted(history.values(counter)) == list(range(1, maximum + 1))
            assert read(counter) == maximum
            return
    raise AssertionError(f"the faults are over, and increments of {CALM_COUNTERS_MAX} counters were still without an answer")


def fill(server, store_name, counter):
    """All clients increment it until it is full."""
    full = threading.Event()

    def until_full(client):
        def increment(name):
            answer = client(name)
            if answer[0] == REFUSED:
                full.set()
            return answer
        return increment

    clients = [until_full(client) for client in clients_of(server, store_name)]
    return Load(clients, lambda _: None if full.is_set() else counter).start().wait()


def answers_while_dead(server, store_name, calls=50):
    """How long a store that is dead takes to say so, once that is known: the seconds of each of `calls` answers."""
    client = LoadClient(server.url, store_name)
    for _ in range(5):  # the first ones find out
        assert client("while-dead")[2] == 500
    seconds = []
    for _ in range(calls):
        time.sleep(0.02)
        start = time.monotonic()
        assert client("while-dead")[2] == 500
        seconds.append(time.monotonic() - start)
    client.close()
    return seconds


def check_dead_store(server, store_name):
    with Watcher(server.url, "beside-dead") as beside:
        seconds = answers_while_dead(server, store_name)
    beside.check()
    slow = sum(s > DEAD_ANSWER_S_MAX for s in seconds)
    # A look whether it is back may coincide with a call; on a busy machine one more is late for no reason of ours.
    assert slow <= len(seconds) // 10, f"{slow} of {len(seconds)} answers took over {DEAD_ANSWER_S_MAX * 1000:.0f} ms"
