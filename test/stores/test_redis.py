"""The store `redis` on a real Redis: what every store does, what is stored, and what becomes of it when things break."""

import subprocess
import sys
import time

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from load_client import ACKED, LoadClient
from redis_process import DURABLE, RedisClient, RedisError, redis_process
from store_load import Faults, Load, check_dead_store, count_to_maximum_under_faults, count_under_faults
from quipu_server import binary, clean_environment, wait_until

DAY_S = 24 * 60 * 60
LOAD_MAXIMUM = 300
PREPARE_S_MAX = 5  # src/remote/redis.cc
HEALTHY_S = 0.5  # between faults, so that most increments of the load are acknowledged


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with redis_process(tmp_path_factory.mktemp("redis")) as process:
        yield process


@pytest.fixture
def inside(redis):
    """A client of Redis's own."""
    client = RedisClient(redis.port)
    yield client
    client.close()


@pytest.fixture(scope="module")
def proxy(redis):
    with FaultProxy(redis.port) as running:
        yield running


@pytest.fixture(autouse=True)
def healed(proxy):
    yield
    proxy.heal()


@pytest.fixture(scope="module")
def quipu(start_quipu, redis):
    return start_quipu(env={"REDIS_URL": f"127.0.0.1:{redis.port}"})


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu, redis):
    return start_quipu(env={"REDIS_URL": "127.0.0.1", "REDIS_PORT": str(redis.port), **CONDITIONAL_ENVIRONMENT})


@pytest.fixture(scope="module")
def proxied_quipu(start_quipu, proxy):
    """A server that has only the proxy between itself and Redis."""
    return start_quipu(env={"REDIS_URL": f"redis://127.0.0.1:{proxy.port}"})


@pytest.fixture
def through(proxied_quipu):
    """Increments through the proxy; all is well when the test begins."""
    client = LoadClient(proxied_quipu.url, "redis")
    wait_until(lambda: client("warm-up")[0] == ACKED, 10, "the store works")
    yield proxied_quipu.client
    client.close()


@pytest.fixture
def keep_text(inside):
    return lambda counter, text: inside.ask("SET", counter, text)


class TestRedis(StoreContract):
    store = "redis"


# --- what is stored: docs/formats/store-redis.md


def test_a_counter_is_the_plain_string_that_incr_leaves(quipu, inside, counter):
    quipu.client.post(f"/redis/{counter}")
    assert (inside.ask("TYPE", counter), inside.ask("GET", counter), inside.ask("TTL", counter)) == ("string", "1", -1)


def test_counters_that_others_keep_are_gone_on_with(quipu, inside, counter):
    inside.ask("SET", counter, 41)
    assert quipu.client.post(f"/redis/{counter}").json()["counter"] == 42
    assert inside.ask("INCR", counter) == 43
    assert quipu.client.increment(counter, store="redis", max=44).json()["new_value"] == 44


def test_a_delete_leaves_nothing(quipu, inside, counter):
    quipu.client.post(f"/redis/{counter}")
    quipu.client.delete(f"/counter?counter={counter}&store=redis")
    assert inside.ask("EXISTS", counter) == 0


def test_a_marker_is_kept_for_a_day_beside_its_counter(quipu, inside, counter):
    quipu.client.increment(counter, store="redis", key="k", by=7)
    markers = inside.ask("KEYS", f"quipu:request:{{{counter}}}:*")
    assert len(markers) == 1
    request_hash, outcome = inside.ask("GET", markers[0]).split(" ")
    assert len(request_hash) == 64 and outcome == "0:7"
    assert DAY_S - 60 < inside.ask("TTL", markers[0]) <= DAY_S


def test_an_expiry_that_somebody_set_stays(quipu, inside, counter):
    inside.ask("SET", counter, 1, "EX", 1000)
    quipu.client.post(f"/redis/{counter}")
    quipu.client.increment(counter, store="redis", max=10)
    assert 900 < inside.ask("TTL", counter) <= 1000


@pytest.mark.parametrize("text", ["", " 1", "+1", "01", "-0", "1.0", "1e3", "0x1", "9223372036854775808",
                                  "-9223372036854775809", "1" * 30, "1\n"])
def test_what_looks_like_a_number_and_is_none(quipu, inside, counter, text):
    inside.ask("SET", counter, text)
    for answer in (quipu.client.increment(counter, store="redis"), quipu.client.increment(counter, store="redis", max=10)):
        assert (answer.status, answer.json()["error_code"]) == (409, "not_a_counter")
    assert inside.ask("GET", counter) == text


