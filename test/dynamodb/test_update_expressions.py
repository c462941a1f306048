"""UpdateItem with an UpdateExpression: what each clause does, and what it tells."""

import pytest

from dynamodb_client import BS, FALSE, L, M, N, NS, NULL, S, SS, TRUE, B, Refusal, validation

FAILED = Refusal("ConditionalCheckFailedException", "The conditional request failed")
BAD_PATH = validation("The document path provided in the update expression is invalid for update")

# name: the item before, the expression, its values, the item after (all without the key)
CHANGES = {
    "SET a new attribute": ({}, "SET a = :v", {":v": S("x")}, {"a": S("x")}),
    "SET over another type": ({"a": N(1)}, "SET a = :v", {":v": SS("x")}, {"a": SS("x")}),
    "SET several": ({}, "SET a = :v, b = :w", {":v": N(1), ":w": N(2)}, {"a": N(1), "b": N(2)}),
    "SET in lower case": ({}, "set a = :v", {":v": N(1)}, {"a": N(1)}),
    "SET from another attribute": ({"b": S("x")}, "SET a = b", None, {"a": S("x"), "b": S("x")}),
    "SET reads the item as it was": ({"a": N(1), "b": N(2)}, "SET a = b, b = a", None, {"a": N(2), "b": N(1)}),
    "SET a sum": ({"a": N(1)}, "SET a = a + :v", {":v": N("2.5")}, {"a": N("3.5")}),
    "SET a difference": ({"a": N(1)}, "SET a = a - :v", {":v": N(3)}, {"a": N(-2)}),
    "SET a difference of values": ({}, "SET a = :v - :w", {":v": N(5), ":w": N(7)}, {"a": N(-2)}),
    "SET a sum of two attributes": ({"a": N(1), "b": N(2)}, "SET c = a + b", None, {"a": N(1), "b": N(2), "c": N(3)}),
    "if_not_exists takes what is there": ({"a": N(1)}, "SET a = if_not_exists(a, :v)", {":v": N(5)}, {"a": N(1)}),
    "if_not_exists takes the other": ({}, "SET a = if_not_exists(a, :v)", {":v": N(5)}, {"a": N(5)}),
    "if_not_exists of another path": ({"b": N(2)}, "SET a = if_not_exists(b, :v)", {":v": N(5)}, {"a": N(2), "b": N(2)}),
    "if_not_exists within a sum": ({}, "SET a = if_not_exists(a, :z) + :n", {":z": N(0), ":n": N(7)}, {"a": N(7)}),
    "if_not_exists on the right of a sum": ({"a": N(2)}, "SET a = :n - if_not_exists(a, :z)", {":z": N(0), ":n": N(7)},
                                            {"a": N(5)}),
    "if_not_exists of null": ({"a": NULL}, "SET a = if_not_exists(a, :v)", {":v": N(5)}, {"a": NULL}),
    "if_not_exists falls to another attribute": ({"b": N(3)}, "SET a = if_not_exists(a, b)", None, {"a": N(3), "b": N(3)}),
    "if_not_exists within if_not_exists": ({"c": N(3)}, "SET a = if_not_exists(a, if_not_exists(b, c))", None,
                                           {"a": N(3), "c": N(3)}),
    "list_append at the end": ({"a": L(N(1))}, "SET a = list_append(a, :v)", {":v": L(N(2))}, {"a": L(N(1), N(2))}),
    "list_append in front": ({"a": L(N(1))}, "SET a = list_append(:v, a)", {":v": L(N(2))}, {"a": L(N(2), N(1))}),
    "list_append of two values": ({}, "SET a = list_append(:v, :v)", {":v": L(N(2))}, {"a": L(N(2), N(2))}),
    "list_append to what may be missing": ({}, "SET a = list_append(if_not_exists(a, :e), :v)", {":e": L(), ":v": L(S("x"))},
                                           {"a": L(S("x"))}),
    "SET within a map": ({"a": M(b=N(1))}, "SET a.b = :v", {":v": N(2)}, {"a": M(b=N(2))}),
    "SET a new member of a map": ({"a": M(b=N(1))}, "SET a.c = :v", {":v": N(2)}, {"a": M(b=N(1), c=N(2))}),
    "SET within a list": ({"a": L(N(1), N(2))}, "SET a[1] = :v", {":v": N(3)}, {"a": L(N(1), N(3))}),
    "SET past a list's end appends": ({"a": L(N(1))}, "SET a[5] = :v", {":v": N(3)}, {"a": L(N(1), N(3))}),
    "SET twice past a list's end appends both": ({"a": L()}, "SET a[7] = :v, a[5] = :w", {":v": N(7), ":w": N(5)},
                                                 {"a": L(N(5), N(7))}),
    "SET deep": ({"a": M(b=L(M(c=N(1)), N(0)))}, "SET a.b[0].c = a.b[0].c + :v", {":v": N(4)},
                 {"a": M(b=L(M(c=N(5)), N(0)))}),
    "SET in a list in a list": ({"a": L(L(N(1)))}, "SET a[0][0] = :v", {":v": N(4)}, {"a": L(L(N(4)))}),
    "REMOVE": ({"a": N(1), "b": N(2)}, "REMOVE a", None, {"b": N(2)}),
    "REMOVE several": ({"a": N(1), "b": N(2)}, "REMOVE a, b", None, {}),
    "REMOVE of nothing": ({"b": N(2)}, "REMOVE a", None, {"b": N(2)}),
    "REMOVE within a map": ({"a": M(b=N(1), c=N(2))}, "REMOVE a.b", None, {"a": M(c=N(2))}),
    "REMOVE within a list closes the gap": ({"a": L(N(1), N(2), N(3))}, "REMOVE a[1]", None, {"a": L(N(1), N(3))}),
    "REMOVE two of a list by what they were": ({"a": L(N(0), N(1), N(2), N(3))}, "REMOVE a[0], a[2]", None,
                                               {"a": L(N(1), N(3))}),
    "REMOVE past a list's end": ({"a": L(N(1))}, "REMOVE a[5]", None, {"a": L(N(1))}),
    "REMOVE of a missing member": ({"a": M(b=N(1))}, "REMOVE a.x", None, {"a": M(b=N(1))}),
    "ADD to a number": ({"a": N(1)}, "ADD a :v", {":v": N(2)}, {"a": N(3)}),
    "ADD to nothing": ({}, "ADD a :v", {":v": N(2)}, {"a": N(2)}),
    "ADD a negative number": ({"a": N(1)}, "ADD a :v", {":v": N("-2.5")}, {"a": N("-1.5")}),
    "ADD several": ({"a": N(1)}, "ADD a :v, b :v", {":v": N(2)}, {"a": N(3), "b": N(2)}),
    "ADD one text to a set of one": ({"a": SS("x")}, "ADD a :v", {":v": SS("x")}, {"a": SS("x")}),
    "ADD a set to nothing": ({}, "ADD a :v", {":v": NS(1)}, {"a": NS(1)}),
    "ADD within a map": ({"a": M(b=N(1))}, "ADD a.b :v", {":v": N(2)}, {"a": M(b=N(3))}),
    "ADD within a list": ({"a": L(N(1))}, "ADD a[0] :v", {":v": N(2)}, {"a": L(N(3))}),
    "DELETE from a set": ({"a": SS("x", "y")}, "DELETE a :v", {":v": SS("y", "z")}, {"a": SS("x")}),
    "DELETE of all members removes the attribute": ({"a": NS(1, 2)}, "DELETE a :v", {":v": NS(2, 1)}, {}),
    "DELETE from nothing": ({}, "DELETE a :v", {":v": SS("x")}, {}),
    "DELETE numbers by value": ({"a": NS(1, 2)}, "DELETE a :v", {":v": NS("2.0")}, {"a": NS(1)}),
    "DELETE binaries": ({"a": BS("YQ==", "Yg==")}, "DELETE a :v", {":v": BS("YQ==")}, {"a": BS("Yg==")}),
    "all clauses at once": ({"b": N(1), "c": N(1), "d": SS("x", "y")}, "SET a = :s REMOVE b ADD c :n DELETE d :d",
                            {":s": S("s"), ":n": N(1), ":d": SS("x")}, {"a": S("s"), "c": N(2), "d": SS("y")}),
    "clauses in another order": ({"b": N(1), "c": N(1)}, "ADD c :n REMOVE b SET a = :s", {":s": S("s"), ":n": N(1)},
                                 {"a": S("s"), "c": N(2)}),
    "an empty text": ({}, "SET a = :v", {":v": S("")}, {"a": S("")}),
    "values of all kinds": ({}, "SET a = :a, b = :b, c = :c, d = :d, e = :e",
                            {":a": TRUE, ":b": NULL, ":c": B("YQ=="), ":d": L(FALSE), ":e": M(x=M())},
                            {"a": TRUE, "b": NULL, "c": B("YQ=="), "d": L(FALSE), "e": M(x=M())}),
    "REMOVE and SET of different members": ({"a": M(b=N(1), c=N(2))}, "SET a.b = :v REMOVE a.c", {":v": N(9)},
                                            {"a": M(b=N(9))}),
    "white space of all kinds": ({}, "\n SET\ta=:v ,\r\n b =  :v ", {":v": N(1)}, {"a": N(1), "b": N(1)}),
}


