"""PutItem, GetItem, DeleteItem: what is written is read, whole, and what was there before is told to whoever asks."""

import pytest

from dynamodb_client import BS, FALSE, L, M, N, NS, NULL, S, SS, TRUE, B, Refusal, validation

FAILED = Refusal("ConditionalCheckFailedException", "The conditional request failed")
NOT_THE_KEY = validation("The provided key element does not match the schema")

VALUES = {
    "text": S("héllo ☃ 𝄞 \u0000\n\"\\"), "empty text": S(""), "number": N("-12.5"), "zero": N(0), "binary": B("AAECAw=="),
    "empty binary": B(""), "true": TRUE, "false": FALSE, "null": NULL, "texts": SS("a"), "numbers": NS("1"),
    "binaries": BS("YQ=="), "an empty text in a set": SS(""), "empty list": L(), "empty map": M(),
    "list": L(S("a"), N(1), L(NULL, M(x=TRUE))), "map": M(a=M(b=M(c=L(S("deep"))))),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_each_value_is_read_as_it_was_written(db, table, key, value):
    db.put(table, {**key, "a": value})
    assert db.get(table, key) == {**key, "a": value}


@pytest.mark.parametrize("kind, members", [
    ("SS", ["b", "a", "", "ä"]), ("NS", ["10", "-1", "2", "0.5"]), ("BS", ["Yg==", "YQ==", "/w=="])])
def test_a_set_keeps_its_members(db, table, key, kind, members):
    db.put(table, {**key, "a": {kind: members}})
    assert sorted(db.get(table, key)["a"][kind]) == sorted(members)


@pytest.mark.parametrize("attribute", ["a", "with space", "ä☃", "#x", ":y", "a.b", "a[0]", "select", "\"", "0", "x" * 65535],
                         ids=lambda name: name[:10])
def test_an_attribute_may_have_any_name(db, table, key, attribute):
    db.put(table, {**key, attribute: S("x")})
    assert db.get(table, key) == {**key, attribute: S("x")}


def test_an_item_that_is_not_there_is_an_empty_answer(db, table, key):
    assert db("GetItem", TableName=table, Key=key) == {}


def test_put_answers_nothing_unless_asked(db, table, key):
    assert db("PutItem", TableName=table, Item=key) == {}


def test_put_replaces_the_whole_item(db, table, key):
    db.put(table, {**key, "a": N(1), "b": N(2)})
    db.put(table, {**key, "b": N(3)})
    assert db.get(table, key) == {**key, "b": N(3)}


def test_put_tells_the_old_item(db, table, key):
    assert db.put(table, {**key, "a": N(1)}, ReturnValues="ALL_OLD") == {}
    assert db.put(table, {**key, "b": N(2)}, ReturnValues="ALL_OLD") == {"Attributes": {**key, "a": N(1)}}


def test_put_with_return_values_none_tells_nothing(db, table, key):
    db.put(table, key)
    assert db.put(table, key, ReturnValues="NONE") == {}


@pytest.mark.parametrize("wish", ["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
def test_put_and_delete_tell_only_the_whole_old_item(db, table, key, operation, wish):
    members = {"Item" if operation == "PutItem" else "Key": key}
    assert db.error(operation, TableName=table, ReturnValues=wish, **members) == validation(
        "ReturnValues can only be ALL_OLD or NONE")


def test_delete_removes_the_item(db, table, key):
    db.put(table, key)
    assert db("DeleteItem", TableName=table, Key=key) == {}
    assert db.get(table, key) is None


@pytest.mark.differs_in_dynamodb_local("it tells the consumed capacity without being asked")
def test_delete_of_nothing_is_no_error_and_tells_nothing(db, table, key):
    assert db("DeleteItem", TableName=table, Key=key, ReturnValues="ALL_OLD") == {}


def test_delete_tells_the_old_item(db, table, key):
    db.put(table, {**key, "a": S("x")})
    assert db("DeleteItem", TableName=table, Key=key, ReturnValues="ALL_OLD") == {"Attributes": {**key, "a": S("x")}}


def test_delete_on_a_condition_that_fails_keeps_the_item(db, table, key):
    db.put(table, {**key, "a": N(1)})
    error = db.error("DeleteItem", TableName=table, Key=key, ConditionExpression="a = :two",
                     ExpressionAttributeValues={":two": N(2)})
    assert error == FAILED
    assert db.get(table, key) == {**key, "a": N(1)}


def test_put_on_a_condition_that_fails_changes_nothing(db, table, key):
    db.put(table, {**key, "a": N(1)})
    assert db.error("PutItem", TableName=table, Item=key, ConditionExpression="attribute_not_exists(h)") == FAILED
    assert db.get(table, key) == {**key, "a": N(1)}


@pytest.mark.parametrize("operation, more", [
    ("PutItem", lambda key: {"Item": key}), ("DeleteItem", lambda key: {"Key": key}),
    ("UpdateItem", lambda key: {"Key": key, "UpdateExpression": "REMOVE b"})])
def test_a_failed_condition_shows_the_item_when_asked(db, table, key, operation, more):
    db.put(table, {**key, "a": N(1)})
    answer = db.call(operation, {"TableName": table, "ConditionExpression": "attribute_not_exists(h)",
                                 "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **more(key)})
    assert db.refusal(answer) == FAILED
    assert answer.json()["Item"] == {**key, "a": N(1)}


def test_a_failed_condition_shows_no_item_unless_asked(db, table, key):
    db.put(table, {**key, "a": N(1)})
    answer = db.call("PutItem", {"TableName": table, "Item": key, "ConditionExpression": "attribute_not_exists(h)"})
    assert set(answer.json()) - {"message", "Message"} == {"__type"}


def test_a_failed_condition_on_nothing_shows_nothing(db, table, key):
    answer = db.call("PutItem", {"TableName": table, "Item": key, "ConditionExpression": "attribute_exists(h)",
                                 "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    assert "Item" not in answer.json()


# --- keys


@pytest.mark.parametrize("kind, values", [
    ("S", [S("a"), S("ä☃"), S("x" * 1000)]), ("N", [N(1), N("-1.5"), N("1E+20")]), ("B", [B("AA=="), B("/w==")])])
def test_a_hash_key_may_be_text_number_or_binary(db, make_table, kind, values):
    table = make_table(f"k:{kind}")
    for value in values:
        db.put(table, {"k": value, "a": value})
    for value in values:
        assert db.get(table, {"k": value})["k"] == db.get(table, {"k": value})["a"]


def test_numbers_that_are_equal_are_one_key(db, ranged, key):
    db.put(ranged, {**key, "r": N("1.50"), "a": N(1)})
    db.put(ranged, {**key, "r": N("0.15E1"), "a": N(2)})
    assert db.get(ranged, {**key, "r": N("1.5")}) == {**key, "r": N("1.5"), "a": N(2)}


def test_items_with_one_hash_key_and_several_range_keys_are_several(db, ranged, key):
    for r in (1, 2):
        db.put(ranged, {**key, "r": N(r), "a": N(-r)})
    assert db.get(ranged, {**key, "r": N(1)})["a"] == N(-1)
    assert db.get(ranged, {**key, "r": N(2)})["a"] == N(-2)


def missing(attribute):
    return validation(f"One or more parameter values were invalid: Missing the key {attribute} in the item")


def test_put_needs_the_hash_key(db, table):
    assert db.error("PutItem", TableName=table, Item={"a": S("x")}) == missing("h")


def test_put_needs_the_range_key(db, ranged, key):
    assert db.error("PutItem", TableName=ranged, Item=key) == missing("r")


def test_put_names_the_key_of_the_wrong_type(db, table):
    assert db.error("PutItem", TableName=table, Item={"h": N(1)}) == validation(
        "One or more parameter values were invalid: Type mismatch for key h expected: S actual: N")


def test_put_names_the_range_key_of_the_wrong_type(db, ranged, key):
    assert db.error("PutItem", TableName=ranged, Item={**key, "r": S("1")}) == validation(
        "One or more parameter values were invalid: Type mismatch for key r expected: N actual: S")


@pytest.mark.parametrize("kind, name", [("S", "string"), ("B", "binary")])
def test_a_key_may_not_be_empty(db, make_table, kind, name):
    table = make_table(f"k:{kind}")
    assert db.error("PutItem", TableName=table, Item={"k": {kind: ""}}) == validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        f"{name} value. Key: k")


OPERATIONS_ON_A_KEY = {
    "GetItem": {}, "DeleteItem": {},
    "UpdateItem": {"UpdateExpression": "SET z = :z", "ExpressionAttributeValues": {":z": N(1)}},
}
WRONG_KEYS = {
    "no attribute": {}, "another attribute": {"x": S("a")}, "one too many": {"h": S("a"), "x": S("b")},
    "another type": {"h": N(1)}, "a set": {"h": SS("a")}, "a bool": {"h": TRUE},
}


@pytest.mark.parametrize("wrong", WRONG_KEYS.values(), ids=WRONG_KEYS)
@pytest.mark.parametrize("operation", OPERATIONS_ON_A_KEY)
def test_a_key_must_match_the_schema(db, table, operation, wrong):
    assert db.error(operation, TableName=table, Key=wrong, **OPERATIONS_ON_A_KEY[operation]) == NOT_THE_KEY


@pytest.mark.parametrize("operation", OPERATIONS_ON_A_KEY)
def test_a_key_must_have_its_range_part(db, ranged, key, operation):
    assert db.error(operation, TableName=ranged, Key=key, **OPERATIONS_ON_A_KEY[operation]) == NOT_THE_KEY


@pytest.mark.parametrize("operation", OPERATIONS_ON_A_KEY)
def test_an_empty_key_is_named(db, table, operation):
    assert db.error(operation, TableName=table, Key={"h": S("")}, **OPERATIONS_ON_A_KEY[operation]) == validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. Key: h")


# --- consistent reads


@pytest.mark.parametrize("consistent", [True, False])
def test_a_read_after_a_write_sees_it(db, table, key, consistent, service_kind):
    db.put(table, key)
    if consistent or service_kind != "original":
        assert db("GetItem", TableName=table, Key=key, ConsistentRead=consistent) == {"Item": key}