def test_another_type_is_no_counter(quipu, inside, counter):
    inside.ask("RPUSH", counter, "1")
    for answer in (quipu.client.increment(counter, store="redis"), quipu.client.increment(counter, store="redis", max=10),
                   quipu.client.get(f"/counter?counter={counter}&store=redis")):
        assert (answer.status, answer.json()["error_code"]) == (409, "not_a_counter")


def test_a_megabyte_under_the_same_key_is_read_in_no_time(quipu, inside, counter):
    inside.ask("SET", counter, "7" * 1_000_000)
    assert quipu.client.get(f"/counter?counter={counter}&store=redis").json()["error_code"] == "not_a_counter"


def test_the_script_is_sent_again_when_redis_forgot_it(quipu, inside, counter):
    assert quipu.client.increment(counter, store="redis", max=10).status == 200
    inside.ask("SCRIPT", "FLUSH")
    assert quipu.client.increment(counter, store="redis", max=10).json()["new_value"] == 2


# --- what was lost on its way


def test_a_bare_increment_whose_answer_is_lost_is_never_sent_again(through, proxy, inside, counter):
    proxy.fail("drop_after", only=counter.encode(), times=1)
    assert through.post(f"/redis/{counter}").status == 500
    assert proxy.fired["drop_after"] >= 1 and proxy.fault is None
    assert inside.ask("GET", counter) == "1"
    assert through.post(f"/redis/{counter}").json()["counter"] == 2


def test_the_counter_api_says_that_the_outcome_is_unknown(through, proxy, counter):
    proxy.fail("drop_after", only=counter.encode(), times=1)
    answer = through.increment(counter, store="redis")
    assert answer.status == 500
    assert answer.json()["error_code"] == "error_incrementing_probably_database_error", answer


def test_with_a_marker_a_lost_answer_is_asked_for_again(through, proxy, inside, counter):
    fired = proxy.fired["drop_after"]
    proxy.fail("drop_after", only=counter.encode(), times=2)
    answer = through.post(f"/redis/{counter}", headers={"Idempotency-Key": counter})
    assert (answer.status, answer.json()["counter"]) == (200, 1)
    assert proxy.fired["drop_after"] == fired + 2
    assert inside.ask("GET", counter) == "1"


def test_a_read_is_asked_again(through, proxy, counter):
    proxy.fail("drop_after", only=counter.encode(), times=1)
    assert through.get(f"/counter?counter={counter}&store=redis").json()["value"] == 0


def test_a_connection_that_redis_closed_while_idle_costs_nobody_an_answer(through, proxy, inside, counter):
    inside.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: not proxy.connections, 10, "the proxy has passed it on")
    assert through.post(f"/redis/{counter}").json()["counter"] == 1


def test_garbage_is_no_answer(through, proxy, inside, counter):
    fired = proxy.fired["garbage"]
    proxy.fail("garbage", only=counter.encode(), times=1)
    assert through.post(f"/redis/{counter}").status == 500
    assert proxy.fired["garbage"] == fired + 1
    assert inside.ask("GET", counter) == "1"


@pytest.mark.parametrize("setting, broken, well", [("min-replicas-to-write", "3", "0"), ("maxmemory", "1", "0")])
def test_a_redis_that_refuses_to_write_is_no_reason_to_count_twice(through, inside, counter, setting, broken, well):
    inside.ask("CONFIG", "SET", setting, broken)
    try:
        assert through.post(f"/redis/{counter}").status == 500
        assert through.increment(counter, store="redis", max=10, key=counter).status >= 500
    finally:
        inside.ask("CONFIG", "SET", setting, well)
    assert inside.ask("EXISTS", counter) == 0
    assert through.increment(counter, store="redis", max=10, key=counter).json()["new_value"] == 1


# --- under load


def test_a_bad_day(proxied_quipu, proxy, redis, tmp_path, counter):
    def read(name):
        return int(RedisClient(redis.port).ask("GET", name) or 0)

    faults = Faults(proxied_quipu.url, "redis", proxy, redis, only=b"INCRBY", healthy_s=HEALTHY_S)
    counters = [f"{counter}-{n}" for n in range(4)]
    count_under_faults(proxied_quipu, "redis", faults, counters, read, tmp_path)


