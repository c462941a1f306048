"""How large things may be: exactly so large, and not one byte larger."""

import pytest

from dynamodb_client import L, M, N, S, SS, validation
from item_size import ITEM_BYTES_MAX, item_of_bytes, number_bytes

TOO_LARGE = validation("Item size has exceeded the maximum allowed size")
UPDATE_TOO_LARGE = validation("Item size to update has exceeded the maximum allowed size")


def test_an_item_may_have_400_kilobytes(db, table, key):
    item = item_of_bytes(key, ITEM_BYTES_MAX)
    db.put(table, item)
    assert db.get(table, key) == item


def test_an_item_of_one_byte_more_is_too_large(db, table, key):
    assert db.error("PutItem", TableName=table, Item=item_of_bytes(key, ITEM_BYTES_MAX + 1)) == TOO_LARGE


def test_names_count(db, table, key):
    item = item_of_bytes(key, ITEM_BYTES_MAX)
    assert db.error("PutItem", TableName=table, Item={**item, "q": S("")}) == TOO_LARGE


def test_a_batch_knows_the_limit_too(db, table, key):
    requests = [{"PutRequest": {"Item": item_of_bytes(key, ITEM_BYTES_MAX + 1)}}]
    assert db.error("BatchWriteItem", RequestItems={table: requests}) == TOO_LARGE


def test_a_transaction_knows_the_limit_too(db, table, key):
    items = [{"Put": {"TableName": table, "Item": item_of_bytes(key, ITEM_BYTES_MAX + 1)}}]
    assert db.error("TransactWriteItems", TransactItems=items) == TOO_LARGE


def test_an_update_may_not_make_an_item_too_large(db, table, key):
    db.put(table, item_of_bytes(key, ITEM_BYTES_MAX - 10))
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression="SET b = :b",
                    ExpressionAttributeValues={":b": S("x" * 1000)}) == UPDATE_TOO_LARGE


# What a number costs, found with items that just fit: a byte, a byte for two digits before the point and two after it, and one
# for a minus; zeros at the ends are free.
NUMBERS = {"0": 1, "-0": 1, "1": 2, "12": 2, "123": 3, "-1": 3, "1E125": 2, "3.14159": 5, "123456": 4, "0.15": 2, "100": 2, "1010": 3, "100.5": 4,
           "9" * 38: 20}


@pytest.mark.differs_in_dynamodb_local("its numbers have other sizes")
@pytest.mark.parametrize("number, size", NUMBERS.items(), ids=lambda value: str(value)[:10])
def test_the_size_of_a_number(db, table, key, number, size):
    assert number_bytes(number) == size
    fixed = {**key, "n": S("x" * size)}
    just_fits = {**item_of_bytes(fixed, ITEM_BYTES_MAX), "n": N(number)}
    db.put(table, just_fits)
    one_more = {**item_of_bytes(fixed, ITEM_BYTES_MAX + 1), "n": N(number)}
    assert db.error("PutItem", TableName=table, Item=one_more) == TOO_LARGE


# --- keys

HASH_TOO_LARGE = validation("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 "
                            "bytes")
RANGE_TOO_LARGE = validation("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size "
                             "limit of 1024 bytes")


def test_a_hash_key_may_have_2048_bytes(db, table, name):
    key = {"h": S((name * 50)[:2048])}
    db.put(table, key)
    assert db.get(table, key) == key


@pytest.mark.parametrize("text", ["x" * 2049, "\u00e4" * 1025])
@pytest.mark.parametrize("operation", ["PutItem", "GetItem", "UpdateItem", "DeleteItem"])
def test_a_hash_key_of_more_is_too_large(db, table, operation, text):
    members = {"Item" if operation == "PutItem" else "Key": {"h": S(text)}}
    assert db.error(operation, TableName=table, **members) == HASH_TOO_LARGE


def test_a_range_key_may_have_1024_bytes(db, make_table, name):
    table = make_table("h:S", "r:S")
    key = {"h": S(name), "r": S("x" * 1024)}
    db.put(table, key)
    assert db.get(table, key) == key
    assert db.error("PutItem", TableName=table, Item={"h": S(name), "r": S("x" * 1025)}) == RANGE_TOO_LARGE