@pytest.mark.parametrize("before, expression, values, after", CHANGES.values(), ids=CHANGES)
def test_change(db, table, key, before, expression, values, after):
    db.put(table, {**key, **before})
    members = {"ExpressionAttributeValues": values} if values else {}
    assert db.update(table, key, expression, **members) == {}
    assert db.get(table, key) == {**key, **after}


@pytest.mark.parametrize("kind, before, added, after", [
    ("SS", ["x"], ["y", "x"], ["x", "y"]), ("NS", ["1"], ["1.0", "2"], ["1", "2"]), ("BS", ["YQ=="], ["Yg=="], ["YQ==", "Yg=="])])
def test_add_unites_sets(db, table, key, kind, before, added, after):
    db.put(table, {**key, "a": {kind: before}})
    db.update(table, key, "ADD a :v", ExpressionAttributeValues={":v": {kind: added}})
    assert sorted(db.get(table, key)["a"][kind]) == after


def test_an_update_makes_the_item(db, table, key):
    db.update(table, key, "SET a = :v", ExpressionAttributeValues={":v": N(1)})
    assert db.get(table, key) == {**key, "a": N(1)}


def test_an_update_without_an_expression_makes_the_item(db, table, key):
    db.update(table, key)
    assert db.get(table, key) == key


