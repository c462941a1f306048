"""BatchWriteItem and BatchGetItem."""

import pytest

from dynamodb_client import N, Refusal, S, validation

NOT_FOUND = Refusal("ResourceNotFoundException", "Requested resource not found")
NOT_THE_KEY = validation("The provided key element does not match the schema")
DUPLICATES = validation("Provided list of item keys contains duplicates")


def put(item):
    return {"PutRequest": {"Item": item}}


def delete(key):
    return {"DeleteRequest": {"Key": key}}


def write(db, **requests):
    return db("BatchWriteItem", RequestItems=requests)


def keys(name, count):
    return [{"h": S(f"{name}-{i}")} for i in range(count)]


# --- writing


def test_a_batch_puts_and_deletes(db, table, name):
    first, second, third = keys(name, 3)
    db.put(table, first)
    assert write(db, **{table: [delete(first), put({**second, "a": N(1)}), put(third)]}) == {"UnprocessedItems": {}}
    assert [db.get(table, each) for each in (first, second, third)] == [None, {**second, "a": N(1)}, third]


def test_a_batch_writes_to_several_tables(db, table, ranged, name):
    key = {"h": S(name)}
    write(db, **{table: [put(key)], ranged: [put({**key, "r": N(1)}), put({**key, "r": N(2)})]})
    assert db.get(table, key) == key
    assert db.get(ranged, {**key, "r": N(2)}) == {**key, "r": N(2)}


def test_a_batch_replaces_whole_items(db, table, key):
    db.put(table, {**key, "a": N(1), "b": N(2)})
    write(db, **{table: [put({**key, "b": N(3)})]})
    assert db.get(table, key) == {**key, "b": N(3)}


def test_a_batch_may_have_25_items(db, table, name):
    write(db, **{table: [put(key) for key in keys(name, 25)]})
    assert db.get(table, keys(name, 25)[24]) is not None


def test_deleting_what_is_not_there_is_no_error(db, table, key):
    assert write(db, **{table: [delete(key)]}) == {"UnprocessedItems": {}}


def test_one_wrong_item_refuses_the_whole_batch(db, table, name):
    first, second = keys(name, 2)
    assert db.error("BatchWriteItem", RequestItems={table: [put(first), put({**second, "a": N("x")})]}) == validation(
        "The parameter cannot be converted to a numeric value: x")
    assert db.get(table, first) is None


def test_26_items_are_too_many(db, table, name):
    error = db.error("BatchWriteItem", RequestItems={table: [put(key) for key in keys(name, 26)]})
    assert (error.type, error.status) == ("ValidationException", 400)
    assert db.is_local or error.message.endswith(
        "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or "
        "equal to 25, Member must have length greater than or equal to 1]")


def test_26_items_in_two_tables_are_too_many(db, table, ranged, name):
    requests = {table: [put(key) for key in keys(name, 13)], ranged: [put({**key, "r": N(1)}) for key in keys(name, 13)]}
    assert db.error("BatchWriteItem", RequestItems=requests) == validation("Too many items requested for the BatchWriteItem call")


