"""Condition expressions: each is put to one item, as the condition of an update that changes nothing."""

import pytest

from dynamodb_client import BS, FALSE, L, M, N, NS, NULL, S, SS, TRUE, B, Refusal

ITEM = {
    "one": N(1), "two": N("2.0"), "ten": N(10), "neg": N("-5"), "txt": S("banana"), "emp": S(""), "bin": B("AQID"),
    "yes": TRUE, "nay": FALSE, "nul": NULL, "texts": SS("a", "b"), "nums": NS(1, 2), "bins": BS("YQ==", "Yg=="),
    "lst": L(N(1), S("x"), M(k=S("v"))), "tree": M(x=N(1), y=M(z=S("deep"))), "size": N(99),
}

TRUE_OF_THE_ITEM = {
    # comparison
    "one = :v": N(1), "two = :v": N(2), "one <> :v": N(2), "one < :v": N("1.0001"), "one <= :v": N("1.0"), "one > :v": N(-1),
    "one >= :v": N(1), "ten > :v": N(9), "neg < :v": N(0), ":v = one": N(1), ":v < ten": N(2), "txt > :v": S("b"),
    "txt < :v": S("c"), "txt = :v": S("banana"), "emp = :v": S(""), "emp < :v": S("a"), "bin = :v": B("AQID"),
    "bin > :v": B("AQI="), "bin < :v": B("/w=="), "yes = :v": TRUE, "nay <> :v": TRUE, "nul = :v": NULL,
    "texts = :v": SS("b", "a"), "nums = :v": NS("2.0", "1"), "bins = :v": BS("Yg==", "YQ=="), "texts <> :v": SS("a"),
    "lst = :v": L(N(1), S("x"), M(k=S("v"))), "lst <> :v": L(S("x"), N(1), M(k=S("v"))),
    "tree = :v": M(y=M(z=S("deep")), x=N("1.00")), "tree.x = :v": N(1), "tree.y.z = :v": S("deep"), "lst[0] = :v": N(1),
    "lst[2].k = :v": S("v"),
    # different types are never equal and never ordered
    "one <> :v ": S("1"), "txt <> :v": N(1), "NOT one < :v": S("2"), "NOT one > :v": S("0"), "nul <> :v": FALSE,
    # between, in
    "one BETWEEN :v AND ten": N(0), "one between :v and two": N(1), "txt BETWEEN :v AND emp OR txt > emp AND txt > :v": S("a"),
    "NOT ten BETWEEN :v AND one": N(0), ":v BETWEEN one AND ten": N(5), "one IN (:v)": N(1), "one IN (ten, :v, txt)": N(1),
    "one in (:v, two)": N(1), "NOT one IN (:v)": N(2), "texts IN (:v)": SS("a", "b"),
    # functions
    "begins_with(txt, :v)": S("ban"), "begins_with(txt, :v) ": S("banana"), "begins_with(txt, :v)  ": S(""),
    "NOT begins_with(txt, :v)": S("anan"), "begins_with(bin, :v)": B("AQI="), "NOT begins_with(one, :v)": S("1"),
    "NOT begins_with(gone, :v)": S("x"), "contains(txt, :v)": S("nan"), "contains(txt, :v) ": S(""),
    "NOT contains(txt, :v)": S("x"), "contains(texts, :v)": S("a"), "NOT contains(texts, :v)": S("c"),
    "contains(nums, :v)": N("2.0"), "contains(bins, :v)": B("YQ=="), "contains(lst, :v)": S("x"),
    "contains(lst, :v) ": M(k=S("v")), "NOT contains(lst, :v)": S("v"), "contains(bin, :v)": B("AgM="),
    "NOT contains(nums, :v)": S("1"), "NOT contains(tree, :v)": S("x"), "NOT contains(gone, :v)": S("x"),
    "attribute_type(txt, :v)": S("S"), "attribute_type(one, :v)": S("N"), "attribute_type(bin, :v)": S("B"),
    "attribute_type(yes, :v)": S("BOOL"), "attribute_type(nul, :v)": S("NULL"), "attribute_type(texts, :v)": S("SS"),
    "attribute_type(nums, :v)": S("NS"), "attribute_type(bins, :v)": S("BS"), "attribute_type(lst, :v)": S("L"),
    "attribute_type(tree, :v)": S("M"), "NOT attribute_type(one, :v)": S("S"), "NOT attribute_type(gone, :v)": S("S"),
    "attribute_type(tree.y.z, :v)": S("S"),
    "size(txt) = :v": N(6), "size(emp) = :v": N(0), "size(bin) = :v": N(3), "size(texts) = :v": N(2), "size(lst) = :v": N(3),
    "size(tree) = :v": N(2), "size(txt) > one AND one = :v": N(1), "size(texts) BETWEEN one AND :v": N(2),
    "size(txt) IN (:v)": N(6), ":v < size(txt)": N(5),
    # logic: NOT before AND before OR, and parentheses
    "one = :v OR one = ten": N(1), "one = :v AND NOT one = ten": N(1), "(one = ten OR one = :v) AND one < ten": N(1),
    "one = :v OR one = ten AND one = ten": N(1), "NOT one = ten AND one = :v": N(1), "NOT (one = ten AND one = :v)": N(1),
    "NOT NOT one = :v": N(1), "not one = ten or one <> :v": N(1),
}
TRUE_WITHOUT_VALUES = [
    "attribute_exists(one)", "attribute_exists(nul)", "attribute_exists(emp)", "attribute_exists(tree.y.z)",
    "attribute_exists(lst[2].k)", "NOT attribute_exists(gone)", "attribute_not_exists(gone)", "attribute_not_exists(tree.gone)",
    "attribute_not_exists(lst[3])", "attribute_not_exists(one.x)", "attribute_not_exists(lst.x)",
    "attribute_not_exists(tree[0])", "NOT attribute_not_exists(one)", "one < two", "one = tree.x", "size(lst) > one",
    "size(lst) > size(texts)", "one <> gone", "NOT one = gone", "NOT one < gone", "NOT gone = gone2", "gone <> gone2",
    "contains(lst, txt) OR contains(lst, one)", "NOT one BETWEEN gone AND ten", "NOT gone IN (one)",
    "(attribute_exists(one))", "((one < two) AND (two < ten))",
]
FALSE_OF_THE_ITEM = {
    "one = :v": N(2), "one = :v ": S("1"), "one < :v": S("2"), "one <> :v": N("1.0"), "gone = :v": N(1), "gone < :v": N(1),
    "texts = :v": SS("a", "b", "c"), "lst = :v": L(), "contains(texts, :v)": S("ab"), "contains(one, :v)": N(1),
    "begins_with(txt, :v)": S("banana!"), "size(one) = :v": N(1), "size(gone) = :v": N(0), "size(nul) > :v": N(0),
    "attribute_type(one, :v)": S("NS"), "one BETWEEN :v AND ten": N(2), "one IN (:v, txt)": N(3), "one = :v AND one = ten": N(1),
    "NOT one = :v": N(1), "attribute_exists(gone) AND one = :v": N(1),
}


