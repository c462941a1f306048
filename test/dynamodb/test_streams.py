"""Streams: every change once, in order, with what the table's view shows."""

import itertools
import uuid

import pytest

from dynamodb_client import N, Refusal, S
from quipu_server import wait_until

KEYS, NEW, OLD, BOTH = "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"


class Stream:
    """A table with a stream, and a reader of it."""

    def __init__(self, db, make_table, view=BOTH, **more):
        self.db = db
        self.table = make_table("h:S", StreamSpecification={"StreamEnabled": True, "StreamViewType": view}, **more)
        self.arn = make_table.describe(self.table)["LatestStreamArn"]

    def describe(self, **more):
        return self.db("DescribeStream", StreamArn=self.arn, **more)["StreamDescription"]

    def shards(self):
        return self.describe()["Shards"]

    def iterator(self, kind="TRIM_HORIZON", shard=None, **more):
        shard = shard or self.shards()[0]["ShardId"]
        return self.db("GetShardIterator", StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]

    def records_of(self, iterator, at_least=0, **more):
        """What can be read from here until a read gives nothing and there is enough."""
        found = []

        def read():
            nonlocal iterator
            answer = self.db("GetRecords", ShardIterator=iterator, **more)
            found.extend(answer["Records"])
            iterator = answer.get("NextShardIterator")
            return iterator is None or (not answer["Records"] and len(found) >= at_least)

        wait_until(read, 30, f"{at_least} records")
        return found

    def records(self, at_least=0):
        """All of them, shard by shard."""
        parts = [self.records_of(self.iterator(shard=shard["ShardId"])) for shard in self.shards()]
        found = [record for part in parts for record in part]
        if len(found) < at_least:
            wait_until(lambda: len(self.records()) >= at_least, 30, f"{at_least} records")
            return self.records()
        return found


@pytest.fixture(scope="module")
def stream(db, make_table):
    return Stream(db, make_table)


@pytest.fixture
def new_stream(db, make_table):
    return lambda view=BOTH, **more: Stream(db, make_table, view, **more)


def of(records, key):
    return [record for record in records if record["dynamodb"]["Keys"] == key]


def images(record):
    return {name: record["dynamodb"][name] for name in ("NewImage", "OldImage") if name in record["dynamodb"]}


# --- what a record says


def test_put_update_and_delete_are_three_records(db, stream, key):
    db.put(stream.table, {**key, "a": N(1)})
    db.update(stream.table, key, "SET a = :two", ExpressionAttributeValues={":two": N(2)})
    db("DeleteItem", TableName=stream.table, Key=key)
    records = of(stream.records(3), key)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert [images(record) for record in records] == [
        {"NewImage": {**key, "a": N(1)}},
        {"NewImage": {**key, "a": N(2)}, "OldImage": {**key, "a": N(1)}},
        {"OldImage": {**key, "a": N(2)}}]


def test_a_record_says_where_it_comes_from(db, stream, key):
    db.put(stream.table, {**key, "a": S("xyz")})
    record, = of(stream.records(1), key)
    assert set(record) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
    assert (record["eventVersion"], record["eventSource"]) == ("1.1", "aws:dynamodb")
    change = record["dynamodb"]
    assert set(change) == {"ApproximateCreationDateTime", "Keys", "NewImage", "SequenceNumber", "SizeBytes", "StreamViewType"}
    assert change["StreamViewType"] == BOTH
    assert 21 <= len(change["SequenceNumber"]) <= 40 and change["SequenceNumber"].isdigit()
    assert change["SizeBytes"] == 2 * (1 + len(key["h"]["S"])) + 1 + 3


def test_every_record_has_an_id_of_its_own(db, stream, key):
    for i in range(5):
        db.put(stream.table, {**key, "n": N(i)})
    records = of(stream.records(5), key)
    assert len({record["eventID"] for record in records}) == 5


@pytest.mark.parametrize("view, shown", [
    (KEYS, [{}, {}, {}]),
    (NEW, [{"NewImage"}, {"NewImage"}, {}]),
    (OLD, [{}, {"OldImage"}, {"OldImage"}]),
    (BOTH, [{"NewImage"}, {"NewImage", "OldImage"}, {"OldImage"}]),
])
def test_a_view_shows_what_it_says(db, new_stream, key, view, shown):
    stream = new_stream(view)
    db.put(stream.table, {**key, "a": N(1)})
    db.put(stream.table, {**key, "a": N(2)})
    db("DeleteItem", TableName=stream.table, Key=key)
    records = stream.records(3)
    assert [set(images(record)) for record in records] == [set(each) for each in shown]
    assert all(record["dynamodb"]["StreamViewType"] == view for record in records)


