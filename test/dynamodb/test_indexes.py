"""Global and local indexes: what is in them, in which order, and what they refuse."""

import pytest

from dynamodb_client import L, N, S, TRUE, validation
from quipu_server import wait_until
from table_maker import definitions, key_schema


@pytest.fixture(scope="module")
def indexed(make_table):
    """Key h, r; local indexes by a; global ones by b and r, by c (only the keys), by c and a (with x)."""
    return make_table("h:S", "r:N", local={"local_a": "a:S", "local_keys": "b:S"},
                      indexes={"global_b": ("b:S", "r:N"), "keys_c": "c:N", "some_c": ("c:N", "a:S")},
                      projections={"local_keys": "KEYS_ONLY", "keys_c": "KEYS_ONLY", "some_c": ["x"]})


def query(db, table, index, condition, values, **more):
    return db("Query", TableName=table, IndexName=index, KeyConditionExpression=condition, ExpressionAttributeValues=values,
              **more)


def eventually(db, expected, ask):
    """Global indexes of the original follow a moment later."""
    return wait_until(lambda: ask() == expected, 10, expected)


def item(key, r, **more):
    return {**key, "r": N(r), **more}


def test_a_global_index_finds_by_its_own_key(db, indexed, key, name):
    for r, b in ((1, name), (2, "another" + name), (3, name)):
        db.put(indexed, item(key, r, b=S(b), x=N(r)))
    eventually(db, [item(key, 1, b=S(name), x=N(1)), item(key, 3, b=S(name), x=N(3))],
               lambda: query(db, indexed, "global_b", "b = :b", {":b": S(name)})["Items"])


def test_a_global_index_is_ordered_by_its_range_key(db, indexed, name):
    for r in (3, -1, 10, 2):
        db.put(indexed, {"h": S(f"{name}{r}"), "r": N(r), "b": S(name)})
    eventually(db, ["-1", "2", "3", "10"], lambda: [
        each["r"]["N"] for each in query(db, indexed, "global_b", "b = :b", {":b": S(name)})["Items"]])


def test_a_global_index_without_a_range_key_holds_many_items_of_one_key(db, indexed, key):
    for r in range(5):
        db.put(indexed, item(key, r, c=N(1001)))
    eventually(db, list(range(5)), lambda: sorted(
        int(each["r"]["N"]) for each in query(db, indexed, "keys_c", "c = :c", {":c": N(1001)})["Items"]))


def test_a_local_index_orders_the_items_of_a_hash_key_anew(db, indexed, key):
    for r, a in ((1, "z"), (2, "x"), (3, "y")):
        db.put(indexed, item(key, r, a=S(a)))
    items = query(db, indexed, "local_a", "h = :h", {":h": key["h"]}, ConsistentRead=True)["Items"]
    assert [each["a"]["S"] for each in items] == ["x", "y", "z"]


def test_a_local_index_takes_conditions_on_its_range_key(db, indexed, key):
    for r, a in ((1, "z"), (2, "x"), (3, "y")):
        db.put(indexed, item(key, r, a=S(a)))
    items = query(db, indexed, "local_a", "h = :h AND a > :a", {":h": key["h"], ":a": S("x")}, ConsistentRead=True)["Items"]
    assert [each["r"]["N"] for each in items] == ["3", "1"]


def test_an_item_without_the_attribute_is_not_in_the_index(db, indexed, key):
    db.put(indexed, item(key, 1))
    db.put(indexed, item(key, 2, a=S("x")))
    assert query(db, indexed, "local_a", "h = :h", {":h": key["h"]}, ConsistentRead=True)["Count"] == 1


def test_an_index_of_two_attributes_needs_both(db, indexed, key):
    db.put(indexed, item(key, 1, c=N(1002)))
    db.put(indexed, item(key, 2, c=N(1002), a=S("x")))
    eventually(db, ["2"], lambda: [
        each["r"]["N"] for each in query(db, indexed, "some_c", "c = :c", {":c": N(1002)})["Items"]])


