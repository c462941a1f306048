"""The store `dynamo`: on another Quipu, and on DynamoDB Local."""

import re
import sys
import threading
import time
import uuid
from pathlib import Path

import boto3
import botocore.config
import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from load_client import ACKED, UNKNOWN, LoadClient
from quipu_server import QuipuServer, RefusedToStart, wait_until
from store_load import Faults, Load, Watcher, check_dead_store, clients_of, count_to_maximum_under_faults, count_under_faults

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dynamodb"))
from dynamodb_local import DynamoDBLocal  # noqa: E402

TABLE = "Counters"
MAXIMUM = 200
TRUSTED_IDLE_S = 5  # src/remote/remote_counters.h
CONNECTIONS_THAT_TELL = 3  # likewise, broken_links_max
# A call waits for 2 s there.
ANSWER_OF_SILENT_S_MAX = 5
INCREMENT = b"DynamoDB_20120810.UpdateItem"
TEST_ACCESS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class TableOf:
    """The store itself, as its owner sees it."""

    def __init__(self, url, access=TEST_ACCESS):
        self.client = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1",
                                   aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
                                   aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
                                   config=botocore.config.Config(retries={"total_max_attempts": 1}))
        self.client.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST",
                                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                                 KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])

    def item(self, counter):
        return self.client.get_item(TableName=TABLE, Key={"id": {"S": counter}}, ConsistentRead=True).get("Item")

    def value(self, counter):
        item = self.item(counter) or {}
        return int(item.get("atomic_counter", {"N": "0"})["N"])

    def put(self, counter, value):
        self.client.put_item(TableName=TABLE, Item={"id": {"S": counter}, "atomic_counter": value})


def environment(url, **more):
    return {"TABLE_NAME": TABLE, "AWS_ENDPOINT_URL_DYNAMODB": url, **TEST_ACCESS, **more}


@pytest.fixture(scope="module", params=["quipu", "dynamodb-local"])
def far(request, quipu_binary, tmp_path_factory):
    """The address of the other side."""
    if request.param == "quipu":
        server = QuipuServer(tmp_path_factory.mktemp("far")).start()
        yield server.url
        server.discard()
    else:
        server = DynamoDBLocal()
        server.start()
        yield server.url
        server.stop()


@pytest.fixture(scope="module")
def table(far):
    return TableOf(far)


@pytest.fixture(scope="module")
def quipu(start_quipu, far, table):
    return start_quipu(env=environment(far))


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu, far, table):
    return start_quipu(env=environment(far, **CONDITIONAL_ENVIRONMENT))


@pytest.fixture
def keep_text(table):
    return lambda counter, text: table.put(counter, {"S": text})


