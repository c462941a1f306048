#!/usr/bin/env python3
"""Sends random requests to a Quipu server and to DynamoDB Local, and compares the answers.

    test/dynamodb/differential.py --operations 100000 --seed 7                 starts both
    test/dynamodb/differential.py --quipu http://localhost:7070 --oracle http://localhost:8000

On a difference it looks for the shortest sequence of requests that still shows it, prints that as JSON, and goes on with new
tables until there have been --differences of them. The same seed makes the same requests. Exit status 1 if anything differed.
"""

import argparse
import http.client
import json
import random
import re
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from answer_difference import Answer, canonical, difference  # noqa: E402
from dynamodb_client import ANY_CREDENTIALS, CONTENT_TYPE, target  # noqa: E402
from random_requests import Requests  # noqa: E402

TABLES = 4
CHECK_EVERY = 300  # operations; then whole tables are compared, and one makes place for another
SHRINK_SECONDS_MAX = 60
PAGES_MAX = 1000
SAY_EVERY = 10_000  # operations
RUNS = 2  # at once; DynamoDB Local gains nothing from more


class Server:
    """One connection, asked in two steps, so that both servers work at once."""

    def __init__(self, url, is_oracle=False):
        self.is_oracle = is_oracle
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def ask(self, operation, body):
        self.connection.request("POST", "/", body, {**ANY_CREDENTIALS, "Content-Type": CONTENT_TYPE,
                                                    "X-Amz-Target": target(operation)})

    def answer(self):
        response = self.connection.getresponse()
        data = response.read()
        try:
            body = json.loads(data)
        except ValueError:
            body = {"__type": "#", "message": data.decode(errors="replace")[:500]}
        if response.status == 200:
            return Answer(200, "", "", [body])
        message = body.get("message", body.get("Message", ""))
        return Answer(response.status, body.get("__type", "").rpartition("#")[2], message, [body])

    def call(self, operation, members):
        self.ask(operation, json.dumps(members).encode())
        return self.answer()

    def gather(self, operation, members, how):
        """All pages, one after the other."""
        if how == "segments":
            parts = [self.gather(operation, {**members, "Segment": segment}, "pages") for segment in range(members["TotalSegments"])]
            refused = next((part for part in parts if part.status != 200), None)
            return refused or Answer(200, "", "", [page for part in parts for page in part.pages])
        answer = self.call(operation, members)
        pages = list(answer.pages)
        while answer.status == 200 and "LastEvaluatedKey" in answer.pages[0] and len(pages) < PAGES_MAX:
            answer = self.call(operation, {**members, "ExclusiveStartKey": answer.pages[0]["LastEvaluatedKey"]})
            pages += answer.pages
        return answer._replace(pages=pages if answer.status == 200 else answer.pages)

    def stream_changes(self, table):
        """{key: [(what, new, old), ...]} of all that the table's stream holds."""
        arn = self.call("DescribeTable", {"TableName": table}).pages[0]["Table"]["LatestStreamArn"]
        changes = {}
        for shard in self.call("DescribeStream", {"StreamArn": arn}).pages[0]["StreamDescription"]["Shards"]:
            iterator = self.call("GetShardIterator", {"StreamArn": arn, "ShardId": shard["ShardId"],
                                                      "ShardIteratorType": "TRIM_HORIZON"}).pages[0]["ShardIterator"]
            while iterator:
                page = self.call("GetRecords", {"ShardIterator": iterator}).pages[0]
                for record in page["Records"]:
                    change = record["dynamodb"]
                    changes.setdefault(json.dumps(canonical(change["Keys"], self.is_oracle), sort_keys=True), []).append(
                        [record["eventName"], change.get("NewImage"), change.get("OldImage")])
                iterator = page.get("NextShardIterator") if page["Records"] else None
        return changes


class Pair:
    """Ours and the oracle, asked alike."""

    def __init__(self, ours, oracle):
        self.ours = Server(ours)
        self.oracle = Server(oracle, is_oracle=True)

    def differ(self, operation, members, how):
        """(difference or None, our answer, the oracle's)"""
        if operation == "Stream":
            ours, theirs = (Answer(200, "", "", [server.stream_changes(members["TableName"])]) for server in (self.ours, self.oracle))
        elif how == "one":
            body = json.dumps(members).encode()
            self.ours.ask(operation, body)
            self.oracle.ask(operation, body)
            ours, theirs = self.ours.answer(), self.oracle.answer()
        else:
            ours, theirs = (server.gather(operation, members, how) for server in (self.ours, self.oracle))
        return difference(operation, members, how, ours, theirs), ours, theirs

    def wait_for(self, table):
        for server in (self.ours, self.oracle):
            while server.call("DescribeTable", {"TableName": table}).pages[0]["Table"]["TableStatus"] != "ACTIVE":
                time.sleep(0.01)

    def drop(self, table):
        for server in (self.ours, self.oracle):
            server.call("DeleteTable", {"TableName": table})


