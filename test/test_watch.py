"""GET /counter/watch: server-sent events. Runs against any server."""

import json
import re
import threading

import pytest

from quipu_client import query
from quipu_server import wait_until

HEART_BEAT_S = 5


class Watch:
    """Reads the events of one counter. The stream may be chunked or end with the connection: both are HTTP."""

    def __init__(self, client, counter, timeout_s=10):
        self.connection = client.raw(timeout_s)
        headers = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
        self.connection.send(f"GET /counter/watch?{query(counter=counter)} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        self.status, self.headers = self.connection.read_head()
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.text = b""

    def _more(self):
        if not self.chunked:
            if not self.connection.received:
                assert self.connection._more(), "the stream ended"
            self.text, self.connection.received = self.text + self.connection.received, b""
            return
        size = int(self.connection.read_until(b"\r\n").split(b";")[0], 16)
        assert size > 0, "the stream ended"
        chunk = self.connection.read_until(b"\r\n") if size == 0 else self._exactly(size + 2)
        self.text += chunk[:-2]

    def _exactly(self, size):
        while len(self.connection.received) < size:
            assert self.connection._more(), "the stream ended within a chunk"
        data, self.connection.received = self.connection.received[:size], self.connection.received[size:]
        return data

    def block(self):
        """The next event or comment, as its lines."""
        while b"\n\n" not in self.text:
            self._more()
        block, self.text = self.text.split(b"\n\n", 1)
        return block.decode().split("\n")

    def event(self):
        while True:
            lines = [line for line in self.block() if not line.startswith(":")]
            if lines:
                assert len(lines) == 1 and lines[0].startswith("data: "), lines
                return json.loads(lines[0][len("data: "):])

    def value(self):
        return self.event()["value"]

    def until(self, wanted):
        """The values up to this one."""
        values = [self.value()]
        while values[-1] != wanted:
            values.append(self.value())
        return values

    def close(self):
        self.connection.close()


@pytest.fixture
def watch(client):
    opened = []

    def make(counter, **more):
        opened.append(Watch(client, counter, **more))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_it_is_an_event_stream_that_no_cache_keeps(watch, counter):
    opened = watch(counter)
    assert opened.status == 200
    assert opened.headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in opened.headers["cache-control"]


def test_the_first_event_is_the_value_now(watch, client, counter):
    client.next_value(counter, by=7)
    assert watch(counter).event() == {"counter": counter, "value": 7}


def test_a_counter_never_touched_begins_with_zero(watch, counter):
    assert watch(counter).event() == {"counter": counter, "value": 0}


def test_every_change_is_told(watch, client, counter):
    opened = watch(counter)
    assert opened.value() == 0
    for value in range(1, 6):
        client.next_value(counter)
        assert opened.value() == value


def test_put_and_delete_are_changes(watch, client, counter):
    opened = watch(counter)
    assert opened.value() == 0
    client.set(counter, -40)
    assert opened.value() == -40
    client.erase(counter)
    assert opened.value() == 0


def test_arrays_are_changes(watch, client, counter):
    opened = watch(counter)
    assert opened.value() == 0
    client.increment_many([{"counter": counter}, {"counter": counter}])
    assert opened.until(2)[-1] == 2


def test_what_was_refused_or_asked_again_is_no_change(watch, client, counter):
    client.set(counter, 5)
    opened = watch(counter)
    assert opened.value() == 5
    assert client.increment(counter, max=5).status == 409
    client.increment(counter, key=counter)
    assert opened.value() == 6
    client.increment(counter, key=counter)
    client.set(counter, 50)
    assert opened.value() == 50


def test_other_counters_are_not_told(watch, client, counter):
    opened = watch(counter)
    assert opened.value() == 0
    client.next_value(counter + "x")
    client.next_value(counter)
    assert opened.value() == 1


def test_fast_changes_are_coalesced_but_the_last_one_always_comes(watch, server, counter):
    opened = watch(counter)

    def count():
        connection = server.new_client()
        for _ in range(100):
            connection.next_value(counter)
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    values = opened.until(400)
    for thread in threads:
        thread.join()
    assert values == sorted(set(values))
    assert len(values) <= 401


def test_a_watcher_that_does_not_read_stops_nobody(watch, client, counter):
    opened = watch(counter)
    last = 0
    for _ in range(60):
        last = client.increment_many([{"counter": counter}] * 50).json()[-1]["new_value"]
    assert opened.until(last)[-1] == 3000


def test_many_watchers_see_the_same(watch, client, counter):
    opened = [watch(counter) for _ in range(50)]
    assert {each.value() for each in opened} == {0}
    client.next_value(counter, by=3)
    assert {each.value() for each in opened} == {3}


def test_a_name_is_told_as_json(watch, client, counter):
    name = counter + '"\n é'
    assert watch(name).event() == {"counter": name, "value": 0}


def test_a_watcher_that_leaves_is_forgotten(fresh_server, counter):
    client = fresh_server().start().client

    def connections_open():
        lines = client.get("/metrics").text.split("\n")
        return next(float(line.split()[-1]) for line in lines if line.startswith("quipu_http_connections "))

    wait_until(lambda: connections_open() == 1, what="no connection but this one")
    opened = [Watch(client, counter) for _ in range(20)]
    wait_until(lambda: connections_open() == 1 + 20, what="20 more connections")
    for each in opened:
        each.close()
    client.next_value(counter)
    wait_until(lambda: connections_open() == 1, what="the connections are gone")
    assert client.next_value(counter) == 2


def test_a_quiet_line_has_heart_beats(watch, counter):
    opened = watch(counter, timeout_s=3 * HEART_BEAT_S)
    assert opened.value() == 0
    assert opened.block()[0].startswith(":")


def test_a_stopping_server_ends_its_watches(fresh_server):
    server = fresh_server().start()
    opened = Watch(server.client, "c")
    assert opened.value() == 0
    assert server.terminate(deadline_s=5) == 0
    assert opened.connection.is_closed_by_server()


def test_what_is_no_counter_any_more_ends_the_stream_and_its_connection(watch, client, counter):
    """A request behind it would be woken by what was meant for the stream."""
    opened = watch(counter)
    assert opened.value() == 0
    opened.connection.send(b"POST /counter/increment?counter=behind HTTP/1.1\r\nHost: x\r\n\r\n")
    item = {"id": {"S": counter}, "lastValue": {"S": "no number"}}
    client.post("/", body=json.dumps({"TableName": "AtomicCounters", "Item": item}),
                headers={"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"})
    with pytest.raises(AssertionError, match="the stream ended"):
        opened.event()
    assert opened.connection.read_until(b"\r\n") == b"\r\n", "nothing stands behind the last chunk"
    assert opened.connection.is_closed_by_server()


def test_head_is_answered_at_once(client, counter):
    with client.raw() as connection:
        connection.send(f"HEAD /counter/watch?counter={counter} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, headers = connection.read_head()
        assert status == 200 and headers["content-type"].startswith("text/event-stream")
        assert connection.is_closed_by_server()


@pytest.mark.parametrize("store", ["redis", "nonsense"])
def test_counters_of_other_stores_cannot_be_watched(client, counter, store):
    answer = client.get(f"/counter/watch?counter={counter}&store={store}")
    assert answer.status == 400 and "local" in answer.json()["error_description"]


def test_a_revoked_key_loses_its_streams(fresh_server, counter):
    server = fresh_server(dev=False).start()
    admin = server.new_client(headers={"x-api-key": re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)})
    key = admin.post("/keys", body=json.dumps({"name": "short-lived"})).json()
    opened = Watch(server.new_client(headers={"x-api-key": key["key"]}), counter)
    assert opened.value() == 0
    assert admin.delete(f"/keys?id={key['id']}").status == 204
    with pytest.raises(AssertionError, match="the stream ended"):
        opened.event()
