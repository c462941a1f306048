"""Time to live: an item whose time has passed is really deleted, and the stream says who did it."""

import time

import pytest

from dynamodb_client import N, S, validation
from quipu_server import wait_until
from test_streams import Stream

DELETED_SECONDS_MAX = 120


def turn(db, table, on, attribute="until"):
    return db("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": on})


def test_it_is_off_at_first(db, table):
    assert db("DescribeTimeToLive", TableName=table) == {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}


def test_it_is_turned_on_and_off(db, make_table):
    table = make_table("h:S")
    assert turn(db, table, True) == {"TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True}}
    description = db("DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]
    assert description["TimeToLiveStatus"] in ("ENABLING", "ENABLED")
    assert description["AttributeName"] == "until"
    if db.is_local or "amazonaws" not in db.url:
        assert turn(db, table, False) == {"TimeToLiveSpecification": {"AttributeName": "until", "Enabled": False}}


def test_it_is_turned_on_once(db, make_table):
    table = make_table("h:S")
    turn(db, table, True)
    spec = {"AttributeName": "until", "Enabled": True}
    assert db.error("UpdateTimeToLive", TableName=table, TimeToLiveSpecification=spec) == validation("TimeToLive is already enabled")


def test_it_cannot_be_turned_off_when_it_is_off(db, table):
    spec = {"AttributeName": "until", "Enabled": False}
    assert db.error("UpdateTimeToLive", TableName=table, TimeToLiveSpecification=spec) == validation("TimeToLive is already disabled")


def test_it_has_one_attribute(db, make_table):
    table = make_table("h:S")
    turn(db, table, True)
    error = db.error("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"AttributeName": "another", "Enabled": False})
    assert error.type == "ValidationException"
    assert error.message.startswith("TimeToLive is active on a different AttributeName")


@pytest.fixture(scope="module")
def expired(db, make_table):
    """A stream's table whose items have been looked through once: the one called `past` is gone."""
    if "amazonaws" in db.url:
        pytest.skip("the original takes up to two days")
    stream = Stream(db, make_table)
    turn(db, stream.table, True)
    now = int(time.time())
    kept = {"future": N(now + 3600), "never": None, "text": S(str(now - 60)), "long ago": N(now - 6 * 365 * 24 * 3600),
            "zero": N(0), "negative": N(-1)}
    for name, until in kept.items():
        db.put(stream.table, {"h": S(name), **({"until": until} if until else {})})
    db.put(stream.table, {"h": S("past"), "until": N(now - 60), "a": S("x")})
    db.put(stream.table, {"h": S("fraction"), "until": N(f"{now - 60}.5")})
    wait_until(lambda: db.get(stream.table, {"h": S("past")}) is None and db.get(stream.table, {"h": S("fraction")}) is None,
               DELETED_SECONDS_MAX, "the item is gone", every_s=0.1)
    return stream, kept


@pytest.mark.differs_in_dynamodb_local("it deletes what has passed, but not within minutes")
def test_an_item_whose_time_has_passed_is_deleted_and_no_other(db, expired):
    stream, kept = expired
    assert {item["h"]["S"] for item in db.items("Scan", TableName=stream.table)} == set(kept)


@pytest.mark.differs_in_dynamodb_local("it deletes what has passed, but not within minutes")
def test_the_stream_says_that_the_service_deleted_it(db, expired):
    stream, _ = expired
    removed = [record for record in stream.records(10) if record["eventName"] == "REMOVE"
               and record["dynamodb"]["Keys"] == {"h": S("past")}]
    assert len(removed) == 1
    assert removed[0]["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert removed[0]["dynamodb"]["OldImage"]["a"] == S("x")


@pytest.mark.differs_in_dynamodb_local("it deletes what has passed, but not within minutes")
def test_a_deletion_by_a_user_names_nobody(db, expired):
    stream, _ = expired
    db.put(stream.table, {"h": S("mine")})
    db("DeleteItem", TableName=stream.table, Key={"h": S("mine")})
    record, = [record for record in stream.records(12) if record["eventName"] == "REMOVE"
               and record["dynamodb"]["Keys"] == {"h": S("mine")}]
    assert "userIdentity" not in record