@pytest.mark.differs_in_dynamodb_local("it makes the item")
@pytest.mark.parametrize("expression", ["REMOVE a", "REMOVE a, b", "DELETE a :v"])
def test_an_update_that_only_removes_makes_no_item(db, table, key, expression):
    members = {"ExpressionAttributeValues": {":v": SS("x")}} if ":v" in expression else {}
    assert db.update(table, key, expression, ReturnValues="ALL_NEW", **members) == {}
    assert db.get(table, key) is None


def test_names_stand_for_any_attribute(db, table, key):
    db.put(table, {**key, "m": M()})
    db.update(table, key, "SET #a = :v, #b.#c = :v", ExpressionAttributeNames={"#a": "a.b", "#b": "m", "#c": "size"},
              ExpressionAttributeValues={":v": N(1)})
    assert db.get(table, key) == {**key, "a.b": N(1), "m": M(size=N(1))}


# --- what an update tells

BEFORE = {"a": N(1), "b": N(2), "m": M(x=N(1), y=N(2))}
UPDATE = {"UpdateExpression": "SET a = :v, c = :v, m.x = :v REMOVE b", "ExpressionAttributeValues": {":v": N(9)}}
TOLD = {
    "NONE": {},
    "ALL_OLD": BEFORE,
    "ALL_NEW": {"a": N(9), "c": N(9), "m": M(x=N(9), y=N(2))},
    "UPDATED_OLD": {"a": N(1), "b": N(2), "m": M(x=N(1))},
    "UPDATED_NEW": {"a": N(9), "c": N(9), "m": M(x=N(9))},
}


only_nested = pytest.mark.differs_in_dynamodb_local("it tells the whole attribute of a nested change")


@pytest.mark.parametrize("wish", [
    pytest.param(wish, marks=only_nested if wish.startswith("UPDATED") else []) for wish in TOLD])