WRONG_WRITES = {
    "one key twice": (lambda key: [put(key), delete(key)], DUPLICATES),
    "one key put twice": (lambda key: [put({**key, "a": N(1)}), put({**key, "a": N(2)})], DUPLICATES),
    "a key of another type": (lambda key: [put({"h": N(1)})], NOT_THE_KEY),
    "a key to delete of another type": (lambda key: [delete({"h": N(1)})], NOT_THE_KEY),
    "a key to delete with too much": (lambda key: [delete({**key, "x": S("x")})], NOT_THE_KEY),
    "an item without its key": (lambda key: [put({"a": S("x")})], NOT_THE_KEY),
    "an empty key": (lambda key: [put({"h": S("")})], validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. "
        "Key: h")),
    "neither put nor delete": (lambda key: [{}], validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")),
    "put and delete at once": (lambda key: [{**put(key), **delete(key)}], validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")),
}


@pytest.mark.parametrize("requests, expected", WRONG_WRITES.values(), ids=WRONG_WRITES)
def test_wrong_write(db, table, key, requests, expected):
    assert db.error("BatchWriteItem", RequestItems={table: requests(key)}) == expected


def test_a_table_that_is_not_there(db, table, key):
    assert db.error("BatchWriteItem", RequestItems={"quipu_test_nobody": [put(key)], table: [put(key)]}) == NOT_FOUND
    assert db.get(table, key) is None


@pytest.mark.parametrize("operation", ["BatchWriteItem", "BatchGetItem"])
def test_a_batch_of_nothing(db, operation):
    error = db.error(operation, RequestItems={})
    assert (error.type, error.status) == ("ValidationException", 400)


# --- reading


def get(db, table, wanted, **more):
    return db("BatchGetItem", RequestItems={table: {"Keys": wanted, **more}})


def by_key(items):
    return sorted(items, key=lambda item: item["h"]["S"])


def test_a_batch_reads_what_is_there(db, table, name):
    first, second, third = keys(name, 3)
    write(db, **{table: [put({**first, "a": N(1)}), put(third)]})
    answer = get(db, table, [first, second, third], ConsistentRead=True)
    assert by_key(answer["Responses"][table]) == [{**first, "a": N(1)}, third]
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_of_nothing_found(db, table, key):
    assert get(db, table, [key]) == {"Responses": {table: []}, "UnprocessedKeys": {}}


def test_a_batch_reads_100_items(db, table, name):
    wanted = keys(name, 100)
    for start in range(0, 100, 25):
        write(db, **{table: [put(key) for key in wanted[start:start + 25]]})
    assert by_key(get(db, table, wanted, ConsistentRead=True)["Responses"][table]) == by_key(wanted)


def test_a_batch_reads_several_tables(db, table, ranged, name):
    key = {"h": S(name)}
    write(db, **{table: [put(key)], ranged: [put({**key, "r": N(1)})]})
    answer = db("BatchGetItem", RequestItems={table: {"Keys": [key], "ConsistentRead": True},
                                              ranged: {"Keys": [{**key, "r": N(1)}], "ConsistentRead": True}})
    assert answer["Responses"] == {table: [key], ranged: [{**key, "r": N(1)}]}


def test_a_batch_projects(db, table, key):
    db.put(table, {**key, "a": N(1), "b": N(2)})
    answer = get(db, table, [key], ProjectionExpression="#a", ExpressionAttributeNames={"#a": "a"}, ConsistentRead=True)
    assert answer["Responses"] == {table: [{"a": N(1)}]}


def test_a_batch_ends_at_16_megabytes_and_says_what_is_left(db, table, name):
    wanted = keys(name, 50)
    for key in wanted:
        db.put(table, {**key, "a": S("x" * 390_000)})
    found, asked = [], {table: {"Keys": wanted, "ConsistentRead": True}}
    answers = 0
    while asked:
        answer = db("BatchGetItem", RequestItems=asked)
        found += answer["Responses"][table]
        asked = answer["UnprocessedKeys"]
        answers += 1
        assert len(answer["Responses"][table]) * 390_000 <= 16 * 1024 * 1024
    assert answers == 2
    assert by_key({"h": item["h"]} for item in found) == by_key(wanted)


WRONG_READS = {
    "one key twice": ([{"h": S("a")}, {"h": S("a")}], {}, DUPLICATES),
    "a key of another type": ([{"h": N(1)}], {}, NOT_THE_KEY),
    "a key with too much": ([{"h": S("a"), "x": S("a")}], {}, NOT_THE_KEY),
    "an empty key": ([{"h": S("")}], {}, validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. "
        "Key: h")),
    "overlapping paths": ([{"h": S("a")}], {"ProjectionExpression": "a, a"}, validation(
        "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
        "path one: [a], path two: [a]")),
    "old and new": ([{"h": S("a")}], {"ProjectionExpression": "a", "AttributesToGet": ["a"]}, validation(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{AttributesToGet} Expression parameters: {ProjectionExpression}")),
}


@pytest.mark.parametrize("wanted, more, expected", WRONG_READS.values(), ids=WRONG_READS)
def test_wrong_read(db, table, wanted, more, expected):
    assert db.error("BatchGetItem", RequestItems={table: {"Keys": wanted, **more}}) == expected


def test_101_keys_are_too_many(db, table, name):
    error = db.error("BatchGetItem", RequestItems={table: {"Keys": keys(name, 101)}})
    assert (error.type, error.status) == ("ValidationException", 400)
    assert db.is_local or "Member must have length less than or equal to 100" in error.message


def test_101_keys_in_two_tables_are_too_many(db, table, ranged, name):
    requests = {table: {"Keys": keys(name, 51)}, ranged: {"Keys": [{**key, "r": N(1)} for key in keys(name, 50)]}}
    assert db.error("BatchGetItem", RequestItems=requests) == validation("Too many items requested for the BatchGetItem call")


def test_reading_a_table_that_is_not_there(db, key):
    assert db.error("BatchGetItem", RequestItems={"quipu_test_nobody": {"Keys": [key]}}) == NOT_FOUND
