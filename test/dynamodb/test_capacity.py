"""ReturnConsumedCapacity and ReturnItemCollectionMetrics: what is told, and how many units things cost."""

import pytest

from dynamodb_client import N, S, invalid


def total(table, units):
    return {"TableName": table, "CapacityUnits": units}


def cost(db, operation, wish="TOTAL", **members):
    return db(operation, ReturnConsumedCapacity=wish, **members)["ConsumedCapacity"]


def test_nothing_is_told_unless_asked(db, table, key):
    assert db.put(table, key) == {}
    assert db.put(table, key, ReturnConsumedCapacity="NONE") == {}


@pytest.mark.parametrize("size, expected", [(10, 1.0), (900, 1.0), (1100, 2.0), (10_000, 10.0)])
def test_writing_costs_a_unit_a_kilobyte(db, table, key, size, expected):
    assert cost(db, "PutItem", TableName=table, Item={**key, "a": S("x" * size)}) == total(table, expected)


@pytest.mark.parametrize("consistent, size, expected", [
    (False, 10, 0.5), (True, 10, 1.0), (False, 4200, 1.0), (True, 4200, 2.0), (True, 40_000, 10.0), (False, 40_000, 5.0)])
def test_reading_costs_a_unit_4_kilobytes_and_half_if_it_need_not_be_consistent(db, table, key, consistent, size, expected):
    db.put(table, {**key, "a": S("x" * size)})
    assert cost(db, "GetItem", TableName=table, Key=key, ConsistentRead=consistent) == total(table, expected)


@pytest.mark.parametrize("consistent, expected", [(False, 0.5), (True, 1.0)])
def test_reading_nothing_costs_the_least(db, table, key, consistent, expected):
    assert cost(db, "GetItem", TableName=table, Key=key, ConsistentRead=consistent) == total(table, expected)


def test_a_projection_saves_nothing(db, table, key):
    db.put(table, {**key, "a": S("x" * 8000)})
    assert cost(db, "GetItem", TableName=table, Key=key, ConsistentRead=True, ProjectionExpression="h") == total(table, 2.0)


def test_replacing_costs_as_the_larger_of_both(db, table, key):
    db.put(table, {**key, "a": S("x" * 3000)})
    assert cost(db, "PutItem", TableName=table, Item=key) == total(table, 3.0)


def test_updating_costs_as_the_larger_of_both(db, table, key):
    db.put(table, {**key, "a": S("x" * 3000)})
    assert cost(db, "UpdateItem", TableName=table, Key=key, UpdateExpression="REMOVE a") == total(table, 3.0)


def test_deleting_costs_as_what_was_there(db, table, key):
    db.put(table, {**key, "a": S("x" * 3000)})
    assert cost(db, "DeleteItem", TableName=table, Key=key) == total(table, 3.0)
    assert cost(db, "DeleteItem", TableName=table, Key=key) == total(table, 1.0)


def test_a_query_costs_as_all_that_it_looks_at(db, ranged, key):
    for r in range(10):
        db.put(ranged, {**key, "r": N(r), "a": S("x" * 1900)})
    members = {"TableName": ranged, "KeyConditionExpression": "h = :h"}
    values = {":h": key["h"]}
    assert cost(db, "Query", **members, ExpressionAttributeValues=values, ConsistentRead=True) == total(ranged, 5.0)
    assert cost(db, "Query", **members, ExpressionAttributeValues=values) == total(ranged, 2.5)
    assert cost(db, "Query", **members, FilterExpression="a = :n", ExpressionAttributeValues={**values, ":n": N(0)}) == total(
        ranged, 2.5)
    assert cost(db, "Query", **members, ExpressionAttributeValues=values, Select="COUNT", Limit=2) == total(ranged, 0.5)


@pytest.mark.differs_in_dynamodb_local("it costs nothing")
def test_a_query_of_nothing_costs_the_least(db, ranged, key):
    assert cost(db, "Query", TableName=ranged, KeyConditionExpression="h = :h",
                ExpressionAttributeValues={":h": key["h"]}) == total(ranged, 0.5)


def test_a_scan_costs_as_all_that_it_looks_at(db, make_table):
    table = make_table("h:S")
    for i in range(5):
        db.put(table, {"h": S(str(i)), "a": S("x" * 4000)})
    assert cost(db, "Scan", TableName=table) == total(table, 2.5)
    assert cost(db, "Scan", TableName=table, ConsistentRead=True) == total(table, 5.0)


@pytest.mark.parametrize("operation, members", [
    ("PutItem", lambda key: {"Item": key}), ("GetItem", lambda key: {"Key": key}), ("DeleteItem", lambda key: {"Key": key})])
def test_indexes_shows_the_tables_part(db, table, key, operation, members):
    told = cost(db, operation, "INDEXES", TableName=table, **members(key))
    assert told["Table"] == {"CapacityUnits": told["CapacityUnits"]}


# --- several at once


def test_a_batch_tells_what_each_table_cost(db, table, ranged, name):
    key = {"h": S(name)}
    told = cost(db, "BatchWriteItem", RequestItems={
        table: [{"PutRequest": {"Item": {**key, "a": S("x" * 1500)}}}],
        ranged: [{"PutRequest": {"Item": {**key, "r": N(1)}}}, {"PutRequest": {"Item": {**key, "r": N(2)}}}]})
    assert sorted(told, key=str) == sorted([total(table, 2.0), total(ranged, 2.0)], key=str)