def test_an_update_tells_what_was_asked(db, table, key, wish):
    db.put(table, {**key, **BEFORE})
    answer = db.update(table, key, **UPDATE, ReturnValues=wish)
    whole = key if wish.startswith("ALL") else {}
    assert answer == ({"Attributes": {**whole, **TOLD[wish]}} if TOLD[wish] else {})


@pytest.mark.parametrize("wish, told", [("ALL_OLD", {}), ("UPDATED_OLD", {}), ("UPDATED_NEW", {"a": N(1)})])
def test_an_update_that_makes_the_item_tells(db, table, key, wish, told):
    answer = db.update(table, key, "SET a = :v", ExpressionAttributeValues={":v": N(1)}, ReturnValues=wish)
    assert answer == ({"Attributes": told} if told else {})


def test_an_update_that_makes_the_item_tells_it_all(db, table, key):
    answer = db.update(table, key, "SET a = :v", ExpressionAttributeValues={":v": N(1)}, ReturnValues="ALL_NEW")
    assert answer == {"Attributes": {**key, "a": N(1)}}


def test_updated_new_of_a_removed_attribute_is_nothing(db, table, key):
    db.put(table, {**key, "a": N(1)})
    assert db.update(table, key, "REMOVE a", ReturnValues="UPDATED_NEW") == {}


def test_updated_old_of_a_new_attribute_is_nothing(db, table, key):
    db.put(table, key)
    assert db.update(table, key, "SET a = :v", ExpressionAttributeValues={":v": N(1)}, ReturnValues="UPDATED_OLD") == {}


# before, expression, what UPDATED_OLD tells, what UPDATED_NEW tells
NESTED = {
    "a member of a map": ({"a": M(b=N(1), c=N(2))}, "SET a.b = :v", {"a": M(b=N(1))}, {"a": M(b=N(9))}),
    "a new member of a map": ({"a": M(c=N(2))}, "SET a.b = :v", {}, {"a": M(b=N(9))}),
    "a removed member": ({"a": M(b=N(1), c=N(2))}, "REMOVE a.b", {"a": M(b=N(1))}, {}),
    "an element of a list": ({"a": L(N(0), N(1), N(2))}, "SET a[1] = :v", {"a": L(N(1))}, {"a": L(N(9))}),
    "two elements": ({"a": L(N(0), N(1), N(2))}, "SET a[2] = :v, a[0] = :v", {"a": L(N(0), N(2))}, {"a": L(N(9), N(9))}),
    "an element past the end": ({"a": L(N(0))}, "SET a[5] = :v", {}, {}),
    "a removed element and one that was not there": ({"a": L(N(0), N(1))}, "REMOVE a[1], a[3]", {"a": L(N(1))}, {}),
    "the element that moved to where one was removed": ({"a": L(N(0), N(1), N(2))}, "REMOVE a[1]", {"a": L(N(1))},
                                                        {"a": L(N(2))}),
    "deep": ({"a": M(b=L(M(c=N(1), d=N(2))))}, "SET a.b[0].c = :v", {"a": M(b=L(M(c=N(1))))}, {"a": M(b=L(M(c=N(9))))}),
}


@only_nested
@pytest.mark.parametrize("wish", ["UPDATED_OLD", "UPDATED_NEW"])
@pytest.mark.parametrize("before, expression, old, new", NESTED.values(), ids=NESTED)
def test_a_nested_change_tells_only_what_it_changed(db, table, key, before, expression, old, new, wish):
    db.put(table, {**key, **before})
    members = {"ExpressionAttributeValues": {":v": N(9)}} if ":v" in expression else {}
    told = old if wish == "UPDATED_OLD" else new
    assert db.update(table, key, expression, ReturnValues=wish, **members) == ({"Attributes": told} if told else {})


# --- what cannot be done to this item (the expression itself is right)

