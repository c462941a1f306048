"""AtomicCounters is one table, seen through the counter API and through DynamoDB's."""

import threading

import pytest

from dynamodb_client import N, S, SS

pytestmark = pytest.mark.only_quipu
TABLE = "AtomicCounters"


@pytest.fixture
def counters(server, service_kind, service_url):
    if service_url != server.url:
        pytest.skip("needs the server of the counter API")
    connection = server.new_client()
    yield connection
    connection.close()


def key(name):
    return {"id": S(name)}


def value_of(db, name):
    item = db.get(TABLE, key(name))
    return item and item["lastValue"]


def test_the_table_is_there_and_described(db):
    description = db("DescribeTable", TableName=TABLE)["Table"]
    assert description["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert description["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    assert TABLE in db("ListTables", ExclusiveStartTableName="Atomic")["TableNames"]


def test_a_counter_counted_is_an_item(db, counters, name):
    counters.increment(name)
    counters.increment(name)
    assert value_of(db, name) == N(2)


def test_an_item_counted_is_a_counter(db, counters, name):
    for expected in (1, 2, 3):
        answer = db.update(TABLE, key(name), "ADD lastValue :one", ExpressionAttributeValues={":one": N(1)},
                           ReturnValues="UPDATED_NEW")
        assert answer == {"Attributes": {"lastValue": N(expected)}}
    assert counters.value(name) == 3


def test_counting_goes_on_on_the_other_side(db, counters, name):
    for i in range(4):
        if i % 2:
            db.update(TABLE, key(name), "ADD lastValue :one", ExpressionAttributeValues={":one": N(1)})
        else:
            counters.increment(name)
    assert counters.value(name) == 4
    assert value_of(db, name) == N(4)


def test_a_counter_set_here_is_set_there(db, counters, name):
    counters.set(name, 41)
    assert value_of(db, name) == N(41)
    db.put(TABLE, {**key(name), "lastValue": N(99)})
    assert counters.value(name) == 99


def test_a_counter_deleted_here_is_gone_there(db, counters, name):
    counters.increment(name)
    db("DeleteItem", TableName=TABLE, Key=key(name))
    assert counters.increment(name).json()["new_value"] == 1
    counters.erase(name)
    assert db.get(TABLE, key(name)) is None


def test_other_attributes_stay_when_it_is_counted(db, counters, name):
    db.put(TABLE, {**key(name), "lastValue": N(5), "owner": S("me"), "tags": SS("a")})
    assert counters.next_value(name) == 6
    assert db.get(TABLE, key(name)) == {**key(name), "lastValue": N(6), "owner": S("me"), "tags": SS("a")}


def test_a_condition_sees_what_was_counted(db, counters, name):
    counters.set(name, 7)
    db.update(TABLE, key(name), "SET lastValue = :zero", ConditionExpression="lastValue = :seven",
              ExpressionAttributeValues={":zero": N(0), ":seven": N(7)})
    assert counters.value(name) == 0


def test_no_number_is_given_twice_when_both_sides_count(db, server, counters, name):
    given, lock = [], threading.Lock()

    def count_there():
        client = server.new_client()
        for _ in range(50):
            value = client.next_value(name)
            with lock:
                given.append(value)
        client.close()

    def count_here():
        client = db.another()
        for _ in range(50):
            answer = client.update(TABLE, key(name), "ADD lastValue :one", ExpressionAttributeValues={":one": N(1)},
                                   ReturnValues="UPDATED_NEW")
            with lock:
                given.append(int(answer["Attributes"]["lastValue"]["N"]))
        client.close()

    threads = [threading.Thread(target=work) for work in (count_there, count_here) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 301))