class Run:
    def __init__(self, pair, seed, without=()):
        self.pair = pair
        self.chance = random.Random(seed)
        self.requests = Requests(self.chance, without)
        self.schemas = []
        self.history = {}  # table: its requests
        self.done = 0

    def perform(self, request):
        """None, or what differed."""
        operation, members, how = request
        text = json.dumps(members)
        for schema in self.schemas:
            if schema.table in text:
                self.history[schema.table].append((self.done, request))
        found, ours, theirs = self.pair.differ(operation, members, how)
        self.done += 1
        return found and (found, request, ours, theirs)

    def new_table(self):
        schema = self.requests.v.schema(f"differential_{uuid.uuid4().hex[:12]}")
        self.schemas.append(schema)
        self.history[schema.table] = []
        found = self.perform(("CreateTable", schema.creation(), "one"))
        if not found:
            self.pair.wait_for(schema.table)
        return found

    def forget(self, schema):
        self.pair.drop(schema.table)
        self.schemas.remove(schema)
        del self.history[schema.table]

    def check(self):
        """Compares all that is in the tables, and what the streams say of it."""
        for schema in self.schemas:
            requests = [("Scan", {"TableName": schema.table}, "pages")]
            requests += [("Scan", {"TableName": schema.table, "IndexName": index.name}, "pages") for index in schema.indexes]
            requests += [("Stream", {"TableName": schema.table}, "one")] if schema.stream else []
            for request in requests:
                found = self.perform(request)
                if found:
                    return found
        return None

    def run(self, operations):
        """Until something differs; then it gives that, and has forgotten all tables."""
        since = 0
        while operations > self.done:
            while len(self.schemas) < TABLES:
                found = self.new_table()
                if found:
                    return found
            found = self.perform(self.requests.any(self.schemas))
            since += 1
            if not found and since >= CHECK_EVERY:
                since = 0
                found = self.check()
                if not found:
                    self.forget(self.requests.v.pick(self.schemas))
            if found:
                return found
        return self.check()

    def sequence_of(self, request):
        """All that was asked of the tables that this request speaks of, in the order in which it was asked."""
        text = json.dumps(request[1])
        numbered = {number: each for table, requests in self.history.items() if table in text for number, each in requests}
        return [numbered[number] for number in sorted(numbered)]

    def start_anew(self):
        for schema in list(self.schemas):
            self.forget(schema)


def signature(found, ours, theirs):
    """What kind of difference it is: the same for the same fault with other names and values."""
    if ours.status == theirs.status == 200:
        return found.partition(":")[0]
    plain = [re.sub(r"\{.*\}|\[.*\]|'[^']*'|\"[^\"]*\"|[#:]?\b\w*\d\w*\b|: \S+$|\b\S*\.\S*\b", "?", each.message)
             for each in (ours, theirs)]
    return (ours.status, ours.type, plain[0], theirs.status, theirs.type, plain[1])


