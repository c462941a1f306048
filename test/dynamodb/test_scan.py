"""Scan: all items once, in pages and in segments, and filters."""

import pytest

from dynamodb_client import N, NS, Refusal, S, validation

COUNT = 60


@pytest.fixture(scope="module")
def sixty(db, make_table):
    table = make_table("h:S", "r:N")
    for start in range(0, COUNT, 20):
        db("BatchWriteItem", RequestItems={table: [
            {"PutRequest": {"Item": {"h": S(f"h{i % 12}"), "r": N(i), "third": {"BOOL": i % 3 == 0}, "n": N(i)}}}
            for i in range(start, start + 20)]})
    return table


def numbers(items):
    return sorted(int(item["r"]["N"]) for item in items)


def test_a_scan_gives_all_items(db, sixty):
    answer = db("Scan", TableName=sixty)
    assert numbers(answer["Items"]) == list(range(COUNT))
    assert (answer["Count"], answer["ScannedCount"]) == (COUNT, COUNT)
    assert "LastEvaluatedKey" not in answer


def test_an_empty_table_has_none(db, make_table):
    assert db("Scan", TableName=make_table("h:S")) == {"Items": [], "Count": 0, "ScannedCount": 0}


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
def test_pages_give_each_item_once(db, sixty, limit):
    pages = db.pages("Scan", TableName=sixty, Limit=limit)
    assert numbers(item for page in pages for item in page["Items"]) == list(range(COUNT))
    assert all(len(page["Items"]) <= limit for page in pages)


def test_items_of_one_hash_key_are_together_and_in_order(db, sixty):
    seen = [(item["h"]["S"], int(item["r"]["N"])) for item in db.items("Scan", TableName=sixty, Limit=7)]
    hashes = [h for h, _ in seen]
    assert len(set(hashes)) == sum(1 for i, h in enumerate(hashes) if i == 0 or hashes[i - 1] != h)
    for h in set(hashes):
        assert [r for each, r in seen if each == h] == sorted(r for each, r in seen if each == h)


def test_a_scan_repeats_its_order(db, sixty):
    assert db.items("Scan", TableName=sixty) == db.items("Scan", TableName=sixty, Limit=11)


@pytest.mark.parametrize("total", [1, 2, 3, 7, 100])
def test_segments_share_the_items(db, sixty, total):
    parts = [db.items("Scan", TableName=sixty, Segment=segment, TotalSegments=total) for segment in range(total)]
    assert numbers(item for part in parts for item in part) == list(range(COUNT))


def test_segments_page(db, sixty):
    parts = [db.items("Scan", TableName=sixty, Segment=segment, TotalSegments=3, Limit=4) for segment in range(3)]
    assert numbers(item for part in parts for item in part) == list(range(COUNT))


def test_a_filter_lets_some_through(db, sixty):
    answer = db("Scan", TableName=sixty, FilterExpression="third = :t", ExpressionAttributeValues={":t": {"BOOL": True}})
    assert numbers(answer["Items"]) == list(range(0, COUNT, 3))
    assert (answer["Count"], answer["ScannedCount"]) == (20, COUNT)


def test_a_filter_may_ask_for_the_key(db, sixty):
    answer = db("Scan", TableName=sixty, FilterExpression="h = :h AND r > :r",
                ExpressionAttributeValues={":h": S("h0"), ":r": N(20)})
    assert numbers(answer["Items"]) == [24, 36, 48]


def test_a_filter_with_a_limit_counts_what_was_looked_at(db, sixty):
    answer = db("Scan", TableName=sixty, Limit=10, FilterExpression="n < :n", ExpressionAttributeValues={":n": N(0)})
    assert (answer["Items"], answer["Count"], answer["ScannedCount"]) == ([], 0, 10)
    assert set(answer["LastEvaluatedKey"]) == {"h", "r"}


def test_select_count(db, sixty):
    assert db("Scan", TableName=sixty, Select="COUNT") == {"Count": COUNT, "ScannedCount": COUNT}


def test_a_projection(db, sixty):
    answer = db("Scan", TableName=sixty, ProjectionExpression="n", FilterExpression="r = :r",
                ExpressionAttributeValues={":r": N(5)})
    assert answer["Items"] == [{"n": N(5)}]


def test_a_consistent_scan_sees_what_was_just_written(db, make_table):
    table = make_table("h:S")
    db.put(table, {"h": S("x"), "a": NS(1)})
    assert db("Scan", TableName=table, ConsistentRead=True)["Items"] == [{"h": S("x"), "a": NS(1)}]


def test_a_deleted_item_is_gone(db, make_table):
    table = make_table("h:S")
    for h in "abc":
        db.put(table, {"h": S(h)})
    db("DeleteItem", TableName=table, Key={"h": S("b")})
    assert sorted(item["h"]["S"] for item in db.items("Scan", TableName=table)) == ["a", "c"]


def test_a_page_ends_at_a_megabyte(db, make_table):
    table = make_table("h:S")
    for i in range(5):
        db.put(table, {"h": S(str(i)), "a": S("x" * 300_000)})
    assert [page["Count"] for page in db.pages("Scan", TableName=table)] == [4, 1]


CONSTRAINT = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value {}"
WRONG = {
    "a limit of 0": ({"Limit": 0}, CONSTRAINT.format(0, "limit", "greater than or equal to 1")),
    "a segment without a total": ({"Segment": 0}, "The TotalSegments parameter is required but was not present in the request "
                                                  "when Segment parameter is present"),
    "a total without a segment": ({"TotalSegments": 4}, "The Segment parameter is required but was not present in the request "
                                                        "when parameter TotalSegments is present"),
    "a segment beyond the total": ({"Segment": 5, "TotalSegments": 5}, "The Segment parameter is zero-based and must be less "
                                   "than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5"),
    "a negative segment": ({"Segment": -1, "TotalSegments": 5}, CONSTRAINT.format(-1, "segment", "greater than or equal to 0")),
    "no segments at all": ({"Segment": 0, "TotalSegments": 0},
                           CONSTRAINT.format(0, "totalSegments", "greater than or equal to 1")),
    "too many segments": ({"Segment": 0, "TotalSegments": 1000001},
                          CONSTRAINT.format(1000001, "totalSegments", "less than or equal to 1000000")),
    "an unknown index": ({"IndexName": "nope"}, "The table does not have the specified index: nope"),
    "all projected without an index": ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
                                       "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    "a start without the range key": ({"ExclusiveStartKey": {"h": S("h0")}}, "The provided starting key is invalid: The provided "
                                      "key element does not match the schema"),
    "an empty filter": ({"FilterExpression": ""}, "Invalid FilterExpression: The expression can not be empty;"),
}


@pytest.mark.parametrize("members, message", WRONG.values(), ids=WRONG)
def test_wrong_scan(db, sixty, members, message):
    assert db.error("Scan", TableName=sixty, **members) == validation(message)


def test_a_table_that_is_not_there(db):
    assert db.error("Scan", TableName="quipu_test_nobody") == Refusal("ResourceNotFoundException",
                                                                      "Requested resource not found")
