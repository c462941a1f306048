"""One request, however it is made, costs neither the server, nor the others much time, nor memory that does not come back."""

import gzip
import http.client
import json
import os
import random
import time
import urllib.parse

import pytest

from dynamodb_client import ANY_CREDENTIALS, CONTENT_TYPE, N, S, target, validation
from quipu_server import wait_until

pytestmark = pytest.mark.only_quipu

SLOWNESS = 10 if os.environ.get("QUIPU_PRESET", "release") != "release" else 1
LONG_S = 2 * SLOWNESS  # what is here takes a tenth of a second, or took many seconds once
NAMES = random.Random(1).sample([f"a{n}" for n in range(50_000)], 50_000)


@pytest.fixture
def quickly():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < LONG_S


@pytest.fixture
def memory(server):
    """The most that the server has ever had, in MB."""
    def most():
        with open(f"/proc/{server.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM"))
    return most


def test_a_filter_of_very_many_conditions(db, table, key, quickly):
    db.put(table, key)
    absent = {name: {"ComparisonOperator": "NULL"} for name in NAMES}
    assert db("Scan", TableName=table, ScanFilter=absent)["Count"] >= 1
    assert db("PutItem", TableName=table, Item=key, Expected={name: {"Exists": False} for name in NAMES}) == {}


def test_an_update_of_very_many_attributes(db, table, key, quickly):
    db("UpdateItem", TableName=table, Key=key,
       AttributeUpdates={name: {"Action": "PUT", "Value": N(1)} for name in NAMES[:40_000]})
    assert len(db.get(table, key)) == 40_000 + len(key)


@pytest.mark.parametrize("part", ["a" * 200_000 + "b", "b" + "a" * 200_000, "a" * 200 + "b" + "a" * 50], ids=["end", "beginning", "short"])
def test_a_search_that_nearly_finds_everywhere(db, table, key, quickly, part):
    db.put(table, {**key, "s": S("a" * 390_000)})
    condition = " OR ".join(["contains(s, :x)"] * 50)
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression="SET t = :x", ConditionExpression=condition,
                    ExpressionAttributeValues={":x": S(part)}).type == "ConditionalCheckFailedException"


def test_an_update_that_would_make_very_much(db, table, key, quickly, memory):
    db.put(table, {**key, "l": {"L": [{"BOOL": True}] * 190_000}})
    before = memory()
    assignments = ", ".join(f"a{n} = list_append(l, l)" for n in range(150))
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression=f"SET {assignments}") == \
        validation("Item size to update has exceeded the maximum allowed size")
    assert memory() - before < 200 * SLOWNESS


def test_a_large_value_that_is_used_very_often(db, table, key, quickly, memory):
    before = memory()
    condition = " OR ".join(["a = :x"] * 150)
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression="SET b = :x", ConditionExpression=condition,
                    ExpressionAttributeValues={":x": S("x" * 5_000_000)}).type == "ConditionalCheckFailedException"
    assert memory() - before < 150 * SLOWNESS


def test_idle_connections_keep_nothing_of_what_they_were_asked(fresh_server):
    server = fresh_server().start()

    def resident_mb():
        with open(f"/proc/{server.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmRSS"))

    address = urllib.parse.urlsplit(server.url)
    large = json.dumps({"TableName": "none", "Key": {}, "padding": "a" * 15_000_000}).encode()
    headers = {**ANY_CREDENTIALS, "X-Amz-Target": target("GetItem"), "Content-Type": CONTENT_TYPE}
    opened = []
    for body, more in ((large, {}), (gzip.compress(large), {"Content-Encoding": "gzip"})):
        for _ in range(10):
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            connection.request("POST", "/", body, {**headers, **more})
            assert connection.getresponse().read()
            opened.append(connection)
    # One request of this size takes some 50 MB while it is under way. Twenty connections kept 20 MB each.
    wait_until(lambda: resident_mb() < 200 * SLOWNESS, what="the memory is given back")
    for connection in opened:
        connection.close()