@pytest.mark.differs_in_dynamodb_local("what is not there costs nothing")
@pytest.mark.parametrize("consistent, expected", [(True, 3.0), (False, 1.5)])
def test_a_batch_reads_item_by_item(db, table, name, consistent, expected):
    keys = [{"h": S(f"{name}{i}")} for i in range(3)]
    for key in keys[:2]:
        db.put(table, key)
    told, = cost(db, "BatchGetItem", RequestItems={table: {"Keys": keys, "ConsistentRead": consistent}})
    assert told == total(table, expected)


def test_a_transaction_costs_double(db, table, name):
    keys = [{"h": S(f"{name}{i}")} for i in range(2)]
    told, = cost(db, "TransactWriteItems", TransactItems=[{"Put": {"TableName": table, "Item": key}} for key in keys])
    assert told == {**total(table, 4.0), "WriteCapacityUnits": 4.0}
    told, = cost(db, "TransactGetItems", TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in keys])
    assert told == {**total(table, 4.0), "ReadCapacityUnits": 4.0}


# --- indexes (a write that changes nothing of what an index holds costs it nothing, and is not told)


@pytest.fixture(scope="module")
def indexed(make_table):
    return make_table("h:S", "r:N", local={"local": "l:S"}, indexes={"global": "g:S"}, projections={"global": ["included"]})


def parts(told):
    """(all, table, global, local)"""
    return (told["CapacityUnits"], told["Table"]["CapacityUnits"],
            *(told.get(kind, {}).get(index, {}).get("CapacityUnits") for kind, index in (
                ("GlobalSecondaryIndexes", "global"), ("LocalSecondaryIndexes", "local"))))


WRITES = {
    "both indexes": ({"g": S("g"), "l": S("l")}, (3.0, 1.0, 1.0, 1.0)),
    "the global one": ({"g": S("g")}, (2.0, 1.0, 1.0, None)),
    "the local one": ({"l": S("l")}, (2.0, 1.0, None, 1.0)),
    "none": ({"x": S("x")}, (1.0, 1.0, None, None)),
}


@pytest.mark.parametrize("more, expected", WRITES.values(), ids=WRITES)
def test_a_put_costs_each_index_that_it_goes_into(db, indexed, key, more, expected):
    assert parts(cost(db, "PutItem", "INDEXES", TableName=indexed, Item={**key, "r": N(1), **more})) == expected


CHANGES = {
    "what only the local index holds": ("SET x = :v", (2.0, 1.0, None, 1.0)),
    "what both hold": ("SET included = :v", (3.0, 1.0, 1.0, 1.0)),
    "the key of the global index": ("SET g = :v", (4.0, 1.0, 2.0, 1.0)),
    "the key of the local index": ("SET l = :v", (3.0, 1.0, None, 2.0)),
    "leaving the global index": ("REMOVE g", (3.0, 1.0, 1.0, 1.0)),
}


@pytest.mark.differs_in_dynamodb_local("it charges an index for what it does not hold")
@pytest.mark.parametrize("expression, expected", CHANGES.values(), ids=CHANGES)
def test_an_update_costs_each_index_that_it_changes(db, indexed, key, expression, expected):
    whole = {**key, "r": N(1)}
    db.put(indexed, {**whole, "g": S("g"), "l": S("l"), "included": S("i"), "x": S("x")})
    values = {"ExpressionAttributeValues": {":v": S("new")}} if ":v" in expression else {}
    assert parts(cost(db, "UpdateItem", "INDEXES", TableName=indexed, Key=whole, UpdateExpression=expression, **values)) == expected


@pytest.mark.differs_in_dynamodb_local("it charges an index for what does not change")
def test_putting_the_same_again_costs_no_index(db, indexed, key):
    item = {**key, "r": N(1), "g": S("g"), "l": S("l")}
    db.put(indexed, item)
    assert parts(cost(db, "PutItem", "INDEXES", TableName=indexed, Item=item)) == (1.0, 1.0, None, None)


def test_deleting_costs_each_index_that_held_the_item(db, indexed, key):
    db.put(indexed, {**key, "r": N(1), "g": S("g"), "l": S("l")})
    assert parts(cost(db, "DeleteItem", "INDEXES", TableName=indexed, Key={**key, "r": N(1)})) == (3.0, 1.0, 1.0, 1.0)


def test_a_query_of_an_index_costs_only_the_index(db, indexed, key):
    db.put(indexed, {**key, "r": N(1), "l": S("l")})
    told = cost(db, "Query", "INDEXES", TableName=indexed, IndexName="local", KeyConditionExpression="h = :h",
                ExpressionAttributeValues={":h": key["h"]})
    assert parts(told) == (0.5, 0.0, None, 0.5)


# --- collections


@pytest.mark.differs_in_dynamodb_local("it does not measure collections")
def test_a_collection_is_measured_when_asked(db, indexed, key):
    told = db.put(indexed, {**key, "r": N(1), "l": S("l")}, ReturnItemCollectionMetrics="SIZE")["ItemCollectionMetrics"]
    assert told["ItemCollectionKey"] == key
    assert len(told["SizeEstimateRangeGB"]) == 2


def test_a_table_without_local_indexes_has_no_collections(db, table, key):
    assert db.put(table, key, ReturnItemCollectionMetrics="SIZE") == {}


@pytest.mark.parametrize("member, values", [("returnConsumedCapacity", "INDEXES, TOTAL, NONE"),
                                            ("returnItemCollectionMetrics", "SIZE, NONE")])
@pytest.mark.differs_in_dynamodb_local("it words each differently")
def test_an_unknown_wish(db, table, key, member, values):
    error = db.error("PutItem", TableName=table, Item=key, **{member[0].upper() + member[1:]: "FOO"})
    assert error == invalid(f"Value 'FOO' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: [{values}]")
