"""Query: which items, in which order, how many at a time, and what is wrong with a request."""

import pytest

from dynamodb_client import M, N, Refusal, S, SS, B, validation


@pytest.fixture(scope="module")
def ten(db, ranged):
    """Ten items below one hash key, r from -5 to 4, and one below another."""
    for r in (3, -5, 0, 4, -1, 2, -4, 1, -3, -2):
        db.put(ranged, {"h": S("ten"), "r": N(r), "even": {"BOOL": r % 2 == 0}, "a": S(f"a{r}"), "m": M(x=N(r))})
    db.put(ranged, {"h": S("other"), "r": N(0)})
    return ranged


def numbers(items):
    return [int(item["r"]["N"]) for item in items]


def query(db, table, condition="h = :h", h="ten", more_values=None, **more):
    values = {":h": S(h), **(more_values or {})}
    return db("Query", TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


RANGES = {
    "r = :a": [-2], "r < :a": [-5, -4, -3], "r <= :a": [-5, -4, -3, -2], "r > :a": [-1, 0, 1, 2, 3, 4],
    "r >= :a": [-2, -1, 0, 1, 2, 3, 4], "r BETWEEN :a AND :b": [-2, -1, 0, 1], ":a < r": [-1, 0, 1, 2, 3, 4], ":a = r": [-2],
}


@pytest.mark.parametrize("condition, expected", RANGES.items(), ids=RANGES)
def test_a_condition_on_the_range_key(db, ten, condition, expected):
    values = {":a": N(-2), ":b": N("1.00")} if ":b" in condition else {":a": N(-2)}
    answer = query(db, ten, f"h = :h AND {condition}", more_values=values)
    assert numbers(answer["Items"]) == expected
    assert (answer["Count"], answer["ScannedCount"]) == (len(expected), len(expected))
    assert "LastEvaluatedKey" not in answer


@pytest.mark.parametrize("condition", ["h = :h AND r > :a", "r > :a AND h = :h", "(h = :h) AND (r > :a)", "#h = :h and #r > :a"])
def test_the_two_conditions_may_be_written_in_any_way(db, ten, condition):
    names = {"ExpressionAttributeNames": {"#h": "h", "#r": "r"}} if "#" in condition else {}
    assert numbers(query(db, ten, condition, more_values={":a": N(2)}, **names)["Items"]) == [3, 4]


def test_all_items_of_a_hash_key_come_in_order(db, ten):
    assert numbers(query(db, ten)["Items"]) == list(range(-5, 5))


def test_they_come_backwards_when_asked(db, ten):
    assert numbers(query(db, ten, ScanIndexForward=False)["Items"]) == list(range(4, -6, -1))


def test_a_hash_key_without_items_has_none(db, ten):
    assert query(db, ten, h="nobody") == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_whole_items_come(db, ten):
    items = query(db, ten, "h = :h AND r = :a", more_values={":a": N(3)})["Items"]
    assert items == [{"h": S("ten"), "r": N(3), "even": {"BOOL": False}, "a": S("a3"), "m": M(x=N(3))}]


# --- order of other key types


@pytest.mark.parametrize("kind, ordered", [
    ("S", ["A", "B", "a", "aa", "b", "\u00e4", "\u20ac", "\ue000", "\U0001d11e"]),
    ("B", ["AA==", "AAA=", "AQ==", "fw==", "gA==", "/w==", "//8="]),
    ("N", ["-9.9E+125", "-100", "-10.5", "-10", "-1", "-1E-130", "0", "1E-130", "0.5", "1", "9", "10", "1E+20", "9.9E+125"]),
])
def test_range_keys_of_each_type_have_their_order(db, make_table, kind, ordered):
    table = make_table("h:S", f"r:{kind}")
    for value in reversed(ordered):
        db.put(table, {"h": S("x"), "r": {kind: value}, "as": S(value)})
    assert [item["as"]["S"] for item in query(db, table, h="x")["Items"]] == ordered


@pytest.mark.parametrize("kind, prefix, expected", [("S", "ab", ["ab", "abc", "ab\U0010ffff"]), ("B", "YWI=", ["YWI=", "YWJj"])])
def test_begins_with_on_the_range_key(db, make_table, kind, prefix, expected):
    table = make_table("h:S", f"r:{kind}")
    others = {"S": ["a", "aa", "ac", "b"], "B": ["YQ==", "YWE=", "YWM="]}[kind]
    for value in [*others, *expected]:
        db.put(table, {"h": S("x"), "r": {kind: value}})
    answer = query(db, table, "h = :h AND begins_with(r, :p)", h="x", more_values={":p": {kind: prefix}})
    assert [item["r"][kind] for item in answer["Items"]] == expected


# --- pages


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 5, 9, 10, 11])
def test_pages_give_all_items_in_order(db, ten, limit, forward):
    pages = db.pages("Query", TableName=ten, KeyConditionExpression="h = :h", ExpressionAttributeValues={":h": S("ten")},
                     Limit=limit, ScanIndexForward=forward)
    found = [r for page in pages for r in numbers(page["Items"])]
    assert found == (list(range(-5, 5)) if forward else list(range(4, -6, -1)))
    assert all(page["Count"] == page["ScannedCount"] == len(page["Items"]) <= limit for page in pages)


