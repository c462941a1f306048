"""The parameters that expressions replaced; they mean the same and are evaluated the same."""

import pytest

from dynamodb_client import L, M, N, NS, Refusal, S, SS, TRUE, B, invalid, validation

FAILED = Refusal("ConditionalCheckFailedException", "The conditional request failed")
ITEM = {"one": N(1), "txt": S("banana"), "set": SS("a", "b"), "nums": NS(1, 2), "lst": L(N(1)), "bin": B("AQID"), "nul": {"NULL": True}}


def values_invalid(text):
    return validation(f"One or more parameter values were invalid: {text}")


def compare(operator, *values):
    return {"ComparisonOperator": operator, **({"AttributeValueList": list(values)} if values else {})}


# --- Expected

HOLDS = {
    "a value": {"one": {"Value": N("1.0")}},
    "a value that exists": {"one": {"Value": N(1), "Exists": True}},
    "nothing": {"none": {"Exists": False}},
    "EQ": {"one": compare("EQ", N(1))},
    "EQ of a set": {"set": compare("EQ", SS("b", "a"))},
    "NE": {"one": compare("NE", N(2))},
    "NE of nothing": {"none": compare("NE", N(2))},
    "LT": {"one": compare("LT", N(2))},
    "LE": {"one": compare("LE", N(1))},
    "GT": {"txt": compare("GT", S("b"))},
    "GE": {"txt": compare("GE", S("banana"))},
    "BETWEEN": {"one": compare("BETWEEN", N(0), N(1))},
    "IN": {"one": compare("IN", N(5), N(1))},
    "BEGINS_WITH": {"txt": compare("BEGINS_WITH", S("ban"))},
    "BEGINS_WITH of a binary": {"bin": compare("BEGINS_WITH", B("AQI="))},
    "CONTAINS in a text": {"txt": compare("CONTAINS", S("nan"))},
    "CONTAINS in a set": {"set": compare("CONTAINS", S("a"))},
    "CONTAINS in a list": {"lst": compare("CONTAINS", N(1))},
    "NOT_CONTAINS": {"set": compare("NOT_CONTAINS", S("c"))},
    "NULL": {"none": compare("NULL")},
    "NOT_NULL": {"one": compare("NOT_NULL")},
    "NOT_NULL of a null": {"nul": compare("NOT_NULL")},
    "an operator with Value": {"one": {"ComparisonOperator": "LT", "Value": N(2)}},
    "two at once": {"one": compare("EQ", N(1)), "txt": compare("BEGINS_WITH", S("b"))},
}
FAILS = {
    "another value": {"one": {"Value": N(2)}},
    "a value of another type": {"one": {"Value": S("1")}},
    "not nothing": {"one": {"Exists": False}},
    "a value of nothing": {"none": {"Value": N(1)}},
    "EQ": {"one": compare("EQ", S("1"))},
    "NE": {"one": compare("NE", N("1.0"))},
    "LT of another type": {"txt": compare("LT", N(9))},
    "GT of nothing": {"none": compare("GT", N(0))},
    "BETWEEN": {"one": compare("BETWEEN", N(2), N(3))},
    "IN": {"one": compare("IN", N(2), N(3))},
    "BEGINS_WITH": {"txt": compare("BEGINS_WITH", S("anana"))},
    "CONTAINS": {"set": compare("CONTAINS", S("ab"))},
    "NOT_CONTAINS": {"txt": compare("NOT_CONTAINS", S("nan"))},
    "NULL": {"nul": compare("NULL")},
    "NOT_NULL": {"none": compare("NOT_NULL")},
    "one of two": {"one": compare("EQ", N(1)), "txt": compare("EQ", S("x"))},
}


@pytest.fixture(scope="module")
def the_item(db, table):
    key = {"h": S("legacy")}
    db.put(table, {**key, **ITEM})
    return key


@pytest.mark.parametrize("expected", HOLDS.values(), ids=HOLDS)
def test_expected_holds(db, table, the_item, expected):
    assert db("UpdateItem", TableName=table, Key=the_item, Expected=expected) == {}


@pytest.mark.parametrize("expected", FAILS.values(), ids=FAILS)
def test_expected_fails(db, table, the_item, expected):
    assert db.error("UpdateItem", TableName=table, Key=the_item, Expected=expected) == FAILED