class TestDynamo(StoreContract):
    store = "dynamo"

    def test_it_is_kept_as_others_keep_it(self, client, counter, table):
        self.post(client, counter)
        assert table.item(counter) == {"id": {"S": counter}, "atomic_counter": {"N": "1"}}
        table.put(counter, {"N": "41"})
        assert self.post(client, counter).json()["counter"] == 42

    def test_other_attributes_stay(self, client, counter, table):
        table.client.put_item(TableName=TABLE, Item={"id": {"S": counter}, "owner": {"S": "me"}})
        assert self.post(client, counter).json()["counter"] == 1
        assert self.set(client, counter, 5).status == 200
        assert table.item(counter) == {"id": {"S": counter}, "atomic_counter": {"N": "5"}, "owner": {"S": "me"}}

    def test_numbers_wider_than_64_bits_are_no_counters(self, client, counter, table):
        for number in ("9223372036854775808", "-9223372036854775809", "1e30"):
            table.put(counter, {"N": number})
            for by in (1, -1):
                assert self.increment(client, counter, by=by).json()["error_code"] == "not_a_counter"

    def test_a_fraction_is_incremented_and_no_counter(self, client, counter, table):
        """A condition cannot tell it from a whole number."""
        table.put(counter, {"N": "1.5"})
        assert self.post(client, counter).status == 500
        assert client.get(f"/counter?counter={counter}&store=dynamo").json()["error_code"] == "not_a_counter"
        assert table.item(counter)["atomic_counter"] == {"N": "2.5"}

    def test_a_marker_is_an_item_that_expires(self, client, counter, table):
        before = table.client.scan(TableName=TABLE)["Items"]
        self.post(client, counter, headers={"Idempotency-Key": counter})
        new = [i for i in table.client.scan(TableName=TABLE)["Items"] if i not in before and i["id"]["S"] != counter]
        assert [sorted(item) for item in new] == [["id", "outcome", "request_hash", "ttl"]]
        assert new[0]["id"]["S"].startswith("quipu-request#") and new[0]["outcome"]["S"] == "0:1"

    def test_keys_and_no_keys_beside_each_other(self, quipu, counter, table):
        """Each number once, whichever way the increment takes."""
        values = []

        def count(marked):
            client, done = quipu.new_client(), 0
            while done < 20:
                headers = {"Idempotency-Key": uuid.uuid4().hex} if marked else None
                answer = self.post(client, counter, headers=headers)
                if answer.status == 200:
                    values.append(answer.json()["counter"])
                    done += 1
                else:
                    assert answer.status == 409 and "Race conditions" in answer.json()["error"], answer

        threads = [threading.Thread(target=count, args=(n % 2 == 0,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(values) == list(range(1, 8 * 20 + 1))
        assert table.value(counter) == len(values)


# --- faults

@pytest.fixture
def proxy(far):
    with FaultProxy(int(far.rsplit(":", 1)[1])) as running:
        yield running


def behind(proxy):
    return environment(f"http://127.0.0.1:{proxy.port}")


class Killed:
    """The other Quipu, which keeps its port."""

    def __init__(self, server):
        self.server = server
        server.listen = server.url.split("//")[1]

    def kill(self):
        self.server.kill()

    def start(self):
        self.server.start()


@pytest.fixture
def far_quipu(quipu_binary, tmp_path):
    server = QuipuServer(tmp_path / "far").start()
    yield server
    server.discard()


def test_each_number_once_whatever_breaks(far_quipu, start_quipu, tmp_path):
    table = TableOf(far_quipu.url)
    store = Killed(far_quipu)
    with FaultProxy(int(far_quipu.url.rsplit(":", 1)[1])) as proxy:
        server = start_quipu(env=behind(proxy))
        faults = Faults(server.url, "dynamo", proxy, store, only=INCREMENT)
        history = count_under_faults(server, "dynamo", faults, ["a", "b", "c"], table.value, keep_in=tmp_path)
        print(f"acked {history.count(ACKED)}, recovered {faults.recovered_s}")
        store.kill()
        check_dead_store(server, "dynamo")


def test_never_more_than_the_maximum_whatever_breaks(far_quipu, start_quipu, tmp_path):
    table = TableOf(far_quipu.url)
    with FaultProxy(int(far_quipu.url.rsplit(":", 1)[1])) as proxy:
        server = start_quipu(env={**behind(proxy), "USE_CONDITIONAL_WRITES": "true", "MAX_COUNTER_VALUE": str(MAXIMUM)})
        faults = Faults(server.url, "dynamo", proxy, Killed(far_quipu), only=INCREMENT)
        count_to_maximum_under_faults(server, "dynamo", faults, MAXIMUM, "c", table.value, keep_in=tmp_path)


def test_a_lost_answer_is_not_sent_again(proxy, start_quipu, table, counter):
    server = start_quipu(env=behind(proxy))
    assert LoadClient(server.url, "dynamo")(counter)[0] == ACKED
    proxy.fail("drop_after", only=INCREMENT, times=1)
    answer = server.client.increment(counter, store="dynamo")
    assert answer.status >= 500 and proxy.fired["drop_after"] == 1
    assert table.value(counter) == 2


@pytest.mark.parametrize("only", [b"TransactWriteItems", b"quipu-request#"])
def test_a_lost_answer_with_a_key_is_found_again(proxy, start_quipu, table, counter, only):
    server = start_quipu(env=behind(proxy))
    assert server.client.increment(counter, store="dynamo").status == 200
    proxy.fail("drop_after", only=only, times=1)
    answers = [server.client.increment(counter, store="dynamo", key=counter) for _ in range(2)]
    assert proxy.fired["drop_after"] == 1
    assert [a.json()["new_value"] for a in answers] == [2, 2]
    assert table.value(counter) == 2


def test_a_store_that_falls_silent_while_nobody_asks(far_quipu, start_quipu):
    """Each of its connections is asked first whether it is still there, and each has to find out for itself that it is not."""
    TableOf(far_quipu.url)
    with FaultProxy(int(far_quipu.url.rsplit(":", 1)[1])) as proxy:
        server = start_quipu(env=behind(proxy))
        load = Load(clients_of(server, "dynamo"), lambda n: f"idle-{n}" if n < 50 else None).start().wait()
        assert load.count(UNKNOWN) == 0 and proxy.connections_made > CONNECTIONS_THAT_TELL
        time.sleep(TRUSTED_IDLE_S + 1)
        proxy.fail("black_hole")
        client = LoadClient(server.url, "dynamo")
        with Watcher(server.url, "beside-silent") as beside:
            start = time.monotonic()
            assert client("silent")[2] == 500
            first_s = time.monotonic() - start
            wait_until(lambda: client("silent")[2] == 500 and "store_not_reachable" in server.all_output(), 20, "it counts as down")
            down_s = time.monotonic() - start
        print(f"the first answer came after {first_s:.2f} s, it counted as down after {down_s:.2f} s")
        assert first_s < ANSWER_OF_SILENT_S_MAX
        beside.check()


# --- settings

def test_signatures_are_good(start_quipu, quipu_binary, tmp_path, counter):
    """The other Quipu checks them."""
    far = QuipuServer(tmp_path / "far", dev=False).start()
    try:
        shown = dict(re.findall(r"(AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY)=(\S+)", far.output()))
        TableOf(far.url, shown)
        good = start_quipu(env={**environment(far.url), **shown})
        assert good.client.increment(counter, store="dynamo").json()["new_value"] == 1
        assert good.client.increment(counter, store="dynamo", key="k").json()["new_value"] == 2
        bad = start_quipu(env={**environment(far.url), **shown, "AWS_SECRET_ACCESS_KEY": "x" * 40})
        answer = bad.client.increment(counter, store="dynamo")
        assert answer.status == 503 and "InvalidSignatureException" in answer.json()["error_description"], answer
    finally:
        far.discard()


def test_a_table_that_is_missing_is_said(start_quipu, far, table, counter):
    server = start_quipu(env=environment(far, TABLE_NAME="NotThere"))
    answer = server.client.increment(counter, store="dynamo")
    assert answer.status == 503 and "NotThere" in answer.json()["error_description"], answer


@pytest.mark.parametrize("endpoint", ["localhost:8000", "http://", "ftp://a", "http://a:0", "http://a/b", "http://a:b"])
def test_an_endpoint_that_is_none_is_refused(fresh_server, endpoint):
    with pytest.raises(RefusedToStart, match="dynamo-endpoint"):
        fresh_server(env=environment(endpoint)).start()