# --- nesting


def nested(levels, wrap):
    value = S("x")
    for _ in range(levels):
        value = wrap(value)
    return value


NESTED = {"lists": L, "maps": lambda value: M(a=value)}
TOO_DEEP = validation("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")


@pytest.mark.parametrize("wrap", NESTED.values(), ids=NESTED)
def test_values_may_be_nested_31_times(db, table, key, wrap):
    item = {**key, "a": nested(31, wrap)}
    db.put(table, item)
    assert db.get(table, key) == item


@pytest.mark.parametrize("levels", [32, 100])
@pytest.mark.parametrize("wrap", NESTED.values(), ids=NESTED)
def test_values_nested_more_often_are_refused(db, table, key, wrap, levels):
    assert db.error("PutItem", TableName=table, Item={**key, "a": nested(levels, wrap)}) == TOO_DEEP


@pytest.mark.only_quipu
def test_values_nested_very_deep_are_refused_and_the_server_lives(db, table, key):
    depth = 100_000
    body = f'{{"TableName":"{table}","Item":{{"h":{{"S":"x"}},"a":' + '{"L":[' * depth + "]}" * depth + "}}"
    answer = db.call("PutItem", body=body.encode())
    assert answer.status == 400
    assert db.get(table, key) is None


# --- expressions


def test_an_expression_may_have_4096_bytes(db, table, key):
    expression = "a <> :v" + " " * (4096 - 7)
    db.put(table, key, ConditionExpression=expression, ExpressionAttributeValues={":v": N(1)})
    error = db.error("PutItem", TableName=table, Item=key, ConditionExpression=expression + " ",
                     ExpressionAttributeValues={":v": N(1)})
    assert error == validation("Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression "
                               "size: 4097")


def test_in_may_have_100_operands(db, table, key):
    values = {f":v{i}": N(i) for i in range(101)}
    names = ", ".join(values)
    assert db.error("PutItem", TableName=table, Item=key, ConditionExpression=f"a IN ({names})",
                    ExpressionAttributeValues=values) == validation(
        "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101")
    del values[":v100"]
    db.put(table, {**key, "a": N(5)})
    db.put(table, key, ConditionExpression=f"a IN ({', '.join(values)})", ExpressionAttributeValues=values)


def test_an_expression_may_have_300_operators(db, table, key):
    error = db.error("PutItem", TableName=table, Item=key, ConditionExpression="NOT " * 300 + "a <> :v",
                     ExpressionAttributeValues={":v": N(1)})
    assert error == validation("Invalid ConditionExpression: The expression contains too many operators; operator count: 301")
    db.put(table, key, ConditionExpression="NOT " * 298 + "a <> :v", ExpressionAttributeValues={":v": N(1)})


def test_a_path_may_have_32_parts(db, table, key):
    path = ".".join("a" * 33)
    assert db.error("PutItem", TableName=table, Item=key, ConditionExpression=f"attribute_not_exists({path})") == validation(
        "Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33")
    db.put(table, key, ConditionExpression=f"attribute_not_exists({path[2:]})")


def test_a_placeholder_may_have_255_characters(db, table, key):
    for length, fits in ((255, True), (256, False)):
        name = "#" + "a" * (length - 1)
        answer = db.call("PutItem", {"TableName": table, "Item": key, "ConditionExpression": f"attribute_not_exists({name})",
                                     "ExpressionAttributeNames": {name: "b"}})
        assert (answer.status == 200) == fits
    assert db.refusal(answer) == validation("ExpressionAttributeNames contains invalid key: The expression attribute map contains "
                                            "a key that is too long; size of key: 256")


def test_an_attribute_name_may_have_65535_bytes(db, table, key):
    assert db.error("PutItem", TableName=table, Item={**key, "x" * 65536: N(1)}) == validation(
        "Attribute name is too large, must be less than 65536 bytes")


def test_a_set_may_have_many_members(db, table, key):
    members = [f"member{i}" for i in range(5000)]
    db.put(table, {**key, "a": SS(*members)})
    assert sorted(db.get(table, key)["a"]["SS"]) == sorted(members)
