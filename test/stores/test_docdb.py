"""Counters in MongoDB: here in FerretDB, which speaks its protocol. MongoDB itself is in no package registry."""

import threading

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from ferretdb_process import ferretdb
from load_client import ACKED, UNKNOWN
from quipu_server import wait_until
from store_load import (Faults, Load, check_dead_store, clients_of, count_to_maximum_under_faults, count_under_faults)

pymongo = pytest.importorskip("pymongo", reason="the tests look into the store with it: install python3-pymongo")
from bson.int64 import Int64  # noqa: E402

MARKERS_MAX = 100  # src/remote/mongo_counter.h
LOAD_MAXIMUM = 200
HEALTHY_S = 1  # the server of the tests is slow: in less time hardly anything would be counted


def environment(port, **more):
    return {"DOCUMENT_DB_CONNECTION_STRING": f"mongodb://127.0.0.1:{port}/", **more}


def collection_of(process):
    return pymongo.MongoClient(f"mongodb://127.0.0.1:{process.port}/", retryWrites=False).atomic_counter.counters


@pytest.fixture(scope="module")
def docdb(tmp_path_factory):
    with ferretdb(tmp_path_factory.mktemp("ferretdb")) as process:
        yield process


@pytest.fixture(scope="module")
def counters(docdb):
    """What other clients see."""
    return collection_of(docdb)


@pytest.fixture(scope="module")
def quipu(start_quipu, docdb):
    return start_quipu(env=environment(docdb.port))


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu, docdb):
    return start_quipu(env=environment(docdb.port, **CONDITIONAL_ENVIRONMENT))


@pytest.fixture
def keep_text(counters):
    return lambda counter, text: counters.insert_one({"counter_id": counter, "atomic_counter": text})


class TestDocdb(StoreContract):
    store = "docdb"

    # --- what others see, and what others have left

    def test_the_layout_is_that_of_other_clients(self, client, counter, counters):
        self.post(client, counter)
        document = counters.find_one({"counter_id": counter}, {"_id": False})
        assert document == {"counter_id": counter, "atomic_counter": 1}
        counters.update_one({"counter_id": counter}, {"$inc": {"atomic_counter": 4}})
        assert self.post(client, counter).json()["counter"] == 6

    def test_the_unique_index_is_made_at_first_use(self, client, counter, counters):
        self.post(client, counter)
        unique = [i for i in counters.index_information().values() if i.get("unique") and i["key"][0][0] == "counter_id"]
        assert unique

    @pytest.mark.parametrize("stored", [41, Int64(41), 41.0])
    def test_every_whole_number_counts_on(self, client, counter, counters, stored):
        counters.insert_one({"counter_id": counter, "atomic_counter": stored})
        assert self.value(client, counter) == 41
        assert self.increment(client, counter, max=41).json()["value"] == 41
        assert self.post(client, counter).json()["counter"] == 42
        assert self.post(client, counter, headers={"Idempotency-Key": counter}).json()["counter"] == 43

    def test_numbers_are_not_given_twice_where_floating_point_ends(self, client, counter, counters):
        counters.insert_one({"counter_id": counter, "atomic_counter": 2.0**53})
        assert [self.post(client, counter).json()["counter"] for _ in range(3)] == [2**53 + n for n in (1, 2, 3)]

    @pytest.mark.parametrize("stored", [1.5, 1e300, None, True, [1], {"n": 1}])
    def test_what_is_no_whole_number_is_left_alone(self, client, counter, counters, stored):
        counters.insert_one({"counter_id": counter, "atomic_counter": stored})
        assert self.increment(client, counter).json()["error_code"] == "not_a_counter"
        assert self.increment(client, counter, key=counter).json()["error_code"] == "not_a_counter"
        assert counters.find_one({"counter_id": counter})["atomic_counter"] == stored

    def test_a_document_without_a_number_is_a_counter_at_zero(self, client, counter, counters):
        counters.insert_one({"counter_id": counter, "owner": "others"})
        assert self.value(client, counter) == 0
        assert self.increment(client, counter, max=0).status == 409
        assert self.post(client, counter).json()["counter"] == 1
        assert counters.find_one({"counter_id": counter})["owner"] == "others"

    # --- markers

    def test_markers_are_bounded_and_the_oldest_goes(self, client, counter, counters):
        for n in range(MARKERS_MAX + 5):
            self.post(client, counter, headers={"Idempotency-Key": f"{counter}-{n}"})
        document = counters.find_one({"counter_id": counter})
        assert (document["atomic_counter"], len(document["markers"])) == (MARKERS_MAX + 5, MARKERS_MAX)
        again = self.post(client, counter, headers={"Idempotency-Key": f"{counter}-{MARKERS_MAX}"})
        assert again.json()["counter"] == MARKERS_MAX + 1

    def test_a_delete_keeps_what_was_promised_to_retries(self, client, counter):
        key = {"Idempotency-Key": counter}
        assert self.post(client, counter, headers=key).json()["counter"] == 1
        assert self.erase(client, counter).status == 204
        assert self.value(client, counter) == 0
        assert self.post(client, counter, headers=key).json()["counter"] == 1
        assert self.value(client, counter) == 0
        assert self.post(client, counter).json()["counter"] == 1

    def test_different_keys_at_once_each_count_once(self, quipu, counter):
        values = []

        def count(n):
            client = quipu.new_client()
            for i in range(5):
                headers = {"Idempotency-Key": f"{counter}-{n}-{i}"}
                first, again = (self.post(client, counter, headers=headers) for _ in range(2))
                assert (first.status, again.text) == (200, first.text), first
                values.append(first.json()["counter"])

        threads = [threading.Thread(target=count, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(values) == list(range(1, 41))


class TestDocdbUnderFaults:
    @pytest.fixture(scope="class")
    def proxy(self, docdb):
        with FaultProxy(docdb.port) as proxy:
            yield proxy

    @pytest.fixture(scope="class")
    def behind_proxy(self, start_quipu, proxy):
        return start_quipu(env=environment(proxy.port))

    @pytest.fixture(scope="class")
    def conditional_behind_proxy(self, start_quipu, proxy):
        return start_quipu(env=environment(proxy.port, **{**CONDITIONAL_ENVIRONMENT, "MAX_COUNTER_VALUE": str(LOAD_MAXIMUM)}))

    @pytest.fixture
    def read(self, docdb):
        def read(counter):
            document = collection_of(docdb).find_one({"counter_id": counter})
            return document["atomic_counter"] if document else 0
        return read

    def test_every_increment_is_right(self, behind_proxy, docdb, proxy, read, tmp_path):
        faults = Faults(behind_proxy.url, "docdb", proxy, docdb, only=b"findAndModify", healthy_s=HEALTHY_S)
        history = count_under_faults(behind_proxy, "docdb", faults, ["load-a", "load-b", "load-c"], read, tmp_path)
        print(f"{history.count(ACKED)} acknowledged, {history.count(UNKNOWN)} unknown, recovered after {faults.recovered_s}")

    def test_the_maximum_is_never_passed(self, conditional_behind_proxy, docdb, proxy, read, tmp_path):
        faults = Faults(conditional_behind_proxy.url, "docdb", proxy, docdb, only=b"findAndModify", healthy_s=HEALTHY_S)
        count_to_maximum_under_faults(conditional_behind_proxy, "docdb", faults, LOAD_MAXIMUM, "limited", read, tmp_path)

    def test_a_lost_answer_is_not_asked_for_again(self, behind_proxy, proxy, read, counter):
        """Without a key the caller is told that nobody knows; the store was asked once."""
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200)
        fired = proxy.fired["drop_after"]
        proxy.fail("drop_after", only=b"findAndModify", times=1)
        assert client.post(f"/docdb/{counter}").status == 500
        assert proxy.fired["drop_after"] == fired + 1
        proxy.heal()
        assert read(counter) == 1

    def test_a_lost_answer_with_a_key_is_found_again(self, behind_proxy, proxy, read, counter):
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200)
        fired = proxy.fired["drop_after"]
        proxy.fail("drop_after", only=b"findAndModify", times=1)
        answer = client.post(f"/docdb/{counter}", headers={"Idempotency-Key": counter})
        assert (answer.status, answer.json()["counter"]) == (200, 1)
        assert proxy.fired["drop_after"] == fired + 1
        proxy.heal()
        assert read(counter) == 1

    def test_a_dead_store_answers_quickly_and_comes_back(self, behind_proxy, docdb):
        docdb.kill()
        check_dead_store(behind_proxy, "docdb")
        docdb.start()
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200, 10)


