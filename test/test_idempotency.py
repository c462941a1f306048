"""Idempotency-Key: a retry gets the first answer and has no second effect. Runs against any server, but for the restarts."""

import threading
import uuid

import pytest

from quipu_client import query


@pytest.fixture
def key():
    return f"key-{uuid.uuid4()}"


def same(first, second):
    return (first.status, first.body) == (second.status, second.body)


def test_a_retry_gets_the_first_answer(client, counter, key):
    first = client.increment(counter, key=key)
    assert first.status == 200
    assert client.next_value(counter) == 2
    assert same(first, client.increment(counter, key=key))
    assert client.value(counter) == 2


def test_a_retry_on_another_connection_gets_it_too(server, counter, key):
    assert same(server.new_client().increment(counter, key=key), server.new_client().increment(counter, key=key))
    assert server.client.value(counter) == 1


def test_without_a_key_every_request_counts(client, counter):
    assert client.next_value(counter) == 1
    assert client.next_value(counter) == 2


def test_two_keys_are_two_requests(client, counter, key):
    assert client.increment(counter, key=key + "-1").json()["new_value"] == 1
    assert client.increment(counter, key=key + "-2").json()["new_value"] == 2


def test_a_refusal_is_remembered_too(client, counter, key):
    client.next_value(counter, by=5)
    first = client.increment(counter, key=key, max=5)
    assert first.status == 409
    client.set(counter, 0)
    assert same(first, client.increment(counter, key=key, max=5))
    assert client.value(counter) == 0


def test_a_malformed_request_does_not_use_up_the_key(client, counter, key):
    assert client.increment(counter, key=key, by=0).status == 400
    assert client.increment(counter, key=key).status == 200


@pytest.mark.parametrize("other", [
    lambda client, counter, key: client.increment(counter, key=key, by=2),
    lambda client, counter, key: client.increment(counter, key=key, max=100),
    lambda client, counter, key: client.increment(counter, key=key, min=0),
    lambda client, counter, key: client.increment(counter + "x", key=key),
    lambda client, counter, key: client.set(counter, 1, key=key),
    lambda client, counter, key: client.erase(counter, key=key),
    lambda client, counter, key: client.increment_many([{"counter": counter}, {"counter": counter}], key=key),
], ids=["by", "max", "min", "counter", "put", "delete", "array"])
def test_the_same_key_with_another_request_is_422_and_nothing_changes(client, counter, key, other):
    client.increment(counter, key=key)
    answer = other(client, counter, key)
    assert answer.status == 422, answer
    assert answer.json()["error_code"]
    assert client.value(counter) == 1
    assert client.value(counter + "x") == 0


def test_the_order_of_parameters_is_no_difference(client, counter, key):
    first = client.post(f"/counter/increment?{query(counter=counter)}&by=2&max=9", headers={"Idempotency-Key": key})
    second = client.post(f"/counter/increment?max=9&by=2&{query(counter=counter)}", headers={"Idempotency-Key": key})
    assert same(first, second)
    assert client.value(counter) == 2


def test_arrays_are_answered_again_as_a_whole(client, counter, key):
    increments = [{"counter": counter}, {"counter": counter + "b", "by": 3}, {"counter": counter}]
    first = client.increment_many(increments, key=key)
    client.next_value(counter)
    assert same(first, client.increment_many(increments, key=key))
    assert client.value(counter) == 3


def test_an_array_that_was_refused_is_refused_again(client, counter, key):
    increments = [{"counter": counter}, {"counter": counter, "max": 1}]
    first = client.increment_many(increments, key=key)
    assert first.status == 409
    client.set(counter, -10)
    assert same(first, client.increment_many(increments, key=key))
    assert client.value(counter) == -10


def test_an_array_of_a_thousand_is_answered_again(client, counter, key):
    increments = [{"counter": f"{counter}-{i % 7}"} for i in range(1000)]
    first = client.increment_many(increments, key=key)
    assert first.status == 200
    assert same(first, client.increment_many(increments, key=key))
    assert client.value(f"{counter}-0") == 143


def test_put_is_done_once(client, counter, key):
    first = client.set(counter, 10, key=key)
    client.next_value(counter)
    assert same(first, client.set(counter, 10, key=key))
    assert client.value(counter) == 11


def test_a_put_that_was_refused_is_refused_again(client, counter, key):
    first = client.set(counter, 10, key=key, expected=4)
    assert first.status == 409
    client.set(counter, 4)
    assert same(first, client.set(counter, 10, key=key, expected=4))
    assert client.value(counter) == 4


def test_delete_is_done_once(client, counter, key):
    client.next_value(counter)
    first = client.erase(counter, key=key)
    assert first.status == 204
    client.next_value(counter)
    assert same(first, client.erase(counter, key=key))
    assert client.value(counter) == 1


@pytest.mark.parametrize("size", [1, 255])
def test_a_key_may_have_1_to_255_bytes(client, counter, size):
    key = uuid.uuid4().hex[:1] if size == 1 else (uuid.uuid4().hex * 8)[:size]
    first = client.increment(counter, key=key)
    if size == 1 and first.status == 422:
        return  # a short key that another run has used
    assert first.status == 200
    assert same(first, client.increment(counter, key=key))


@pytest.mark.parametrize("key", ["", "k" * 256, "k" * 5000], ids=["empty", "256", "5000"])
def test_another_length_is_refused_and_nothing_changes(client, counter, key):
    answer = client.post("/counter/increment?" + query(counter=counter), headers={"Idempotency-Key": key})
    assert answer.status == 400
    assert "Idempotency-Key" in answer.json()["error_description"]
    assert client.value(counter) == 0


def test_two_keys_in_one_request_are_refused(client, counter):
    answer = client.exchange_raw(f"POST /counter/increment?{query(counter=counter)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                 "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n".encode())
    assert answer.status in (400, 401)


def test_a_hundred_at_once_with_one_key_count_once(server, counter, key):
    answers, gate = [], threading.Barrier(100)

    def ask():
        connection = server.new_client()
        connection.get("/healthz")
        gate.wait()
        answers.append(connection.increment(counter, key=key))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert server.client.value(counter) == 1


def test_pipelined_retries_count_once(client, counter, key):
    request = (f"POST /counter/increment?{query(counter=counter)} HTTP/1.1\r\nHost: x\r\nIdempotency-Key: {key}\r\n"
               + "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
               + "Content-Length: 0\r\n\r\n").encode()
    with client.raw() as connection:
        connection.send(request * 10)
        bodies = {connection.read_answer().body for _ in range(10)}
    assert len(bodies) == 1
    assert client.value(counter) == 1


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_answers_are_remembered_across_a_restart(fresh_server, how):
    server = fresh_server().start()
    client = server.client
    client.set("full", 5)
    asked = {
        "one": lambda c: c.increment("a", key="one"),
        "refused": lambda c: c.increment("full", key="refused", max=5),
        "array": lambda c: c.increment_many([{"counter": "a"}, {"counter": "b"}], key="array"),
        "put": lambda c: c.set("p", 7, key="put"),
        "delete": lambda c: c.erase("gone", key="delete"),
    }
    first = {name: ask(client) for name, ask in asked.items()}
    client.set("full", 0)
    client.next_value("gone")
    server.restart(how)
    client = server.client
    for name, ask in asked.items():
        assert same(first[name], ask(client)), name
    assert [client.value(name) for name in ("a", "b", "p", "full", "gone")] == [2, 1, 7, 0, 1]
    assert client.increment("a", key="one", by=2).status == 422