def test_an_index_of_keys_shows_only_keys(db, indexed, key):
    whole = item(key, 1, a=S("a"), b=S("b"), c=N(1003), x=S("x"))
    db.put(indexed, whole)
    eventually(db, [item(key, 1, c=N(1003))], lambda: query(db, indexed, "keys_c", "c = :c", {":c": N(1003)})["Items"])
    assert query(db, indexed, "local_keys", "h = :h", {":h": key["h"]})["Items"] == [item(key, 1, b=S("b"))]


def test_an_index_shows_what_it_includes(db, indexed, key):
    db.put(indexed, item(key, 1, a=S("a"), b=S("b"), c=N(1004), x=S("x"), y=S("y")))
    eventually(db, [item(key, 1, a=S("a"), c=N(1004), x=S("x"))],
               lambda: query(db, indexed, "some_c", "c = :c", {":c": N(1004)})["Items"])


def test_a_local_index_fetches_what_it_does_not_hold(db, indexed, key):
    whole = item(key, 1, b=S("b"), x=S("x"))
    db.put(indexed, whole)
    assert query(db, indexed, "local_keys", "h = :h", {":h": key["h"]}, Select="ALL_ATTRIBUTES")["Items"] == [whole]
    assert query(db, indexed, "local_keys", "h = :h", {":h": key["h"]}, ProjectionExpression="x")["Items"] == [{"x": S("x")}]


def test_an_update_moves_an_item_within_an_index(db, indexed, key):
    db.put(indexed, item(key, 1, a=S("a")))
    db.put(indexed, item(key, 2, a=S("b")))
    db.update(indexed, item(key, 1), "SET a = :a", ExpressionAttributeValues={":a": S("c")})
    items = query(db, indexed, "local_a", "h = :h", {":h": key["h"]}, ConsistentRead=True)["Items"]
    assert [each["r"]["N"] for each in items] == ["2", "1"]


def test_removing_the_attribute_takes_the_item_out_of_the_index(db, indexed, key):
    db.put(indexed, item(key, 1, a=S("a")))
    db.update(indexed, item(key, 1), "REMOVE a")
    assert query(db, indexed, "local_a", "h = :h", {":h": key["h"]}, ConsistentRead=True)["Count"] == 0
    assert db.get(indexed, item(key, 1)) == item(key, 1)


def test_deleting_the_item_takes_it_out_of_all_indexes(db, indexed, key, name):
    db.put(indexed, item(key, 1, a=S("a"), b=S(name), c=N(1005)))
    db("DeleteItem", TableName=indexed, Key=item(key, 1))
    assert query(db, indexed, "local_a", "h = :h", {":h": key["h"]}, ConsistentRead=True)["Count"] == 0
    eventually(db, 0, lambda: query(db, indexed, "global_b", "b = :b", {":b": S(name)})["Count"])
    eventually(db, 0, lambda: query(db, indexed, "keys_c", "c = :c", {":c": N(1005)})["Count"])


def test_replacing_the_item_replaces_it_in_the_index(db, indexed, key, name):
    db.put(indexed, item(key, 1, b=S(name), x=N(1)))
    db.put(indexed, item(key, 1, b=S(name), x=N(2)))
    eventually(db, [item(key, 1, b=S(name), x=N(2))],
               lambda: query(db, indexed, "global_b", "b = :b", {":b": S(name)})["Items"])


# --- pages


@pytest.mark.parametrize("index, condition, start", [
    ("local_a", "h = :k", {"h", "r", "a"}), ("global_b", "b = :k", {"h", "r", "b"})])
def test_pages_of_an_index(db, indexed, name, index, condition, start):
    for r in range(7):
        db.put(indexed, {"h": S(name), "r": N(r), "a": S(f"a{r % 3}"), "b": S(name)})
    ask = dict(TableName=indexed, IndexName=index, KeyConditionExpression=condition,
               ExpressionAttributeValues={":k": S(name)}, Limit=2)
    wait_until(lambda: len(db.items("Query", **ask)) == 7, 10)
    pages = db.pages("Query", **ask)
    assert sorted(int(each["r"]["N"]) for page in pages for each in page["Items"]) == list(range(7))
    assert all(set(page["LastEvaluatedKey"]) == start for page in pages[:-1])