# --- what makes a record, and what does not


def test_a_write_that_changes_nothing_makes_no_record(db, stream, key):
    item = {**key, "a": N(1)}
    db.put(stream.table, item)
    db.put(stream.table, item)
    db.update(stream.table, key, "SET a = :one", ExpressionAttributeValues={":one": N("1.0")})
    db("DeleteItem", TableName=stream.table, Key={"h": S(key["h"]["S"] + "nobody")})
    db.put(stream.table, {**key, "a": N(2)})
    assert [images(record)["NewImage"]["a"] for record in of(stream.records(2), key)] == [N(1), N(2)]


def test_a_refused_write_makes_no_record(db, stream, key):
    db.put(stream.table, {**key, "a": N(1)})
    db.error("PutItem", TableName=stream.table, Item=key, ConditionExpression="attribute_not_exists(h)")
    db.put(stream.table, {**key, "a": N(2)})
    assert len(of(stream.records(2), key)) == 2


def test_batches_and_transactions_make_records(db, stream, name):
    first, second = ({"h": S(f"{name}{i}")} for i in range(2))
    db("BatchWriteItem", RequestItems={stream.table: [{"PutRequest": {"Item": first}}, {"PutRequest": {"Item": second}}]})
    db("TransactWriteItems", TransactItems=[
        {"Delete": {"TableName": stream.table, "Key": first}},
        {"Update": {"TableName": stream.table, "Key": second, "UpdateExpression": "SET a = :a",
                    "ExpressionAttributeValues": {":a": N(1)}}}])
    records = stream.records(4)
    assert [record["eventName"] for record in of(records, first)] == ["INSERT", "REMOVE"]
    assert [record["eventName"] for record in of(records, second)] == ["INSERT", "MODIFY"]


def test_a_cancelled_transaction_makes_no_record(db, stream, name):
    first, second = ({"h": S(f"{name}{i}")} for i in range(2))
    db.error("TransactWriteItems", TransactItems=[
        {"Put": {"TableName": stream.table, "Item": first}},
        {"Put": {"TableName": stream.table, "Item": second, "ConditionExpression": "attribute_exists(h)"}}])
    db.put(stream.table, {**second, "a": N(1)})
    records = stream.records(1)
    assert (len(of(records, first)), len(of(records, second))) == (0, 1)


def test_records_of_a_key_are_in_order_and_their_numbers_grow(db, stream, key):
    for i in range(20):
        db.put(stream.table, {**key, "n": N(i)})
    records = of(stream.records(20), key)
    assert [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records] == list(range(20))
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert all(one < other for one, other in itertools.pairwise(numbers))


# --- iterators


@pytest.fixture
def five(db, new_stream):
    """A stream of its own with the numbers 0 to 4, and its records."""
    stream = new_stream()
    for i in range(5):
        db.put(stream.table, {"h": S("x"), "n": N(i)})
    records = stream.records(5)
    assert len(records) == 5
    return stream, records


def values(records):
    return [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records]


def shard_of(stream):
    """The shard that holds the records."""
    return next(shard["ShardId"] for shard in stream.shards() if stream.records_of(stream.iterator(shard=shard["ShardId"])))


@pytest.mark.parametrize("kind, expected", [("AT_SEQUENCE_NUMBER", [2, 3, 4]), ("AFTER_SEQUENCE_NUMBER", [3, 4])])
def test_reading_from_a_number(five, kind, expected):
    stream, records = five
    iterator = stream.iterator(kind, shard_of(stream), SequenceNumber=records[2]["dynamodb"]["SequenceNumber"])
    assert values(stream.records_of(iterator, len(expected))) == expected


def test_latest_shows_only_what_comes_after(db, five):
    stream, _ = five
    iterator = stream.iterator("LATEST", shard_of(stream))
    assert db("GetRecords", ShardIterator=iterator)["Records"] == []
    db.put(stream.table, {"h": S("x"), "n": N(5)})
    assert values(stream.records_of(iterator, 1)) == [5]


def test_records_come_a_few_at_a_time(db, five):
    stream, _ = five
    answer = db("GetRecords", ShardIterator=stream.iterator(shard=shard_of(stream)), Limit=2)
    assert values(answer["Records"]) == [0, 1]
    assert values(db("GetRecords", ShardIterator=answer["NextShardIterator"], Limit=2)["Records"]) == [2, 3]


