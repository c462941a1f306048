"""Counters in MongoDB: here in FerretDB, which speaks its protocol. MongoDB itself is in no package registry."""

import json
import subprocess
import threading
import time

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from ferretdb_process import ferretdb
from load_client import ACKED, UNKNOWN
from quipu_server import run_quipu, wait_until
from store_load import Faults, Load, check_dead_store, clients_of, count_to_maximum_under_faults, count_under_faults
from store_process import free_port

pymongo = pytest.importorskip("pymongo", reason="the tests look into the store with it: install python3-pymongo")
from bson.int64 import Int64  # noqa: E402

FIRST_INCREMENTS = 300
MARKERS_MAX = 100  # src/remote/mongo_counter.h
LOAD_MAXIMUM = 200
SILENT_S_MAX = 6  # two calls one after the other, 2 s each, and what a busy machine needs besides
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

    def test_a_collection_that_goes_takes_no_promise_with_it(self, start_quipu, tmp_path):
        """Its unique index goes, too; first increments at once must still make one document."""
        with ferretdb(tmp_path) as process:
            server = start_quipu(env=environment(process.port))
            wait_until(lambda: server.client.post("/docdb/probe").status == 200)
            for _ in range(5):
                collection_of(process).drop()
                load = Load(clients_of(server, "docdb", 8), lambda n: "first" if n < 3 else None)
                load.start().wait().judge()
                assert [d["atomic_counter"] for d in collection_of(process).find({"counter_id": "first"})] == [24]

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

    def test_a_lost_answer_of_a_read_leaves_nothing_unknown(self, behind_proxy, proxy, read, counter):
        """An increment that matched nothing looks what is stored, and has certainly done nothing by then."""
        client = behind_proxy.new_client()
        assert client.increment(counter, store="docdb", max=1).status == 200
        fired = proxy.fired["drop_after"]
        proxy.fail("drop_after", only=b"\x02find\x00", times=1)
        answer = client.increment(counter, store="docdb", max=1)
        assert proxy.fired["drop_after"] == fired + 1
        assert (answer.status, answer.json()["error_code"]) == (503, "busy"), answer
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

    def test_a_retry_is_answered_when_a_majority_has_what_it_asks_for(self, behind_proxy, proxy, counter, docdb):
        """Until then a new primary would not know it, and give the same number to somebody else. FerretDB has no majority:
        what one would have is in a collection of its own here, and reads of that kind are sent there."""
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200)
        primary = collection_of(docdb)
        majority = primary.database.majority
        in_time = threading.Event()

        def alter(request):
            if b"readConcern" not in request or counter.encode() not in request:
                return request
            if in_time.is_set() and not majority.count_documents({"counter_id": counter}):
                majority.insert_one(primary.find_one({"counter_id": counter}))
            return request.replace(b"counters\0", b"majority\0")

        def increment():
            return client.increment(counter, store="docdb", key=counter)

        proxy.alter = alter
        try:
            assert increment().json()["new_value"] == 1
            early = increment()
            assert (early.status, "not yet" in early.text) == (500, True), early
            in_time.set()
            assert increment().json()["new_value"] == 1
        finally:
            proxy.alter = None
        assert primary.find_one({"counter_id": counter})["atomic_counter"] == 1

    # The second try is refused for certain; or it finds a document where it read none, for as long as it may try.
    @pytest.mark.parametrize(("read_as", "then"), [((b"\x02find\0", b"\x02finx\0"), "finx"),
                                                    ((b"counters\0", b"countery\0"), "others changed")])
    def test_what_may_be_done_is_never_said_not_to_be(self, behind_proxy, proxy, read, counter, read_as, then):
        """The answer to the first try was lost. Whatever becomes of the next one, nobody knows what that one did."""
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200)
        fired = proxy.fired["drop_after"]
        proxy.fail("drop_after", only=b"findAndModify", times=1)

        def alter(request):
            is_read = b"\x02find\0" in request and counter.encode() in request
            return request.replace(*read_as) if is_read and proxy.fired["drop_after"] > fired else request

        proxy.alter = alter
        try:
            answer = client.increment(counter, store="docdb", key=counter)
        finally:
            proxy.alter = None
            proxy.heal()
        assert proxy.fired["drop_after"] == fired + 1
        assert then in answer.json()["error_description"]
        assert answer.status == 500, answer
        assert read(counter) == 1

    def test_a_dead_store_answers_quickly_and_comes_back(self, behind_proxy, docdb):
        docdb.kill()
        check_dead_store(behind_proxy, "docdb")
        docdb.start()
        client = behind_proxy.new_client()
        wait_until(lambda: client.post("/docdb/probe").status == 200, 10)


# --- TLS

def test_tls_is_spoken_and_the_certificate_is_checked(tmp_path, start_quipu):
    pem = tmp_path / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", pem, "-out", tmp_path / "ca.pem",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "ca.pem").read_text())
    with ferretdb(tmp_path / "server", "-tls", pem) as process:
        address = f"mongodb://127.0.0.1:{process.port}/?tls=true"
        trusting = start_quipu(env={"DOCUMENT_DB_CONNECTION_STRING": f"{address}&tlsCAFile={tmp_path}/ca.pem"}).client
        wait_until(lambda: trusting.post("/docdb/secret").status == 200)
        assert start_quipu(env={"DOCUMENT_DB_CONNECTION_STRING": address}).client.post("/docdb/secret").status == 500