FETCHING = {
    "all attributes": ("Query", {"Select": "ALL_ATTRIBUTES"}),
    "one attribute": ("Query", {"ProjectionExpression": "x"}),
    "a scan": ("Scan", {"Select": "ALL_ATTRIBUTES"}),
    "a scan's filter": ("Scan", {"FilterExpression": "attribute_exists(x)"}),
}


@pytest.fixture(scope="module")
def large(db, make_table):
    """Seven items of 300 kB, of which the local index by a has only the keys."""
    table = make_table("h:S", "r:N", local={"by_a": "a:N"}, projections={"by_a": "KEYS_ONLY"})
    for r in range(7):
        db.put(table, {"h": S("x"), "r": N(r), "a": N(-r), "x": S("x" * 300_000)})
    return table


@pytest.mark.parametrize("operation, what", FETCHING.values(), ids=FETCHING)
def test_what_a_local_index_fetches_counts_for_the_megabyte(db, large, operation, what):
    if operation == "Query":
        what = {"KeyConditionExpression": "h = :h", "ExpressionAttributeValues": {":h": S("x")}, **what}
    pages = db.pages(operation, TableName=large, IndexName="by_a", ReturnConsumedCapacity="TOTAL", **what)
    assert [page["Count"] for page in pages] == [4, 3]
    assert pages[0]["LastEvaluatedKey"] == {"h": S("x"), "r": N(3), "a": N(-3)}


def test_a_statement_pages_what_it_fetches(db, large):
    statement = {"Statement": f'SELECT x FROM "{large}"."by_a" WHERE h = \'x\''}
    first = db("ExecuteStatement", **statement)
    assert len(first["Items"]) == 4
    assert len(db("ExecuteStatement", **statement, NextToken=first["NextToken"])["Items"]) == 3


def test_pages_backwards_are_pages_forwards_turned_round(db, indexed, name):
    for r in range(7):
        db.put(indexed, {"h": S(name), "r": N(r), "a": S(f"a{r % 3}")})
    ask = dict(TableName=indexed, IndexName="local_a", KeyConditionExpression="h = :k", ConsistentRead=True,
               ExpressionAttributeValues={":k": S(name)}, Limit=2)
    assert db.items("Query", **ask, ScanIndexForward=False) == db.items("Query", **ask)[::-1]