@pytest.fixture(scope="module")
def item_key(db, table):
    key = {"h": S("the item")}
    db.put(table, {**key, **ITEM})
    return key


def ask(db, table, key, condition, value=None):
    members = {"ExpressionAttributeValues": {":v": value}} if value else {}
    if "size" in ITEM and "#s" in condition:
        members["ExpressionAttributeNames"] = {"#s": "size"}
    return db.call("UpdateItem", {"TableName": table, "Key": key, "ConditionExpression": condition, **members})


@pytest.mark.parametrize("condition, value", TRUE_OF_THE_ITEM.items(), ids=TRUE_OF_THE_ITEM)
def test_it_is_true(db, table, item_key, condition, value):
    answer = ask(db, table, item_key, condition, value)
    assert (answer.status, answer.json()) == (200, {})


@pytest.mark.parametrize("condition", TRUE_WITHOUT_VALUES)
def test_it_is_true_without_values(db, table, item_key, condition):
    answer = ask(db, table, item_key, condition)
    assert (answer.status, answer.json()) == (200, {})


@pytest.mark.parametrize("condition, value", FALSE_OF_THE_ITEM.items(), ids=FALSE_OF_THE_ITEM)
def test_it_is_false(db, table, item_key, condition, value):
    answer = ask(db, table, item_key, condition, value)
    assert db.refusal(answer) == Refusal("ConditionalCheckFailedException", "The conditional request failed")


def test_a_name_makes_a_word_of_the_language_an_attribute(db, table, item_key):
    assert ask(db, table, item_key, "#s = :v AND size(txt) < #s", N(99)).status == 200


def test_an_item_that_is_not_there_has_no_attributes(db, table, key):
    assert ask(db, table, key, "attribute_exists(h)").status == 400
    assert ask(db, table, key, "attribute_not_exists(h)").status == 200


def test_an_attribute_that_is_not_there_differs_from_every_value(db, table, key):
    assert ask(db, table, key, "a <> :v", N(1)).status == 200