def test_a_bad_day_up_to_a_maximum(start_quipu, proxy, redis, tmp_path, counter):
    def read(name):
        return int(RedisClient(redis.port).ask("GET", name) or 0)

    server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{proxy.port}", "USE_CONDITIONAL_WRITES": "true",
                              "MAX_COUNTER_VALUE": str(LOAD_MAXIMUM)})
    faults = Faults(server.url, "redis", proxy, redis, only=b"EVAL", healthy_s=HEALTHY_S)
    count_to_maximum_under_faults(server, "redis", faults, LOAD_MAXIMUM, counter, read, tmp_path)


@pytest.mark.parametrize("dead", ["killed", "black_hole"])
def test_a_dead_redis_is_said_at_once_and_local_goes_on(start_quipu, tmp_path, dead):
    with redis_process(tmp_path / "redis") as redis, FaultProxy(redis.port) as proxy:
        server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{proxy.port}"})
        client = LoadClient(server.url, "redis")
        assert client("c")[0] == ACKED
        if dead == "killed":
            redis.kill()
        else:
            proxy.fail("black_hole")
        check_dead_store(server, "redis")
        if dead == "killed":
            redis.start()
        proxy.heal()
        wait_until(lambda: client("c")[0] == ACKED, 8, "it works again", 0.02)


def test_the_checker_catches_the_naive_recipe(redis, counter):
    """Read, then write: what a retry loop around GET and SET comes to."""
    def naive():
        client = RedisClient(redis.port)

        def increment(name):
            value = int(client.ask("GET", name) or 0) + 1
            client.ask("SET", name, value)
            return ACKED, value
        return increment

    load = Load([naive() for _ in range(8)], lambda n: counter if n < 200 else None)
    assert load.start().wait().what_is_wrong()


# --- who may


# A namespace of one's own has a resolver of its own: somebody who hears every question, and says nothing.
SILENT_NAME_SERVER = """
import os, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open(sys.argv[1], "w") as resolv:
    resolv.write("nameserver 127.0.0.1")
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
silent.set_inheritable(True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_silent_name_server_does_not_stop_the_clock(tmp_path):
    """The system's resolver waits for it for 10 s or more, whatever time a link has."""
    alone = ["unshare", "--map-root-user", "--mount", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine gives no namespaces")
    start = time.monotonic()
    done = subprocess.run([*alone, sys.executable, "-c", SILENT_NAME_SERVER, tmp_path / "resolv.conf", binary(), "store",
                           "check", "redis"], env=clean_environment({"REDIS_URL": "redis.test"}), capture_output=True,
                          text=True, timeout=60)
    assert time.monotonic() - start < PREPARE_S_MAX + 2
    assert done.returncode == 1 and "the name server did not answer in time" in done.stdout, done.stdout + done.stderr


def test_a_password_and_a_database(start_quipu, tmp_path, counter):
    settings = [*DURABLE, "--requirepass", "s@cret:/", "--user", "counting", "on", ">p%w", "~*", "+@all"]
    with redis_process(tmp_path / "redis", settings) as redis:
        for login in (":s%40cret%3A%2F", "counting:p%25w"):
            server = start_quipu(env={"REDIS_URL": f"redis://{login}@127.0.0.1:{redis.port}/3"})
            assert server.client.post(f"/redis/{counter}").status == 200
            assert login.split(":")[1] not in server.output()
        inside = RedisClient(redis.port)
        assert isinstance(inside.ask("GET", counter), RedisError)
        inside.ask("AUTH", "s@cret:/")
        assert inside.ask("GET", counter) is None
        inside.ask("SELECT", 3)
        assert inside.ask("GET", counter) == "2"
        wrong = start_quipu(env={"REDIS_URL": f"redis://:wrong@127.0.0.1:{redis.port}"})
        assert wrong.client.post(f"/redis/{counter}").status == 500
        assert wrong.client.post(f"/local/{counter}").status == 200


def test_a_url_that_is_not_understood_is_refused_at_the_start(fresh_server):
    with pytest.raises(Exception, match="redis-url"):
        fresh_server(env={"REDIS_URL": "http://127.0.0.1"}).start()


def test_tls(start_quipu, tmp_path, counter):
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    with redis_process(tmp_path / "redis", tls=(certificate, key)) as process:
        trusting = start_quipu(env={"REDIS_URL": f"rediss://localhost:{process.port}", "SSL_CERT_FILE": str(certificate)})
        assert [trusting.client.post(f"/redis/{counter}").json()["counter"] for _ in range(2)] == [1, 2]
        doubting = start_quipu(env={"REDIS_URL": f"rediss://localhost:{process.port}"})
        assert doubting.client.post(f"/redis/{counter}").status == 500
        wait_until(lambda: "certificate" in doubting.output(), what="the log says why")