# --- the recipe that is in use

def naive_client(process):
    """Update, then find: the answer may be another client's number."""
    counters = collection_of(process)

    def increment(counter):
        counters.update_one({"counter_id": counter}, {"$inc": {"atomic_counter": 1}}, upsert=True)
        return ACKED, counters.find_one({"counter_id": counter})["atomic_counter"]
    return increment


def test_the_naive_recipe_is_caught(docdb):
    """Or else the checker's silence above would say nothing."""
    load = Load([naive_client(docdb) for _ in range(8)], lambda n: "naive" if n < 50 else None)
    assert load.start().wait().what_is_wrong()


# --- FerretDB without the gate

@pytest.fixture(scope="module")
def ungated(tmp_path_factory):
    with ferretdb(tmp_path_factory.mktemp("ungated"), as_it_is=True) as process:
        yield process


def test_ferretdb_1_is_asked_one_call_at_a_time(ungated, start_quipu):
    """Its find-and-modify is no single step, so one Quipu must not send it two at once."""
    server = start_quipu(env=environment(ungated.port))
    load = Load(clients_of(server, "docdb", 16), lambda n: "shared" if n < 40 else None)
    history = load.start().wait()
    history.judge()
    assert history.count(ACKED) == 16 * 40


def test_ferretdb_1_gives_numbers_twice_to_several_writers(ungated):
    """The reason for the gate, and for the warning in docs/compatibility.md. If this fails, FerretDB has become atomic."""
    def find_and_modify():
        counters = collection_of(ungated)

        def increment(counter):
            document = counters.find_one_and_update({"counter_id": counter}, {"$inc": {"atomic_counter": 1}},
                                                    return_document=pymongo.ReturnDocument.AFTER)
            return ACKED, document["atomic_counter"]
        return increment

    collection_of(ungated).insert_one({"counter_id": "racing", "atomic_counter": 0})
    load = Load([find_and_modify() for _ in range(8)], lambda n: "racing" if n < 50 else None)
    assert load.start().wait().what_is_wrong()