def test_a_scan_of_an_index_gives_what_is_in_it(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:N"}, projections={"by_a": "KEYS_ONLY"})
    for i in range(9):
        db.put(table, {"h": S(str(i)), "x": N(i), **({"a": N(i % 2)} if i % 3 else {})})
    wait_until(lambda: len(db.items("Scan", TableName=table, IndexName="by_a")) == 6, 10)
    pages = db.pages("Scan", TableName=table, IndexName="by_a", Limit=2)
    assert sorted(each["h"]["S"] for page in pages for each in page["Items"]) == ["1", "2", "4", "5", "7", "8"]
    assert all(set(each) == {"h", "a"} for page in pages for each in page["Items"])
    assert all(set(page["LastEvaluatedKey"]) == {"h", "a"} for page in pages if "LastEvaluatedKey" in page)


# --- what cannot be an index key


@pytest.mark.parametrize("value, kind", [(N(1), "N"), (TRUE, "BOOL"), (L(S("x")), "L"), ({"NULL": True}, "NULL")])
def test_an_index_key_has_the_type_of_the_schema(db, indexed, key, value, kind):
    assert db.error("PutItem", TableName=indexed, Item=item(key, 1, a=value)) == validation(
        f"One or more parameter values were invalid: Type mismatch for Index Key a Expected: S Actual: {kind} IndexName: local_a")


def test_an_index_key_may_not_be_empty(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    assert db.error("PutItem", TableName=table, Item={"h": S("x"), "a": S("")}) == validation(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
        "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by_a, IndexKey: a")


def test_an_update_may_not_make_an_index_key_empty(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    assert db.error("UpdateItem", TableName=table, Key={"h": S("x")}, UpdateExpression="SET a = :a",
                    ExpressionAttributeValues={":a": S("")}) == validation(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value "
        "that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.")


@pytest.mark.differs_in_dynamodb_local("it takes it, and leaves the item out of the index")
def test_an_update_may_not_give_an_index_key_another_type(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    assert db.error("UpdateItem", TableName=table, Key={"h": S("x")}, UpdateExpression="SET a = :a",
                    ExpressionAttributeValues={":a": N(1)}) == validation(
        "One or more parameter values were invalid: Type mismatch for Index Key a Expected: S Actual: N IndexName: by_a")


WRONG = {
    "a consistent query": ("keys_c", {"ConsistentRead": True}, "Consistent reads are not supported on global secondary indexes"),
    "all attributes of an index of keys": ("keys_c", {"Select": "ALL_ATTRIBUTES"},
                                           "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
                                           "supported for global secondary index keys_c because its projection type is not ALL"),
    "what a global index does not hold": ("some_c", {"ProjectionExpression": "y"},
                                          "One or more parameter values were invalid: Global secondary index some_c does not "
                                          "project [y]"),
    "a filter on the index's key": ("keys_c", {"FilterExpression": "attribute_exists(c)"},
                                    "Filter Expression can only contain non-primary key attributes: Primary key attribute: c"),
    "a filter on what it does not hold": ("some_c", {"FilterExpression": "attribute_exists(y)"},
                                          "One or more parameter values were invalid: Secondary index some_c does not project "
                                          "one or more filter attributes: [y]"),
    "a start without the table's key": ("keys_c", {"ExclusiveStartKey": {"c": N(1)}}, "The provided starting key is invalid"),
    "no condition on the hash key": ("keys_c", {"KeyConditionExpression": "h = :c"}, "Query condition missed key schema element: c"),
}


@pytest.mark.parametrize("index, members, message", WRONG.values(), ids=WRONG)
def test_wrong_query_of_an_index(db, indexed, index, members, message):
    whole = {"KeyConditionExpression": "c = :c", "ExpressionAttributeValues": {":c": N(1)}, **members}
    assert db.error("Query", TableName=indexed, IndexName=index, **whole) == validation(message)


def test_a_consistent_scan_of_a_global_index(db, indexed):
    assert db.error("Scan", TableName=indexed, IndexName="keys_c", ConsistentRead=True) == validation(
        "Consistent reads are not supported on global secondary indexes")


# --- indexes come and go


def test_an_index_made_later_holds_the_items_that_were_there(db, make_table):
    table = make_table("h:S")
    for i in range(30):
        db.put(table, {"h": S(str(i)), **({"a": N(i % 5)} if i % 2 else {}), "x": N(i)})
    db("UpdateTable", TableName=table, AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"},
                                                             {"AttributeName": "h", "AttributeType": "S"}],
       GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by_a", "Projection": {"ProjectionType": "ALL"},
                                                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}}])
    make_table.wait(table)
    found = query(db, table, "by_a", "a = :a", {":a": N(1)})["Items"]
    assert sorted(int(each["x"]["N"]) for each in found) == [1, 11, 21]
    db.put(table, {"h": S("new"), "a": N(1), "x": N(100)})
    eventually(db, 4, lambda: query(db, table, "by_a", "a = :a", {":a": N(1)})["Count"])