# --- quipu store check

def checked(port):
    done = run_quipu("store", "check", "docdb", "--json", env=environment(port))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)[0]


def test_store_check_makes_the_index_and_says_what_it_found(tmp_path):
    with ferretdb(tmp_path) as process:
        first, second = checked(process.port), checked(process.port)
        assert "unique index on counter_id" in first["made"][0] and second["made"] == []
        assert "FerretDB" in first["durability"]
        assert "counter_id_1" in collection_of(process).index_information()


def test_store_check_tells_of_documents_that_share_an_id(tmp_path):
    with ferretdb(tmp_path) as process:
        collection_of(process).insert_many([{"counter_id": "twice", "atomic_counter": n} for n in (1, 2)])
        done = run_quipu("store", "check", "docdb", env=environment(process.port))
        assert done.returncode == 1 and "unique index on counter_id cannot be made" in done.stdout  # FerretDB has no E11000


def test_store_check_warns_of_ferretdb_1(ungated):
    assert "FerretDB 1" in checked(ungated.port)["warnings"][0]


def test_store_check_says_whom_it_cannot_reach(tmp_path):
    secret = f"mongodb://somebody:secret@127.0.0.1:{free_port()}/"
    done = run_quipu("store", "check", "docdb", env={"DOCUMENT_DB_CONNECTION_STRING": secret})
    assert done.returncode == 1 and "NOT USABLE" in done.stdout
    assert "secret" not in done.stdout + done.stderr


# --- the race of two upserts

def test_two_first_increments_at_once_are_one_and_two(tmp_path, start_quipu):
    """MongoDB tells the second one E11000. That is no maximum, and no error: it counts the document that is there now."""
    with ferretdb(tmp_path, "-open") as process:
        server = start_quipu(env=environment(process.port, **CONDITIONAL_ENVIRONMENT))
        clients = clients_of(server, "docdb", 2)
        wait_until(lambda: clients[0]("probe")[0] == ACKED)
        start = threading.Barrier(2)
        answers = [[], []]

        def count(index):
            for n in range(FIRST_INCREMENTS):
                start.wait(60)
                answers[index].append(clients[index](f"first-{n}"))

        threads = [threading.Thread(target=count, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        for n, pair in enumerate(zip(*answers)):
            assert sorted(value for _, value, _ in pair) == [1, 2], (n, pair)
        races = process.log.read_text().count("E11000")
        assert races > 0, "there was no race"
        print(f"{races} races in {FIRST_INCREMENTS} pairs")


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
    load = Load([naive_client(docdb) for _ in range(8)], lambda n: "naive" if n < 15 else None)
    assert load.start().wait().what_is_wrong()


# --- FerretDB without the gate

@pytest.fixture(scope="module")
def ungated(tmp_path_factory):
    with ferretdb(tmp_path_factory.mktemp("ungated"), "-as-it-is") as process:
        yield process


def test_ferretdb_1_is_asked_one_call_at_a_time(ungated, start_quipu):
    """Its find-and-modify is no single step, so one Quipu must not send it two at once."""
    server = start_quipu(env=environment(ungated.port))
    load = Load(clients_of(server, "docdb", 16), lambda n: "shared" if n < 40 else None)
    history = load.start().wait()
    history.judge()
    assert history.count(ACKED) == 16 * 40


def test_ferretdb_1_is_asked_again_after_a_lost_answer(ungated, start_quipu, counter):
    """Connecting again within a call must not wait for that call's own turn."""
    with FaultProxy(ungated.port) as proxy:
        client = start_quipu(env=environment(proxy.port)).client
        wait_until(lambda: client.post("/docdb/probe").status == 200)
        proxy.fail("drop_after", only=b"findAndModify", times=1)
        answer = client.post(f"/docdb/{counter}", headers={"Idempotency-Key": counter})
        assert (answer.status, answer.json()["counter"], proxy.fired["drop_after"]) == (200, 1, 1)


def test_ferretdb_1_that_is_silent_keeps_nobody_waiting_for_the_others(ungated, start_quipu):
    """Only one call is under way. When it gives up, those behind it must not try as long, one after the other."""
    with FaultProxy(ungated.port) as proxy:
        server = start_quipu(env=environment(proxy.port))
        # Each counts its own: increments of one counter would share a call.
        clients = [lambda counter, n=n, client=client: client(f"{counter}-{n}")
                   for n, client in enumerate(clients_of(server, "docdb", 16))]
        assert Load(clients, lambda n: "many" if n < 20 else None).start().wait().count(ACKED) == 16 * 20
        proxy.fail("black_hole")
        start = time.monotonic()
        history = Load(clients, lambda n: "many" if n < 1 else None).start().wait()
        assert time.monotonic() - start < SILENT_S_MAX
        assert history.count(ACKED) == 0 and proxy.fired["black_hole"] > 0
        proxy.heal()
        wait_until(lambda: clients[0]("many")[0] == ACKED, 10, "it counts again", 0.05)


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