class Shrinker:
    """Looks for a shorter sequence whose last request still differs, and in the same way."""

    def __init__(self, pair, wanted):
        self.pair = pair
        self.wanted = wanted
        self.deadline = time.monotonic() + SHRINK_SECONDS_MAX

    def replay(self, sequence):
        """The last request's difference, on tables of its own."""
        tables = {members["TableName"] for operation, members, _ in sequence if operation == "CreateTable"}
        text = json.dumps(sequence)
        fresh = {table: f"shrink_{uuid.uuid4().hex[:12]}" for table in tables}
        for table, name in fresh.items():
            text = text.replace(table, name)
        *first, last = json.loads(text)
        try:
            for operation, members, how in first:
                self.pair.differ(operation, members, how)
                if operation == "CreateTable":
                    self.pair.wait_for(members["TableName"])
            return self.pair.differ(*last)
        except (KeyError, IndexError):
            return None, None, None
        finally:
            for name in fresh.values():
                self.pair.drop(name)

    def differs(self, sequence):
        if time.monotonic() > self.deadline:
            return False
        found, ours, theirs = self.replay(sequence)
        return found is not None and signature(found, ours, theirs) == self.wanted

    def shrink(self, sequence):
        if not self.differs(sequence):
            return sequence
        size = max(len(sequence) // 2, 1)
        while size and time.monotonic() < self.deadline:
            start = 0
            while start < len(sequence) - 1:
                shorter = [each for i, each in enumerate(sequence[:-1]) if not start <= i < start + size or each[0] == "CreateTable"]
                shorter.append(sequence[-1])
                if len(shorter) < len(sequence) and self.differs(shorter):
                    sequence = shorter
                else:
                    start += size
            size //= 2
        return self.simplify(sequence)

    def simplify(self, sequence):
        """Without the members that the difference does not need."""
        for at in range(len(sequence)):
            operation, members, how = sequence[at]
            if operation == "CreateTable":
                continue
            for path in list(paths_of(members)):
                smaller = without(members, path)
                if smaller is not None and self.differs([*sequence[:at], (operation, smaller, how), *sequence[at + 1:]]):
                    members = smaller
                    sequence = [*sequence[:at], (operation, members, how), *sequence[at + 1:]]
        return sequence


def paths_of(value, path=()):
    """Of all that can be left out, the outermost first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inside in reversed(list(items)):
        yield (*path, name)
        yield from paths_of(inside, (*path, name))


def without(value, path):
    copy = json.loads(json.dumps(value))
    place = copy
    try:
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return copy


def shown(answer):
    return answer.refusal if answer.status != 200 else answer.pages


def report(run, found, seed):
    text, request, ours, theirs = found
    shrinker = Shrinker(run.pair, signature(text, ours, theirs))
    sequence = shrinker.shrink(run.sequence_of(request) or [request])
    again, ours_again, theirs_again = shrinker.replay(sequence)
    return {"difference": again or text, "seed": seed, "after": run.done,
            "quipu": shown(ours_again if again else ours), "oracle": shown(theirs_again if again else theirs),
            "sequence": [{"operation": operation, "members": members, "how": how} for operation, members, how in sequence]}


class Comparison:
    """Several runs at once, each with a seed, tables and connections of its own: a durable server answers many in the time of one."""

    def __init__(self, ours, oracle, differences_max, without=(), say=lambda text: None):
        self.ours = ours
        self.oracle = oracle
        self.differences_max = differences_max
        self.without = without
        self.say = say
        self.lock = threading.Lock()
        self.reports = {}  # by the kind of difference
        self.done = 0
        self.started = time.monotonic()
        self.failure = None

    def enough(self):
        return len(self.reports) >= self.differences_max or self.failure is not None

    def one_run(self, operations, seed):
        try:
            run = Run(Pair(self.ours, self.oracle), seed, self.without)
            try:
                while run.done < operations and not self.enough():
                    before = run.done
                    found = run.run(min(operations, run.done + SAY_EVERY // RUNS))
                    self.note(run, found, seed)
                    self.progress(run.done - before)
            finally:
                run.start_anew()
        except Exception as failure:  # pylint: disable=broad-except  # told by compare(), in its own thread
            self.failure = failure

    def note(self, run, found, seed):
        if not found:
            return
        kind = signature(found[0], *found[2:])
        with self.lock:
            known = self.reports.get(kind)
            if known is not None:
                known["times"] = known.get("times", 1) + 1
            else:
                self.reports[kind] = {}
        if known is None:
            self.reports[kind].update(report(run, found, seed), times=self.reports[kind].get("times", 1))
        run.start_anew()

    def progress(self, done):
        with self.lock:
            before, self.done = self.done, self.done + done
            rate = self.done / (time.monotonic() - self.started)
            if before // SAY_EVERY != self.done // SAY_EVERY:
                self.say(f"{self.done} operations, {len(self.reports)} differences, {rate:.0f} a second")


def compare(ours, oracle, operations, seed, differences_max=1, without=(), say=lambda text: None):
    """The reports of what differed, one for each kind of difference."""
    comparison = Comparison(ours, oracle, differences_max, without, say)
    threads = [threading.Thread(target=comparison.one_run, args=(operations // RUNS, seed * RUNS + i)) for i in range(RUNS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if comparison.failure:
        raise comparison.failure
    return list(comparison.reports.values())


def servers(options, stack):
    """The addresses of both; those that were not given are started, and stopped in the end."""
    from dynamodb_local import DynamoDBLocal
    from quipu_server import QuipuServer
    ours, oracle = options.quipu, options.oracle
    if not oracle:
        local = DynamoDBLocal().start()
        stack.callback(local.stop)
        oracle = local.url
    if not ours:
        server = QuipuServer(stack.enter_context(tempfile.TemporaryDirectory(prefix="quipu-"))).start()
        stack.callback(server.discard)
        ours = server.url
    return ours, oracle


def main():
    import contextlib
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--quipu", help="address of a Quipu server; one is started if this is missing")
    parser.add_argument("--oracle", help="address of DynamoDB Local; one is started if this is missing")
    parser.add_argument("--differences", type=int, default=1, help="how many kinds to find before it stops")
    parser.add_argument("--without", action="append", default=[], metavar="KIND",
                        help="no requests of this kind (a method of random_requests.py: put, scan, partiql, ...)")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with contextlib.ExitStack() as stack:
        ours, oracle = servers(options, stack)
        reports = compare(ours, oracle, options.operations, options.seed, options.differences, options.without,
                          lambda text: print(text, flush=True))
    for each in reports:
        print(json.dumps(each, indent=2, ensure_ascii=False))
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