IMPOSSIBLE = {
    "a member of nothing": ({}, "SET a.b = :v", BAD_PATH),
    "a member of a number": ({"a": N(1)}, "SET a.b = :v", BAD_PATH),
    "a member of a list": ({"a": L()}, "SET a.b = :v", BAD_PATH),
    "an element of a map": ({"a": M()}, "SET a[0] = :v", BAD_PATH),
    "an element of nothing": ({}, "SET a[0] = :v", BAD_PATH),
    "an element of a set": ({"a": SS("x")}, "SET a[0] = :v", BAD_PATH),
    "a deep member of nothing": ({"a": M()}, "SET a.b.c = :v", BAD_PATH),
    "REMOVE a member of nothing": ({}, "REMOVE a.b", BAD_PATH),
    "ADD to a member of nothing": ({}, "ADD a.b :v", BAD_PATH),
    "SET from nothing": ({}, "SET a = b", validation(
        "The provided expression refers to an attribute that does not exist in the item")),
    "SET from a missing member": ({"b": M()}, "SET a = b.c", validation(
        "The provided expression refers to an attribute that does not exist in the item")),
    "a sum with nothing": ({}, "SET a = b + :v", validation(
        "The provided expression refers to an attribute that does not exist in the item")),
    "list_append to nothing": ({}, "SET a = list_append(a, :l)", validation(
        "The provided expression refers to an attribute that does not exist in the item")),
    "a sum with a text": ({"a": S("1")}, "SET a = a + :v", validation(
        "An operand in the update expression has an incorrect data type")),
    "list_append to a number": ({"a": N(1)}, "SET a = list_append(a, :l)", validation(
        "An operand in the update expression has an incorrect data type")),
    "ADD a number to a text": ({"a": S("1")}, "ADD a :v", validation(
        "An operand in the update expression has an incorrect data type")),
    "ADD a number to a set": ({"a": NS(1)}, "ADD a :v", validation(
        "An operand in the update expression has an incorrect data type")),
    "ADD texts to a set of numbers": ({"a": NS(1)}, "ADD a :s", validation(
        "An operand in the update expression has an incorrect data type")),
    "DELETE texts from a set of numbers": ({"a": NS(1)}, "DELETE a :s", validation(
        "An operand in the update expression has an incorrect data type")),
    "DELETE from a number": ({"a": N(1)}, "DELETE a :s", validation(
        "An operand in the update expression has an incorrect data type")),
}


@pytest.mark.parametrize("before, expression, expected", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_an_item_does_not_allow(db, table, key, before, expression, expected):
    values = {":v": N(1), ":l": L(N(1)), ":s": SS("x")}
    used = {name: value for name, value in values.items() if name in expression}
    members = {"ExpressionAttributeValues": used} if used else {}
    db.put(table, {**key, **before})
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression=expression, **members) == expected
    assert db.get(table, key) == {**key, **before}


@pytest.mark.parametrize("expression", ["SET h = :v", "REMOVE h", "ADD h :v", "DELETE h :v"])
def test_the_key_cannot_be_changed(db, table, key, expression):
    value = {"SET": S("x"), "ADD": N(1), "DELETE": SS("x")}.get(expression.split()[0])
    members = {"ExpressionAttributeValues": {":v": value}} if value else {}
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression=expression, **members) == validation(
        "One or more parameter values were invalid: Cannot update attribute h. This attribute is part of the key")


def test_the_range_key_cannot_be_changed(db, ranged, key):
    assert db.error("UpdateItem", TableName=ranged, Key={**key, "r": N(1)}, UpdateExpression="SET r = :v",
                    ExpressionAttributeValues={":v": N(1)}) == validation(
        "One or more parameter values were invalid: Cannot update attribute r. This attribute is part of the key")


def test_a_condition_that_fails_changes_nothing(db, table, key):
    db.put(table, {**key, "a": N(1)})
    error = db.error("UpdateItem", TableName=table, Key=key, UpdateExpression="SET a = :v", ConditionExpression="a > :v",
                     ExpressionAttributeValues={":v": N(2)})
    assert error == FAILED
    assert db.get(table, key) == {**key, "a": N(1)}


def test_a_condition_that_holds_lets_the_change_through(db, table, key):
    db.put(table, {**key, "a": N(1)})
    db.update(table, key, "SET a = a + :v", ConditionExpression="a = :v", ExpressionAttributeValues={":v": N(1)})
    assert db.get(table, key) == {**key, "a": N(2)}


def test_a_condition_that_fails_makes_no_item(db, table, key):
    error = db.error("UpdateItem", TableName=table, Key=key, UpdateExpression="SET a = :v",
                     ConditionExpression="attribute_exists(h)", ExpressionAttributeValues={":v": N(2)})
    assert error == FAILED
    assert db.get(table, key) is None