def test_an_iterator_may_be_used_again(db, five):
    stream, _ = five
    iterator = stream.iterator(shard=shard_of(stream))
    assert db("GetRecords", ShardIterator=iterator)["Records"] == db("GetRecords", ShardIterator=iterator)["Records"]


def test_an_open_shard_has_no_end(stream):
    shard = stream.shards()[-1]
    assert "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    assert shard["SequenceNumberRange"]["StartingSequenceNumber"].isdigit()
    assert shard["ShardId"].startswith("shardId-")


# --- described and listed


def test_a_stream_is_described(db, stream):
    description = stream.describe()
    assert description["StreamArn"] == stream.arn
    assert (description["StreamStatus"], description["StreamViewType"], description["TableName"]) == ("ENABLED", BOTH, stream.table)
    assert description["KeySchema"] == [{"AttributeName": "h", "KeyType": "HASH"}]
    assert stream.arn.endswith(description["StreamLabel"])


def test_streams_are_listed(db, stream):
    assert db("ListStreams", TableName=stream.table)["Streams"] == [
        {"StreamArn": stream.arn, "TableName": stream.table, "StreamLabel": stream.arn.rpartition("/")[2]}]


def test_all_streams_are_listed_in_pages(db, new_stream):
    wanted = {new_stream().arn for _ in range(3)}
    found, start = set(), {}
    while True:
        page = db("ListStreams", Limit=2, **start)
        found |= {each["StreamArn"] for each in page["Streams"]}
        if "LastEvaluatedStreamArn" not in page:
            break
        start = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    assert wanted <= found


def test_a_table_without_a_stream_has_none(db, make_table):
    assert db("ListStreams", TableName=make_table("h:S"))["Streams"] == []


def test_a_stream_that_was_turned_off_can_still_be_read(db, make_table, five):
    stream, _ = five
    shard = shard_of(stream)
    db("UpdateTable", TableName=stream.table, StreamSpecification={"StreamEnabled": False})
    make_table.wait(stream.table)
    db.put(stream.table, {"h": S("x"), "n": N(99)})
    assert values(stream.records_of(stream.iterator(shard=shard), 5)) == [0, 1, 2, 3, 4]
    assert stream.describe()["StreamStatus"] in ("DISABLING", "DISABLED")


def test_a_stream_turned_on_again_is_another_one(db, make_table, five):
    stream, _ = five
    db("UpdateTable", TableName=stream.table, StreamSpecification={"StreamEnabled": False})
    make_table.wait(stream.table)
    db("UpdateTable", TableName=stream.table, StreamSpecification={"StreamEnabled": True, "StreamViewType": KEYS})
    make_table.wait(stream.table)
    assert make_table.describe(stream.table)["LatestStreamArn"] != stream.arn


# --- what is wrong

NOBODY = "arn:aws:dynamodb:us-east-1:000000000000:table/quipu_test_nobody/stream/2026-01-01T00:00:00.000"


def test_a_stream_that_is_not_there(db):
    assert db.error("DescribeStream", StreamArn=NOBODY).type == "ResourceNotFoundException"
    assert db.error("GetShardIterator", StreamArn=NOBODY, ShardId="shardId-00000000000000000000-00000000",
                    ShardIteratorType="LATEST").type == "ResourceNotFoundException"


def test_a_shard_that_is_not_there(db, stream):
    error = db.error("GetShardIterator", StreamArn=stream.arn, ShardId="shardId-00000000000000000000-" + uuid.uuid4().hex[:8],
                     ShardIteratorType="TRIM_HORIZON")
    assert error.type == "ResourceNotFoundException"


@pytest.mark.parametrize("members", [{"ShardIteratorType": "FOO"}, {"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, {}])
def test_a_wrong_request_for_an_iterator(db, stream, members):
    error = db.error("GetShardIterator", StreamArn=stream.arn, ShardId=stream.shards()[0]["ShardId"], **members)
    assert (error.type, error.status) == ("ValidationException", 400)


@pytest.mark.parametrize("iterator", ["x", "not-an-iterator|1|2"])
def test_what_is_no_iterator(db, iterator):
    assert db.error("GetRecords", ShardIterator=iterator) == Refusal("ValidationException", "Invalid ShardIterator")


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_of_records_has_1_to_1000(db, stream, limit):
    assert db.error("GetRecords", ShardIterator=stream.iterator(), Limit=limit).type == "ValidationException"
