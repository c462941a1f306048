"""Projection expressions: which parts of an item are shown, and in which shape."""

import pytest

from dynamodb_client import L, M, N, S, SS

ITEM = {"a": N(1), "b": S("x"), "m": M(x=N(1), y=M(z=S("deep"), w=N(2))), "l": L(N(0), S("one"), M(k=N(2)), L(N(3), N(4))),
        "s": SS("q"), "dot.ted": N(5)}

SHOWN = {
    "a": {"a": N(1)},
    "a, b": {"a": N(1), "b": S("x")},
    " a ,\tb ": {"a": N(1), "b": S("x")},
    "m": {"m": ITEM["m"]},
    "m.x": {"m": M(x=N(1))},
    "m.y.z": {"m": M(y=M(z=S("deep")))},
    "m.x, m.y.w": {"m": M(x=N(1), y=M(w=N(2)))},
    "l[1]": {"l": L(S("one"))},
    "l[2].k": {"l": L(M(k=N(2)))},
    "l[3][1]": {"l": L(L(N(4)))},
    "l[2], l[0]": {"l": L(N(0), M(k=N(2)))},
    "l[3][1], l[3][0]": {"l": L(L(N(3), N(4)))},
    "l[1], a, m.x": {"l": L(S("one")), "a": N(1), "m": M(x=N(1))},
    "nothing": {},
    "a, nothing": {"a": N(1)},
    "m.nothing": {},
    "m.nothing.z": {},
    "a.b": {},
    "a[0]": {},
    "m[0]": {},
    "l.x": {},
    "l[9]": {},
    "s[0]": {},
    "m.x, m.nothing": {"m": M(x=N(1))},
}


@pytest.fixture(scope="module")
def stored(db, table):
    key = {"h": S("projected")}
    db.put(table, {**key, **ITEM})
    return key


@pytest.mark.parametrize("expression, shown", SHOWN.items(), ids=SHOWN)
def test_it_shows(db, table, stored, expression, shown):
    assert db("GetItem", TableName=table, Key=stored, ProjectionExpression=expression) == {"Item": shown}


def test_the_key_is_shown_only_when_named(db, table, stored):
    assert db.get(table, stored, ProjectionExpression="h, a") == {**stored, "a": N(1)}


@pytest.mark.parametrize("expression, names, shown", [
    ("#a", {"#a": "a"}, {"a": N(1)}), ("#d", {"#d": "dot.ted"}, {"dot.ted": N(5)}), ("#d", {"#d": "m.x"}, {}),
    ("#m.#x, #m.y.#w", {"#m": "m", "#x": "x", "#w": "w"}, {"m": M(x=N(1), y=M(w=N(2)))}),
    ("#l[1]", {"#l": "l"}, {"l": L(S("one"))}),
])
def test_names(db, table, stored, expression, names, shown):
    assert db("GetItem", TableName=table, Key=stored, ProjectionExpression=expression, ExpressionAttributeNames=names) == {
        "Item": shown}


def test_an_item_that_is_not_there_has_no_projection(db, table, key):
    assert db("GetItem", TableName=table, Key=key, ProjectionExpression="a") == {}