def test_the_last_evaluated_key_is_the_key_of_the_last_item(db, ten):
    assert query(db, ten, Limit=4)["LastEvaluatedKey"] == {"h": S("ten"), "r": N(-2)}


def test_a_page_that_ends_with_the_last_item_does_not_know_that(db, ten):
    assert query(db, ten, Limit=10)["LastEvaluatedKey"] == {"h": S("ten"), "r": N(4)}


def test_a_page_may_start_at_a_key_that_is_not_there(db, ten):
    answer = query(db, ten, ExclusiveStartKey={"h": S("ten"), "r": N("1.5")})
    assert numbers(answer["Items"]) == [2, 3, 4]


def test_limit_counts_what_is_looked_at_not_what_passes_the_filter(db, ten):
    answer = query(db, ten, FilterExpression="even = :t", more_values={":t": {"BOOL": True}}, Limit=3)
    assert (numbers(answer["Items"]), answer["Count"], answer["ScannedCount"]) == ([-4], 1, 3)
    assert answer["LastEvaluatedKey"] == {"h": S("ten"), "r": N(-3)}


def test_a_filter_that_nothing_passes_still_pages(db, ten):
    answer = query(db, ten, FilterExpression="attribute_exists(nothing)", Limit=2)
    assert answer == {"Items": [], "Count": 0, "ScannedCount": 2, "LastEvaluatedKey": {"h": S("ten"), "r": N(-4)}}


def test_a_page_ends_at_a_megabyte(db, make_table):
    table = make_table("h:S", "r:N")
    for r in range(7):
        db.put(table, {"h": S("x"), "r": N(r), "a": S("x" * 300_000)})
    pages = db.pages("Query", TableName=table, KeyConditionExpression="h = :h", ExpressionAttributeValues={":h": S("x")})
    assert [numbers(page["Items"]) for page in pages] == [[0, 1, 2, 3], [4, 5, 6]]


@pytest.mark.differs_in_dynamodb_local("its megabyte counts what passes the filter")
def test_a_filter_does_not_make_the_megabyte_larger(db, make_table):
    table = make_table("h:S", "r:N")
    for r in range(5):
        db.put(table, {"h": S("x"), "r": N(r), "a": S("x" * 300_000)})
    answer = query(db, table, h="x", FilterExpression="attribute_not_exists(a)")
    assert (answer["Count"], answer["ScannedCount"]) == (0, 4)
    assert answer["LastEvaluatedKey"] == {"h": S("x"), "r": N(3)}


# --- what is shown


def test_select_count_shows_no_items(db, ten):
    assert query(db, ten, Select="COUNT") == {"Count": 10, "ScannedCount": 10}


def test_a_projection_shows_only_what_it_names(db, ten):
    items = query(db, ten, "h = :h AND r = :a", more_values={":a": N(3)}, ProjectionExpression="a, m.x, none1")["Items"]
    assert items == [{"a": S("a3"), "m": M(x=N(3))}]


def test_an_item_without_the_projected_attributes_is_empty(db, ten):
    assert query(db, ten, ProjectionExpression="none1", Limit=1)["Items"] == [{}]


def test_specific_attributes_is_what_a_projection_means(db, ten):
    assert query(db, ten, ProjectionExpression="a", Select="SPECIFIC_ATTRIBUTES", Limit=1)["Items"] == [{"a": S("a-5")}]


# --- what is wrong

EMPTY_KEY = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string " \
            "value. Key: h"
NO_SUCH_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"
WRONG_CONDITIONS = {
    "r = :n": "Query condition missed key schema element: h",
    "a = :h": "Query condition missed key schema element: h",
    "h = :h AND a = :s": "Query condition missed key schema element: r",
    "h > :h": "Query key condition not supported",
    "begins_with(h, :h)": "Query key condition not supported",
    "h BETWEEN :h AND :s": "Query key condition not supported",
    "h = :h AND r <> :n": "Invalid operator used in KeyConditionExpression: <>",
    "h = :h OR r = :n": "Invalid operator used in KeyConditionExpression: OR",
    "NOT h = :h": "Invalid operator used in KeyConditionExpression: NOT",
    "h IN (:h)": "Invalid operator used in KeyConditionExpression: IN",
    "h = :h AND contains(r, :n)": "Invalid operator used in KeyConditionExpression: contains",
    "h = :h AND attribute_exists(r)": "Invalid operator used in KeyConditionExpression: attribute_exists",
    "h = :h AND size(r) = :n": "KeyConditionExpressions cannot contain nested operations",
    "h = :h AND r = :n AND a = :s": "Conditions can be of length 1 or 2 only",
    "h = :h AND h = :s": "KeyConditionExpressions must only contain one condition per key",
    "h = :h AND r > :n AND r < :n": "KeyConditionExpressions must only contain one condition per key",
    "h = r": "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
    "h = :n": NO_SUCH_TYPE,
    "h = :h AND r = :s": NO_SUCH_TYPE,
    "h = :h AND begins_with(r, :s)": NO_SUCH_TYPE,
    "h = :h AND begins_with(r, :n)": "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator "
                                     "or function: begins_with, operand type: N",
    "h = :h AND r BETWEEN :m AND :n": "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater "
                                      "than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound "
                                      "operand: AttributeValue: {N:1}",
    "h = :e": EMPTY_KEY,
    "": "Invalid KeyConditionExpression: The expression can not be empty;",
    "h": 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "h"',
}
VALUES = {":h": S("ten"), ":s": S("x"), ":n": N(1), ":m": N(2), ":e": S("")}