@pytest.mark.parametrize("operator, fails", [("OR", False), ("AND", True)])
def test_conditions_are_joined_by_the_conditional_operator(db, table, the_item, operator, fails):
    request = {"TableName": table, "Key": the_item, "ConditionalOperator": operator,
               "Expected": {"one": compare("EQ", N(1)), "txt": compare("EQ", S("x"))}}
    assert (db.call("UpdateItem", request).status == 400) == fails


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
def test_put_and_delete_know_expected(db, table, key, operation):
    members = {"Item" if operation == "PutItem" else "Key": key}
    assert db.error(operation, TableName=table, Expected={"h": {"Value": key["h"]}}, **members) == FAILED
    db.put(table, key)
    assert db(operation, TableName=table, Expected={"h": {"Value": key["h"]}}, **members) == {}


ATTRIBUTE = " for Attribute: a"
WRONG_EXPECTED = {
    "nothing said": ({}, "Value must be provided when Exists is null" + ATTRIBUTE),
    "Exists without a value": ({"Exists": True}, "Value must be provided when Exists is true" + ATTRIBUTE),
    "a value of what does not exist": ({"Exists": False, "Value": N(1)}, "Value cannot be used when Exists is false" + ATTRIBUTE),
    "Exists with an operator": ({"Exists": True, **compare("EQ", N(1))},
                                "Exists and ComparisonOperator cannot be used together" + ATTRIBUTE),
    "a value and a list": ({"Value": N(1), **compare("EQ", N(1))}, "Value and AttributeValueList cannot be used together" + ATTRIBUTE),
    "a list without an operator": ({"AttributeValueList": [N(1)]},
                                   "AttributeValueList can only be used with a ComparisonOperator" + ATTRIBUTE),
    "an operator without a value": (compare("EQ"), "Value or AttributeValueList must be used with ComparisonOperator: EQ" + ATTRIBUTE),
    "too many values": (compare("EQ", N(1), N(2)), "Invalid number of argument(s) for the EQ ComparisonOperator"),
    "too few values": (compare("BETWEEN", N(1)), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    "a value for NULL": (compare("NULL", N(1)), "Invalid number of argument(s) for the NULL ComparisonOperator"),
}


@pytest.mark.parametrize("expected, message", WRONG_EXPECTED.values(), ids=WRONG_EXPECTED)
def test_wrong_expected(db, table, key, expected, message):
    assert db.error("PutItem", TableName=table, Item=key, Expected={"a": expected}) == values_invalid(message)


def test_an_unknown_operator(db, table, key):
    assert db.error("PutItem", TableName=table, Item=key, Expected={"a": compare("FOO", N(1))}) == invalid(
        "Value 'FOO' at 'expected.a.member.comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: "
        "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]")


# --- AttributeUpdates

UPDATES = {
    "PUT": ({"a": N(1)}, {"a": {"Action": "PUT", "Value": S("x")}}, {"a": S("x")}),
    "PUT is what is meant": ({}, {"a": {"Value": S("x")}}, {"a": S("x")}),
    "DELETE": ({"a": N(1), "b": N(2)}, {"a": {"Action": "DELETE"}}, {"b": N(2)}),
    "DELETE of nothing": ({"b": N(2)}, {"a": {"Action": "DELETE"}}, {"b": N(2)}),
    "DELETE from a set": ({"a": SS("x", "y")}, {"a": {"Action": "DELETE", "Value": SS("y")}}, {"a": SS("x")}),
    "DELETE of all members": ({"a": SS("x")}, {"a": {"Action": "DELETE", "Value": SS("x")}}, {}),
    "ADD to a number": ({"a": N(1)}, {"a": {"Action": "ADD", "Value": N(2)}}, {"a": N(3)}),
    "ADD to nothing": ({}, {"a": {"Action": "ADD", "Value": N(2)}}, {"a": N(2)}),
    "ADD to a set": ({"a": NS(1)}, {"a": {"Action": "ADD", "Value": NS(1)}}, {"a": NS(1)}),
    "ADD to a list appends": ({"a": L(N(1))}, {"a": {"Action": "ADD", "Value": L(N(2))}}, {"a": L(N(1), N(2))}),
    "several": ({"a": N(1), "b": N(2)}, {"a": {"Action": "DELETE"}, "b": {"Value": N(3)}, "c": {"Action": "ADD", "Value": N(4)}},
                {"b": N(3), "c": N(4)}),
    "a name with a dot is a name": ({"a": M(b=N(1))}, {"a.b": {"Value": N(2)}}, {"a": M(b=N(1)), "a.b": N(2)}),
    "nothing at all": ({"a": N(1)}, {}, {"a": N(1)}),
}


@pytest.mark.parametrize("before, updates, after", UPDATES.values(), ids=UPDATES)
def test_attribute_updates(db, table, key, before, updates, after):
    db.put(table, {**key, **before})
    assert db("UpdateItem", TableName=table, Key=key, AttributeUpdates=updates) == {}
    assert db.get(table, key) == {**key, **after}


def test_the_counter_package_counts_so(db, table, key):
    for value in ("1", "2", "3"):
        answer = db("UpdateItem", TableName=table, Key=key, ReturnValues="UPDATED_NEW",
                    AttributeUpdates={"lastValue": {"Action": "ADD", "Value": N(1)}})
        assert answer == {"Attributes": {"lastValue": N(value)}}


WRONG_UPDATES = {
    "PUT of nothing": ({"Action": "PUT"}, "Only DELETE action is allowed when no attribute value is specified"),
    "ADD of nothing": ({"Action": "ADD"}, "Only DELETE action is allowed when no attribute value is specified"),
    "ADD of a text": ({"Action": "ADD", "Value": S("x")}, "ADD action is not supported for the type S"),
    "ADD of a bool": ({"Action": "ADD", "Value": TRUE}, "ADD action is not supported for the type BOOL"),
    "DELETE of a number": ({"Action": "DELETE", "Value": N(1)}, "DELETE action with value is not supported for the type N"),
}


@pytest.mark.parametrize("update, message", WRONG_UPDATES.values(), ids=WRONG_UPDATES)
def test_wrong_attribute_updates(db, table, key, update, message):
    assert db.error("UpdateItem", TableName=table, Key=key, AttributeUpdates={"a": update}) == values_invalid(message)


def test_the_key_cannot_be_updated(db, table, key):
    assert db.error("UpdateItem", TableName=table, Key=key, AttributeUpdates={"h": {"Value": S("x")}}) == values_invalid(
        "Cannot update attribute h. This attribute is part of the key")


def test_add_to_another_type(db, table, key):
    db.put(table, {**key, "a": S("x")})
    assert db.error("UpdateItem", TableName=table, Key=key, AttributeUpdates={"a": {"Action": "ADD", "Value": N(1)}}) == validation(
        "Type mismatch for attribute to update")


# --- KeyConditions, QueryFilter, ScanFilter, AttributesToGet


@pytest.fixture(scope="module")
def five(db, ranged):
    for r in range(5):
        db.put(ranged, {"h": S("five"), "r": N(r), "even": {"BOOL": r % 2 == 0}, "a": S(f"a{r}"), "m": M(x=N(r))})
    return ranged


def query(db, table, **more):
    more.setdefault("KeyConditions", {"h": compare("EQ", S("five"))})
    return [int(item["r"]["N"]) for item in db("Query", TableName=table, **more)["Items"]]


@pytest.mark.parametrize("condition, expected", [
    (compare("EQ", N(2)), [2]), (compare("LT", N(2)), [0, 1]), (compare("LE", N(2)), [0, 1, 2]), (compare("GT", N(2)), [3, 4]),
    (compare("GE", N(2)), [2, 3, 4]), (compare("BETWEEN", N(1), N(3)), [1, 2, 3])], ids=lambda c: str(c)[:40])
def test_key_conditions(db, five, condition, expected):
    assert query(db, five, KeyConditions={"h": compare("EQ", S("five")), "r": condition}) == expected


def test_a_query_filter(db, five):
    assert query(db, five, QueryFilter={"even": compare("EQ", TRUE), "a": compare("NE", S("a2"))}) == [0, 4]


def test_a_query_filter_with_or(db, five):
    assert query(db, five, QueryFilter={"even": compare("EQ", TRUE), "a": compare("EQ", S("a1"))},
                 ConditionalOperator="OR") == [0, 1, 2, 4]


def test_a_scan_filter(db, five):
    items = db("Scan", TableName=five, ScanFilter={"even": compare("EQ", TRUE), "r": compare("GT", N(1))})["Items"]
    assert sorted(int(item["r"]["N"]) for item in items) == [2, 4]


def test_attributes_to_get(db, five):
    key = {"h": S("five"), "r": N(1)}
    assert db.get(five, key, AttributesToGet=["a", "none", "h"]) == {"a": S("a1"), "h": S("five")}
    assert db("Query", TableName=five, KeyConditions={"h": compare("EQ", S("five")), "r": compare("EQ", N(1))},
              AttributesToGet=["a"])["Items"] == [{"a": S("a1")}]
    assert db("BatchGetItem", RequestItems={five: {"Keys": [key], "AttributesToGet": ["r"]}})["Responses"] == {five: [{"r": N(1)}]}


def test_attributes_to_get_are_names_not_paths(db, five):
    assert db.get(five, {"h": S("five"), "r": N(1)}, AttributesToGet=["m.x"]) == {}


WRONG_QUERIES = {
    "no condition": ({"KeyConditions": {}}, validation("Conditions can be of length 1 or 2 only")),
    "another operator on the hash key": ({"KeyConditions": {"h": compare("GT", S("x"))}},
                                         validation("Query key condition not supported")),
    "no hash key": ({"KeyConditions": {"r": compare("EQ", N(1))}}, validation("Query condition missed key schema element: h")),
    "a key of another type": ({"KeyConditions": {"h": compare("EQ", N(1))}},
                              values_invalid("Condition parameter type does not match schema type")),
    "a filter on the key": ({"QueryFilter": {"r": compare("EQ", N(1))}},
                            validation("QueryFilter can only contain non-primary key attributes: Primary key attribute: r")),
}


@pytest.mark.parametrize("members, expected", WRONG_QUERIES.values(), ids=WRONG_QUERIES)
def test_wrong_query(db, five, members, expected):
    assert db.error("Query", TableName=five, **{"KeyConditions": {"h": compare("EQ", S("five"))}, **members}) == expected


@pytest.mark.differs_in_dynamodb_local("it fails with 500")
def test_an_operator_that_no_key_condition_has(db, five):
    error = db.error("Query", TableName=five, KeyConditions={"h": compare("EQ", S("five")), "r": compare("NE", N(1))})
    assert error == validation("Attempted conditional constraint is not an indexable operation")


WRONG_FILTERS = {
    "too few values": (compare("BETWEEN", N(1)), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    "too many values": (compare("EQ", N(1), N(2)), "Invalid number of argument(s) for the EQ ComparisonOperator"),
    "values of two types": (compare("IN", N(1), S("x")), "AttributeValues inside AttributeValueList must be of same type"),
    "LT of a set": (compare("LT", SS("x")), "ComparisonOperator LT is not valid for SS AttributeValue type"),
    "BEGINS_WITH of a number": (compare("BEGINS_WITH", N(1)), "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
    "IN of sets": (compare("IN", SS("x")), "ComparisonOperator IN is not valid for SS AttributeValue type"),
}


@pytest.mark.parametrize("condition, message", WRONG_FILTERS.values(), ids=WRONG_FILTERS)
def test_wrong_scan_filter(db, table, condition, message):
    assert db.error("Scan", TableName=table, ScanFilter={"a": condition}) == values_invalid(message)


def test_a_range_turned_round(db, table):
    assert db.error("Scan", TableName=table, ScanFilter={"a": compare("BETWEEN", N(2), N(1))}) == validation(
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")


@pytest.mark.parametrize("operation, members", [("GetItem", {"Key": {"h": S("x")}}), ("Scan", {})])
def test_attributes_to_get_twice(db, table, operation, members):
    assert db.error(operation, TableName=table, AttributesToGet=["a", "b", "a"], **members) == values_invalid(
        "Duplicate value in attribute name: a")


@pytest.mark.differs_in_dynamodb_local("it takes an empty list")
def test_no_attributes_to_get(db, table):
    assert db.error("Scan", TableName=table, AttributesToGet=[]) == invalid(
        "Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal to 1")
