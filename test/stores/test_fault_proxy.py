"""What the tests of stores stand on: a proxy whose faults really happen, and a judge that sees what a wrong recipe does."""

import itertools
import socket
import threading
import time

import pytest

from fault_proxy import FaultProxy
from load_client import ACKED, UNKNOWN
from store_load import History, Load


@pytest.fixture
def echo():
    """A server that answers every line with itself, and remembers what it was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve(connection):
        with connection:
            try:
                while data := connection.recv(4096):
                    asked.append(data)
                    connection.sendall(data)
            except OSError:
                pass

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], asked
    listener.close()


@pytest.fixture
def proxy(echo):
    with FaultProxy(echo[0]) as running:
        running.stall_s = 0.5
        yield running


def connect(proxy, timeout_s=5):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout_s)


def ask(connection, text=b"hello\n"):
    connection.sendall(text)
    return connection.recv(4096)


def test_it_gives_the_store_what_the_test_says(proxy, echo):
    proxy.alter = lambda request: request.replace(b"hello", b"HELLO")
    with connect(proxy) as client:
        assert ask(client) == b"HELLO\n"
    assert echo[1] == [b"HELLO\n"]


def test_it_passes_what_it_is_given(proxy):
    with connect(proxy) as client:
        assert [ask(client, b"a%d\n" % n) for n in range(3)] == [b"a0\n", b"a1\n", b"a2\n"]


def test_refuse_resets_connections_old_and_new(proxy):
    with connect(proxy) as old:
        ask(old)
        proxy.fail("refuse")
        with pytest.raises(ConnectionError):
            assert ask(old) != b""
            ask(old)
        with pytest.raises(ConnectionError):
            with connect(proxy) as new:
                assert ask(new) != b""
                ask(new)
    assert proxy.fired["refuse"] >= 2


def test_a_black_hole_says_nothing_and_is_cut_when_it_ends(proxy, echo):
    proxy.fail("black_hole")
    with connect(proxy, 0.3) as client:
        with pytest.raises(TimeoutError):
            ask(client)
        assert not echo[1] and proxy.fired["black_hole"] == 1
        proxy.heal()
        with pytest.raises(ConnectionError):
            assert client.recv(1) != b""
            client.recv(1)


def test_drop_after_lets_the_server_do_it(proxy, echo):
    proxy.fail("drop_after", times=1, only=b"count")
    with connect(proxy) as client:
        assert ask(client) == b"hello\n"
        with pytest.raises(ConnectionError):
            assert ask(client, b"count\n") != b""
            ask(client)
    assert echo[1] == [b"hello\n", b"count\n"]
    assert proxy.fired["drop_after"] == 1 and proxy.fault is None


def test_reset_mid_reply_gives_the_first_bytes(proxy):
    proxy.fail("reset_mid_reply")
    with connect(proxy) as client:
        assert ask(client) == b"hel"
        with pytest.raises(ConnectionError):
            client.recv(10)
            raise ConnectionResetError
    assert proxy.fired["reset_mid_reply"] == 1


def test_stall_comes_late_and_garbage_is_something_else(proxy):
    with connect(proxy) as client:
        proxy.fail("stall")
        start = time.monotonic()
        assert ask(client) == b"hello\n" and time.monotonic() - start >= 0.5
        proxy.fail("garbage")
        assert ask(client, b"x" * 100) != b"x" * 100
    assert proxy.fired["stall"] == 1 and proxy.fired["garbage"] == 1


def test_chance_hits_some(proxy):
    proxy.fail("garbage", chance=0.5)
    with connect(proxy) as client:
        wrong = sum(ask(client, b"x" * 50) != b"x" * 50 for _ in range(100))
    assert wrong == proxy.fired["garbage"] and 20 < wrong < 80


# --- the judge


class CounterInMemory:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()


def right_recipe(store):
    def increment(_):
        with store.lock:
            store.value += 1
            return ACKED, store.value
    return increment


def naive_recipe(store):
    """Read, then write, in two steps."""
    def increment(_):
        value = store.value
        time.sleep(0.0001)
        store.value = value + 1
        return ACKED, value + 1
    return increment


def history_of(recipe):
    store = CounterInMemory()
    return Load([recipe(store) for _ in range(8)], lambda n: "c" if n < 100 else None).start().wait()


def test_the_judge_lets_a_right_recipe_pass(quipu_binary):
    assert history_of(right_recipe).what_is_wrong() is None


def test_the_judge_catches_the_naive_recipe(quipu_binary):
    assert history_of(naive_recipe).what_is_wrong()


def test_the_judge_catches_a_number_lost_and_a_retry_counted_twice(quipu_binary):
    times = itertools.count()
    lost = History()
    lost.add("c", [(next(times), next(times), ACKED, value) for value in (1, 2, 4)])
    assert lost.what_is_wrong()
    excused = History()
    excused.add("c", [(next(times), next(times), *outcome) for outcome in ((ACKED, 1), (UNKNOWN, None), (ACKED, 3))])
    assert excused.what_is_wrong() is None