@pytest.mark.parametrize("condition, message", WRONG_CONDITIONS.items(), ids=WRONG_CONDITIONS)
def test_wrong_key_condition(db, ten, condition, message):
    used = {name: value for name, value in VALUES.items() if name in condition}
    values = {"ExpressionAttributeValues": used} if used else {}
    assert db.error("Query", TableName=ten, KeyConditionExpression=condition, **values) == validation(message)


WRONG = {
    "no condition": ({"KeyConditionExpression": None, "ExpressionAttributeValues": None},
                     "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
    "an unknown index": ({"IndexName": "nope"}, "The table does not have the specified index: nope"),
    "a filter on the hash key": ({"FilterExpression": "h = :h"},
                                 "Filter Expression can only contain non-primary key attributes: Primary key attribute: h"),
    "a filter on the range key": ({"FilterExpression": "attribute_exists(r)"},
                                  "Filter Expression can only contain non-primary key attributes: Primary key attribute: r"),
    "all projected without an index": ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
                                       "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    "specific without saying which": ({"Select": "SPECIFIC_ATTRIBUTES"},
                                      "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                                      "SPECIFIC_ATTRIBUTES"),
    "count with a projection": ({"Select": "COUNT", "ProjectionExpression": "a"},
                                "Cannot specify the ProjectionExpression when choosing to get only the Count"),
    "all with a projection": ({"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "a"},
                              "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
    "a limit of 0": ({"Limit": 0}, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must "
                                   "have value greater than or equal to 1"),
    "a negative limit": ({"Limit": -1}, "1 validation error detected: Value '-1' at 'limit' failed to satisfy constraint: Member "
                                        "must have value greater than or equal to 1"),
    "an unknown select": ({"Select": "FOO"}, "1 validation error detected: Value 'FOO' at 'select' failed to satisfy constraint: "
                          "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, "
                          "ALL_PROJECTED_ATTRIBUTES]"),
    "a start without the range key": ({"ExclusiveStartKey": {"h": S("ten")}}, "The provided starting key is invalid"),
    "a start with too much": ({"ExclusiveStartKey": {"h": S("ten"), "r": N(1), "a": S("x")}},
                              "The provided starting key is invalid"),
    "a start of another type": ({"ExclusiveStartKey": {"h": S("ten"), "r": S("1")}},
                                "The provided key element does not match the schema"),
    "a start at another hash key": ({"ExclusiveStartKey": {"h": S("other"), "r": N(0)}},
                                    "The provided starting key is outside query boundaries based on provided conditions"),
}


@pytest.mark.parametrize("members, message", WRONG.values(), ids=WRONG)
def test_wrong_query(db, ten, members, message):
    whole = {"KeyConditionExpression": "h = :h", "ExpressionAttributeValues": {":h": S("ten")}, **members}
    assert db.error("Query", TableName=ten, **{k: v for k, v in whole.items() if v is not None}) == validation(message)


def test_a_start_outside_of_the_range(db, ten):
    error = db.error("Query", TableName=ten, KeyConditionExpression="h = :h AND r > :n",
                     ExpressionAttributeValues={":h": S("ten"), ":n": N(2)}, ExclusiveStartKey={"h": S("ten"), "r": N(1)})
    assert error == validation("The provided starting key does not match the range key predicate")


def test_a_table_that_is_not_there(db):
    error = db.error("Query", TableName="quipu_test_nobody", KeyConditionExpression="h = :h",
                     ExpressionAttributeValues={":h": S("x")})
    assert error == Refusal("ResourceNotFoundException", "Requested resource not found")


@pytest.mark.parametrize("value", [SS("ten"), {"BOOL": True}, {"NULL": True}, {"L": []}], ids=str)
def test_a_hash_key_has_the_type_of_the_schema(db, ten, value):
    error = db.error("Query", TableName=ten, KeyConditionExpression="h = :h", ExpressionAttributeValues={":h": value})
    assert error == validation(NO_SUCH_TYPE)


def test_a_consistent_query_sees_what_was_just_written(db, ranged, key):
    db.put(ranged, {**key, "r": N(1), "b": B("YQ==")})
    answer = query(db, ranged, h=key["h"]["S"], ConsistentRead=True)
    assert answer["Items"] == [{**key, "r": N(1), "b": B("YQ==")}]
