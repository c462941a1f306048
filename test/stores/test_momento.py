"""Counters in Momento: here in a cache of our own that speaks its protocol, and that Momento's own client agrees with."""

import base64
import json

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from load_client import ACKED, UNKNOWN
from momento_process import momento, run_script
from quipu_server import wait_until
from store_load import Faults, check_dead_store, count_to_maximum_under_faults, count_under_faults

TOKEN = "the.test.token"
LOAD_MAXIMUM = 100
HEALTHY_S = 1  # the server of the tests is slow: in less time hardly anything would be counted


def info_file(directory, port, key=TOKEN):
    """As Momento's console gives it out, with our address for its own."""
    file = directory / "momento_key_info.json"
    file.write_text(json.dumps({"apiKey": key, "refreshToken": "unused", "validUntil": 1999999999,
                                "restEndpoint": f"http://127.0.0.1:{port}"}))
    return file


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with momento(tmp_path_factory.mktemp("momento"), TOKEN) as process:
        yield process


@pytest.fixture(scope="module")
def start_on(start_quipu, tmp_path_factory):
    """A server whose store is at this port."""
    def start(port, key=TOKEN, **env):
        return start_quipu(flags=["--momento-info", str(info_file(tmp_path_factory.mktemp("info"), port, key))], env=env)
    return start


@pytest.fixture(scope="module")
def quipu(start_on, service):
    return start_on(service.port)


@pytest.fixture(scope="module")
def conditional_quipu(start_on, service):
    return start_on(service.port, **CONDITIONAL_ENVIRONMENT)


@pytest.fixture
def keep_text(service):
    return lambda counter, text: run_script("set.js", service.port, TOKEN, counter, text)


class TestMomento(StoreContract):
    store = "momento"
    can_mark = False

    def test_an_idempotency_key_is_refused(self, client, counter):
        """What cannot be promised is not taken."""
        answer = self.post(client, counter, headers={"Idempotency-Key": "k"})
        assert answer.status == 400
        assert "Idempotency-Key" in answer.json()["error"]
        assert self.increment(client, counter, key="k").status == 400
        assert self.value(client, counter) == 0

    def test_a_missing_cache_is_made_at_first_use(self, start_on, service, counter):
        server = start_on(service.port, MOMENTO_CACHE_NAME="another-cache")
        client = server.new_client()
        wait_until(lambda: client.post(f"/momento/{counter}").status == 200)

    def test_a_key_of_version_1_has_the_token_inside(self, start_on, service, counter):
        inside = json.dumps({"endpoint": "nowhere.invalid", "api_key": TOKEN}).encode()
        server = start_on(service.port, base64.b64encode(inside).decode())
        client = server.new_client()
        wait_until(lambda: client.post(f"/momento/{counter}").status == 200)

    def test_a_wrong_token_is_an_error_of_the_store(self, start_on, service, counter):
        client = start_on(service.port, "another").new_client()
        assert client.post(f"/momento/{counter}").text == '{"error":"Internal server error"}'


def test_the_official_client_agrees_with_the_test_server(tmp_path):
    """Or else our store and our server might share a misunderstanding."""
    with momento(tmp_path) as process:
        run_script("check.js", process.port)


class TestMomentoUnderFaults:
    @pytest.fixture(scope="class")
    def proxy(self, service):
        with FaultProxy(service.port) as proxy:
            yield proxy

    @pytest.fixture(scope="class")
    def behind_proxy(self, start_on, proxy):
        return start_on(proxy.port)

    @pytest.fixture(scope="class")
    def conditional_behind_proxy(self, start_on, proxy):
        return start_on(proxy.port, **{**CONDITIONAL_ENVIRONMENT, "MAX_COUNTER_VALUE": str(LOAD_MAXIMUM)})

    @pytest.fixture
    def read(self, quipu):
        client = quipu.new_client()
        return lambda counter: client.get(f"/counter?counter={counter}&store=momento").json()["value"]

    # A restart is not among the faults: the cache forgets everything, and so do the promises.
    def test_every_increment_is_right(self, behind_proxy, proxy, read, tmp_path):
        faults = Faults(behind_proxy.url, "momento", proxy, healthy_s=HEALTHY_S)
        history = count_under_faults(behind_proxy, "momento", faults, ["load-a", "load-b", "load-c"], read, tmp_path)
        print(f"{history.count(ACKED)} acknowledged, {history.count(UNKNOWN)} unknown, recovered after {faults.recovered_s}")

    def test_the_maximum_is_never_passed(self, conditional_behind_proxy, proxy, read, tmp_path):
        faults = Faults(conditional_behind_proxy.url, "momento", proxy, healthy_s=HEALTHY_S)
        count_to_maximum_under_faults(conditional_behind_proxy, "momento", faults, LOAD_MAXIMUM, "limited", read, tmp_path)

    def test_a_lost_answer_is_not_asked_for_again(self, behind_proxy, proxy, read, counter):
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/momento/probe").status == 200)
        fired = proxy.fired["drop_after"]
        proxy.fail("drop_after", only=counter.encode(), times=1)
        assert client.post(f"/momento/{counter}").status == 500
        assert proxy.fired["drop_after"] == fired + 1
        proxy.heal()
        assert read(counter) == 1

    def test_a_dead_store_answers_quickly_and_comes_back(self, start_on, tmp_path):
        with momento(tmp_path, TOKEN) as process:
            server = start_on(process.port)
            client = server.new_client()
            wait_until(lambda: client.post("/momento/probe").status == 200)
            process.kill()
            check_dead_store(server, "momento")
            process.start()
            wait_until(lambda: client.post("/momento/probe").status == 200, 10)


def test_the_naive_recipe_is_caught(tmp_path):
    """Get, then set unless it is the maximum: with Momento's own client, numbers are given to several."""
    with momento(tmp_path) as process:
        values = [int(line) for line in run_script("load.js", process.port, 8, 20, 1000).split()]
    assert len(values) != len(set(values))
