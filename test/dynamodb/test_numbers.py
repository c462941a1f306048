"""Numbers: 38 digits, from 1E-130 to 9.9..E+125, exact, written one way."""

import pytest

from dynamodb_client import N, NS, S, validation

WRITTEN = {
    "0": "0", "-0": "0", "00": "0", "0.000": "0", "1": "1", "-1": "-1", "01.10": "1.1", "+5": "5", "5.": "5", ".5": "0.5",
    "-.5": "-0.5", "1e5": "100000", "1E5": "100000", "1e+5": "100000", "1.5E-3": "0.0015", "1e-5": "0.00001", "100": "100",
    "1.0000000000000000000000000000000000000000000": "1",
    "1e125": "1" + "0" * 125, "9.9999999999999999999999999999999999999E+125": "9" * 38 + "0" * 88,
    "-9.9999999999999999999999999999999999999E+125": "-" + "9" * 38 + "0" * 88,
    "1e-130": "0." + "0" * 129 + "1", "-1e-130": "-0." + "0" * 129 + "1", "9" * 38: "9" * 38,
    "0." + "9" * 38: "0." + "9" * 38, "123456789012345678901234567890.12345678": "123456789012345678901234567890.12345678",
    "1" + "0" * 60: "1" + "0" * 60,
}


@pytest.mark.parametrize("given, written", WRITTEN.items(), ids=lambda text: text[:24])
def test_a_number_is_written_one_way(db, table, key, given, written):
    db.put(table, {**key, "n": N(given), "s": NS(given)})
    assert db.get(table, key) == {**key, "n": N(written), "s": NS(written)}


NO_NUMBERS = ["x", " 1", "1 ", "1_000", "0x10", "Infinity", "NaN", "-", "+", "1e", "e5", "1e1.5", "1,5", "--1", "1..2", pytest.param(
    "\u0661", marks=pytest.mark.differs_in_dynamodb_local("it takes digits of other scripts"))]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(db, table, key, text):
    assert db.error("PutItem", TableName=table, Item={**key, "n": N(text)}) == validation(
        f"The parameter cannot be converted to a numeric value: {text}")


def test_nothing_is_no_number(db, table, key):
    assert db.error("PutItem", TableName=table, Item={**key, "n": N("")}) == validation(
        "The parameter cannot be converted to a numeric value")


OVERFLOW = validation("Number overflow. Attempting to store a number with magnitude larger than supported range")
UNDERFLOW = validation("Number underflow. Attempting to store a number with magnitude smaller than supported range")
PRECISION = validation("Attempting to store more than 38 significant digits in a Number")


@pytest.mark.parametrize("text, expected", [
    ("1e126", OVERFLOW), ("-1e126", OVERFLOW), ("1" + "0" * 130, OVERFLOW), ("1e999999999", OVERFLOW),
    ("1e-131", UNDERFLOW), ("-1e-131", UNDERFLOW), ("0." + "0" * 140 + "1", UNDERFLOW), ("1e-999999999", UNDERFLOW),
    ("9" * 39, PRECISION), ("1." + "1" * 38, PRECISION), ("0." + "1" * 39, PRECISION),
], ids=lambda value: str(value)[:12])
def test_numbers_out_of_range(db, table, key, text, expected):
    assert db.error("PutItem", TableName=table, Item={**key, "n": N(text)}) == expected
    assert db.error("PutItem", TableName=table, Item={**key, "n": NS("1", text)}) == expected


SUMS = [
    ("1", "+", "2", "3"), ("0.1", "+", "0.2", "0.3"), ("1e37", "+", "1", "1" + "0" * 36 + "1"), ("1", "-", "1", "0"),
    ("99999999999999999999999999999999999999", "-", "99999999999999999999999999999999999998", "1"),
    ("1e125", "+", "8e125", "9" + "0" * 125), ("5e-130", "-", "4e-130", "0." + "0" * 129 + "1"), ("1e125", "-", "1e125", "0"),
    pytest.param("-1.5", "-", "-1.5", "0", marks=pytest.mark.differs_in_dynamodb_local("it writes 0.0")),
]


@pytest.mark.parametrize("left, sign, right, result", SUMS)
def test_sums_are_exact(db, table, key, left, sign, right, result):
    answer = db.update(table, key, f"SET n = :a {sign} :b", ExpressionAttributeValues={":a": N(left), ":b": N(right)},
                       ReturnValues="UPDATED_NEW")
    assert answer == {"Attributes": {"n": N(result)}}


@pytest.mark.parametrize("left, sign, right, expected", [
    ("9e125", "+", "9e125", OVERFLOW), ("-9e125", "-", "9e125", OVERFLOW), ("1e38", "+", "0.5", OVERFLOW),
    ("1e125", "+", "1", OVERFLOW)])
def test_sums_out_of_range_or_of_too_many_digits_overflow(db, table, key, left, sign, right, expected):
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression=f"SET n = :a {sign} :b",
                    ExpressionAttributeValues={":a": N(left), ":b": N(right)}) == expected


def test_add_is_exact(db, table, key):
    db.put(table, {**key, "n": N("9007199254740993")})
    answer = db.update(table, key, "ADD n :one", ExpressionAttributeValues={":one": N(1)}, ReturnValues="UPDATED_NEW")
    assert answer == {"Attributes": {"n": N("9007199254740994")}}


@pytest.mark.parametrize("smaller, larger", [
    ("-1e125", "-1e124"), ("-2", "-1.5"), ("-1e-130", "0"), ("0", "1e-130"), ("1e-130", "2e-130"), ("9", "10"), ("1.9", "1.91"),
    ("9" * 37 + "8", "9" * 38), ("1e124", "9e124")])
def test_numbers_compare_by_value(db, table, key, smaller, larger):
    db.put(table, {**key, "n": N(smaller)})
    db.update(table, key, "SET a = :a", ConditionExpression="n < :n AND n <> :n AND NOT n >= :n",
              ExpressionAttributeValues={":n": N(larger), ":a": S("x")})


@pytest.mark.parametrize("one, other", [("1", "1.0"), ("100", "1E2"), ("0.5", "5e-1"), ("0", "-0"), ("1e125", "10e124")])
def test_equal_numbers_are_equal_however_written(db, table, key, one, other):
    db.put(table, {**key, "n": N(one)})
    db.update(table, key, "SET a = :n", ConditionExpression="n = :n AND n IN (:n)", ExpressionAttributeValues={":n": N(other)})


def test_a_set_of_numbers_holds_each_value_once(db, table, key):
    assert db.error("PutItem", TableName=table, Item={**key, "n": NS("1", "1.0")}) == validation(
        "Input collection contains duplicates")
