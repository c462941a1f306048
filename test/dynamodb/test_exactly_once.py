"""A write that arrives again (same amz-sdk-invocation-id, same body) has no second effect and gets the first answer.

The SDKs send the id and repeat by themselves when an answer is lost, so this makes them exactly-once without a change."""

import threading
import uuid

import pytest

from dynamodb_client import DynamoDB, N, S
from table_maker import creation

pytestmark = pytest.mark.only_quipu


def invocation():
    return {"amz-sdk-invocation-id": str(uuid.uuid4()), "amz-sdk-request": "attempt=1; max=3"}


def again(headers, attempt=2):
    return {**headers, "amz-sdk-request": f"attempt={attempt}; max=3"}


def add_one(table, key):
    return {"TableName": table, "Key": key, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": N(1)},
            "ReturnValues": "ALL_NEW"}


def test_an_update_sent_again_counts_once_and_gets_its_first_answer(db, table, key):
    headers = invocation()
    first = db.call("UpdateItem", add_one(table, key), headers)
    second = db.call("UpdateItem", add_one(table, key), again(headers))
    assert (first.status, first.json()["Attributes"]["n"]) == (200, N(1))
    assert (second.status, second.body) == (200, first.body)
    assert db.get(table, key) == {**key, "n": N(1)}


def test_its_first_answer_stays_although_the_item_changes(db, table, key):
    headers = invocation()
    first = db.call("UpdateItem", add_one(table, key), headers)
    db.call("UpdateItem", add_one(table, key), invocation())
    assert db.call("UpdateItem", add_one(table, key), again(headers)).body == first.body
    assert db.get(table, key)["n"] == N(2)


def test_another_id_is_another_update(db, table, key):
    for _ in range(3):
        db.call("UpdateItem", add_one(table, key), invocation())
    assert db.get(table, key)["n"] == N(3)


def test_without_an_id_each_is_its_own(db, table, key):
    for _ in range(3):
        db.call("UpdateItem", add_one(table, key))
    assert db.get(table, key)["n"] == N(3)


def test_another_body_with_the_same_id_is_another_request(db, table, key, name):
    headers = invocation()
    db.call("UpdateItem", add_one(table, key), headers)
    other = {"h": S(name + "-other")}
    db.call("UpdateItem", add_one(table, other), headers)
    assert db.get(table, other)["n"] == N(1)


def test_a_put_sent_late_does_not_undo_what_came_after(db, table, key):
    headers = invocation()
    request = {"TableName": table, "Item": {**key, "n": N(1)}}
    db.call("PutItem", request, headers)
    db.put(table, {**key, "n": N(2)})
    assert db.call("PutItem", request, again(headers)).status == 200
    assert db.get(table, key)["n"] == N(2)


def test_a_delete_sent_late_does_not_delete_what_came_after(db, table, key):
    headers = invocation()
    db.put(table, key)
    request = {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD"}
    first = db.call("DeleteItem", request, headers)
    db.put(table, {**key, "n": N(2)})
    assert db.call("DeleteItem", request, again(headers)).body == first.body
    assert db.get(table, key)["n"] == N(2)


def test_a_conditional_put_sent_again_still_succeeded(db, table, key):
    headers = invocation()
    request = {"TableName": table, "Item": key, "ConditionExpression": "attribute_not_exists(h)"}
    assert [db.call("PutItem", request, again(headers, attempt)).status for attempt in (1, 2, 3)] == [200, 200, 200]


def test_a_transaction_sent_again_happens_once(db, table, key):
    headers = invocation()
    request = {"TransactItems": [{"Update": {k: v for k, v in add_one(table, key).items() if k != "ReturnValues"}}]}
    assert [db.call("TransactWriteItems", request, headers).status for _ in range(3)] == [200] * 3
    assert db.get(table, key)["n"] == N(1)


def test_a_batch_sent_late_does_not_undo_what_came_after(db, table, key):
    headers = invocation()
    request = {"RequestItems": {table: [{"PutRequest": {"Item": {**key, "n": N(1)}}}]}}
    db.call("BatchWriteItem", request, headers)
    db.put(table, {**key, "n": N(2)})
    assert db.call("BatchWriteItem", request, headers).status == 200
    assert db.get(table, key)["n"] == N(2)


def test_many_at_once_with_one_id_count_once(db, table, key):
    headers = invocation()
    answers = []

    def send():
        client = db.another()
        answers.append(client.call("UpdateItem", add_one(table, key), headers))
        client.close()

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert db.get(table, key)["n"] == N(1)


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_it_is_remembered_over_a_restart(fresh_server, how):
    server = fresh_server().start()
    client = DynamoDB(server.url)
    client("CreateTable", **creation("table", "h:S"))
    headers = invocation()
    first = client.call("UpdateItem", add_one("table", {"h": S("x")}), headers)
    assert first.status == 200
    client.close()
    server.restart(how)
    client = DynamoDB(server.url)
    assert client.call("UpdateItem", add_one("table", {"h": S("x")}), again(headers)).body == first.body
    assert client.get("table", {"h": S("x")})["n"] == N(1)
    client.close()