@pytest.mark.differs_in_dynamodb_local("the index never becomes active")
def test_a_backfill_leaves_out_what_does_not_fit(db, make_table):
    table = make_table("h:S")
    for h, a in (("1", S("a text")), ("2", N(1)), ("3", TRUE)):
        db.put(table, {"h": S(h), "a": a})
    db("UpdateTable", TableName=table, AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"},
                                                             {"AttributeName": "h", "AttributeType": "S"}],
       GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by_a", "Projection": {"ProjectionType": "ALL"},
                                                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}}])
    make_table.wait(table)
    assert db.items("Scan", TableName=table, IndexName="by_a") == [{"h": S("2"), "a": N(1)}]


def add_index(make_table, table, index, key, *defined):
    """Adds a global index by one attribute to a table. `defined`: the attributes that the request defines."""
    create = {"IndexName": index, "KeySchema": key_schema(key), "Projection": {"ProjectionType": "ALL"}}
    make_table.db("UpdateTable", TableName=table, AttributeDefinitions=definitions(*defined),
                  GlobalSecondaryIndexUpdates=[{"Create": create}])
    make_table.wait(table)


def defined(make_table, table):
    return sorted(make_table.describe(table)["AttributeDefinitions"], key=str)


# As the service was seen to do it: https://github.com/paritysuite/dynamodb-conformance/issues/78
@pytest.mark.differs_in_dynamodb_local("it refuses another type")
def test_a_key_keeps_its_type_whatever_a_new_index_says(db, make_table):
    table = make_table("h:S")
    add_index(make_table, table, "by_h", "h", "h:N")
    add_index(make_table, table, "by_a", "a", "a:S")
    add_index(make_table, table, "by_a_too", "a", "a:N")
    assert defined(make_table, table) == definitions("h:S", "a:S")
    db.put(table, {"h": S("x"), "a": S("y")})
    for index, key, value in (("by_h", "h", "x"), ("by_a", "a", "y"), ("by_a_too", "a", "y")):
        eventually(db, 1, lambda: query(db, table, index, f"{key} = :k", {":k": S(value)})["Count"])


def test_a_type_is_free_again_when_no_index_uses_it(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    db("UpdateTable", TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_a"}}])
    wait_until(lambda: "GlobalSecondaryIndexes" not in make_table.describe(table), 60)
    assert defined(make_table, table) == definitions("h:S")
    add_index(make_table, table, "by_a", "a", "a:N")
    assert defined(make_table, table) == definitions("h:S", "a:N")


@pytest.mark.differs_in_dynamodb_local("it keeps them until the next change")
def test_what_is_defined_and_no_key_is_left_out(db, make_table):
    table = make_table("h:S")
    add_index(make_table, table, "by_a", "a", "a:S", "unused:S")
    assert defined(make_table, table) == definitions("h:S", "a:S")


# Large items, so that filling takes many steps.
@pytest.mark.differs_in_dynamodb_local("the index is not said to be filled, and cannot be deleted")
def test_an_index_can_be_deleted_while_it_is_filled(db, make_table):
    table = make_table("h:S")
    for i in range(60):
        db.put(table, {"h": S(str(i)), "a": S("x"), "large": S("x" * 350_000)})
    create = {"IndexName": "by_a", "KeySchema": key_schema("a"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
    more = {"TableName": table, "AttributeDefinitions": definitions("h:S", "a:S")}
    db("UpdateTable", **more, GlobalSecondaryIndexUpdates=[{"Create": create}])
    wait_until(lambda: make_table.describe(table)["GlobalSecondaryIndexes"][0].get("Backfilling", True), 60)
    db("UpdateTable", TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_a"}}])
    wait_until(lambda: "GlobalSecondaryIndexes" not in make_table.describe(table), 60)
    db("UpdateTable", **more, GlobalSecondaryIndexUpdates=[{"Create": create}])
    make_table.wait(table)
    assert len(db.items("Scan", TableName=table, IndexName="by_a")) == 60


def test_an_index_can_be_deleted(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:N"})
    db("UpdateTable", TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_a"}}])
    wait_until(lambda: "GlobalSecondaryIndexes" not in make_table.describe(table), 60)
    assert db.error("Scan", TableName=table, IndexName="by_a") == validation(
        "The table does not have the specified index: by_a")
