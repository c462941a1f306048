"""The store `tidb` on MariaDB; with TEST_TIDB=1 on TiDB itself (`make test-tidb`), which takes some minutes to build."""

import json
import os
import threading
import uuid

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract
from fault_proxy import FaultProxy
from load_client import ACKED
from mysql_servers import DATABASE, MariaDB, missing_programs
from quipu_server import QuipuServer, RefusedToStart
from store_load import Faults, check_dead_store, count_to_maximum_under_faults, count_under_faults

if os.environ.get("TEST_TIDB"):
    from tidb_process import TiDB as Server
else:
    Server = MariaDB

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"missing: {missing_programs()}; tools/install_packages.sh test")

MAXIMUM = 200
# What can be seen of increments is the names of their counters: in a prepared statement as they are, and in hexadecimal
# where several increments are one request.
INCREMENT = (b"count-", b"count-".hex().encode())


def flags_for(directory, port, **more):
    """A server whose tidb_info.json names this port."""
    info = directory / f"tidb_info-{uuid.uuid4().hex}.json"
    info.write_text(json.dumps({"host": "127.0.0.1", "port": port, "user": "root", "pwd": "", "db": DATABASE} | more))
    return ["--tidb-info", str(info)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("mariadb")


@pytest.fixture(scope="module")
def mariadb(directory):
    with Server(directory / "server") as running:
        yield running


@pytest.fixture(scope="module")
def quipu(start_quipu, mariadb, directory):
    return start_quipu(flags=flags_for(directory, mariadb.port))


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu, mariadb, directory):
    return start_quipu(flags=flags_for(directory, mariadb.port), env=CONDITIONAL_ENVIRONMENT)


class TestTidb(StoreContract):
    store = "tidb"
    can_keep_text = False  # in a column of numbers

    def test_it_is_kept_as_others_keep_it(self, client, counter, mariadb):
        self.post(client, counter)
        assert mariadb.value(counter) == 1
        mariadb.ask(f"UPDATE counters SET counter_value = 41 WHERE counter_id = '{counter}'")
        assert self.post(client, counter).json()["counter"] == 42

    def test_setting_what_is_there_is_no_refusal(self, client, counter):
        assert self.set(client, counter, 0, expected=0).status == 200
        assert self.set(client, counter, 5, expected=0).status == 200
        assert self.set(client, counter, 5, expected=5).status == 200
        assert self.set(client, counter, 5).status == 200
        answer = self.set(client, counter, 6, expected=6)
        assert (answer.status, answer.json()["value"]) == (409, 5)

    def test_a_set_that_expects_a_counter_makes_none(self, client, counter, mariadb):
        assert self.set(client, counter, 6, expected=6).json()["value"] == 0
        assert mariadb.ask(f"SELECT * FROM counters WHERE counter_id = '{counter}'") == []

    def test_markers_are_rows_with_a_time(self, client, counter, mariadb):
        before = int(mariadb.ask("SELECT COUNT(*) FROM counter_requests")[0][0])
        self.post(client, counter, headers={"Idempotency-Key": counter})
        assert int(mariadb.ask("SELECT COUNT(*) FROM counter_requests")[0][0]) == before + 1
        assert int(mariadb.ask("SELECT COUNT(*) FROM counter_requests WHERE created_at NOT BETWEEN "
                               "UTC_TIMESTAMP() - INTERVAL 1 HOUR AND UTC_TIMESTAMP()")[0][0]) == 0

    def test_keys_and_no_keys_beside_each_other(self, quipu, counter, mariadb):
        """Each number once, whichever way the increment takes."""
        values = []

        def count(marked):
            client = quipu.new_client()
            for _ in range(50):
                answer = self.post(client, counter, headers={"Idempotency-Key": uuid.uuid4().hex} if marked else None)
                assert answer.status == 200, answer
                values.append(answer.json()["counter"])

        threads = [threading.Thread(target=count, args=(n % 2 == 0,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(values) == list(range(1, 401))
        assert mariadb.value(counter) == 400


def count_at_once(server, counters, clients=32, increments=40):
    """What came of it, by counter: a list of (status, number)."""
    answers = {counter: [] for counter in counters}

    def count(number):
        client = server.new_client()
        for n in range(increments):
            counter = counters[(number + n) % len(counters)]
            answer = client.post(f"/tidb/{counter}")
            answers[counter].append((answer.status, answer.json().get("counter")))
        client.close()

    threads = [threading.Thread(target=count, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def commits(mariadb):
    """Those that somebody asked for: a statement that is a transaction of its own is none."""
    return int(mariadb.ask("SHOW GLOBAL STATUS LIKE 'Com_commit'")[0][1])


@pytest.mark.skipif(Server is not MariaDB, reason="TiDB is given one statement at a time")
def test_increments_of_many_counters_share_commits(quipu, mariadb, counter):
    counters = [f"{counter}-{n}" for n in range(16)]
    before = commits(mariadb)
    for name, answers in count_at_once(quipu, counters).items():
        assert sorted(answers) == [(200, n) for n in range(1, 81)]
        assert mariadb.value(name) == 80
    assert 0 < commits(mariadb) - before < 32 * 40 / 2


# --- tables that others made

@pytest.fixture
def own_mariadb(tmp_path):
    with Server(tmp_path / "server") as running:
        yield running


def with_table(mariadb, ddl):
    mariadb.ask(f"CREATE DATABASE {DATABASE}; USE {DATABASE}; {ddl}", database=None)


def test_integer_ids_stay(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id INT PRIMARY KEY, counter_value INT); "
                            "INSERT INTO counters VALUES (7, 41), (8, 2147483647)")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert client.post("/tidb/7").json()["counter"] == 42
    assert client.post("/tidb/9").json()["counter"] == 1
    answer = client.post("/tidb/orders")
    assert answer.status == 400 and "orders" in answer.json()["error"]
    answer = client.increment("8", store="tidb")
    assert (answer.status, answer.json()["value"]) == (409, 2147483647)
    answer = client.increment("8", store="tidb", key="k")
    assert (answer.status, answer.json()["value"]) == (409, 2147483647)
    assert own_mariadb.ask("SELECT counter_value FROM counters WHERE counter_id = 8") == [["2147483647"]]


def test_a_counter_at_its_columns_end_stops_no_other(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id INT PRIMARY KEY, counter_value INT); "
                            "INSERT INTO counters VALUES (3, 2147483640)")
    server = start_quipu(flags=flags_for(tmp_path, own_mariadb.port))
    answers = count_at_once(server, [str(n) for n in range(8)])
    assert sorted(answers.pop("3"), key=str) == [(200, 2147483640 + n) for n in range(1, 8)] + [(409, None)] * 153
    for of_other in answers.values():
        assert sorted(of_other) == [(200, n) for n in range(1, 161)]


@pytest.mark.skipif(Server is not MariaDB, reason="TiDB has one engine")
def test_a_table_without_transactions_is_given_one_increment_at_a_time(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id VARBINARY(255) PRIMARY KEY, counter_value BIGINT) ENGINE=MyISAM")
    server = start_quipu(flags=flags_for(tmp_path, own_mariadb.port))
    for of_one in count_at_once(server, [f"c{n}" for n in range(8)]).values():
        assert sorted(of_one) == [(200, n) for n in range(1, 161)]
    assert commits(own_mariadb) == 0


@pytest.mark.skipif(Server is not MariaDB, reason="TiDB has one engine")
@pytest.mark.parametrize("table", ["counters (counter_id VARBINARY(255) PRIMARY KEY, counter_value BIGINT)",
                                   "counter_requests (request_key BINARY(32) PRIMARY KEY, request_hash BINARY(32), outcome TINYINT, "
                                   "value BIGINT, created_at DATETIME)"])
def test_without_transactions_no_key_is_taken(own_mariadb, start_quipu, tmp_path, table):
    """The marker and the increment would not be one."""
    with_table(own_mariadb, f"CREATE TABLE {table} ENGINE=MyISAM")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    answer = client.post("/tidb/orders", headers={"Idempotency-Key": "k"})
    assert answer.status == 400 and "ENGINE=InnoDB" in answer.json()["error"]
    assert client.post("/tidb/orders").json()["counter"] == 1


@pytest.mark.skipif(Server is not MariaDB, reason="TiDB gives numbers in its own way")
def test_the_counter_0_is_one_where_the_server_gives_ids(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id INT AUTO_INCREMENT PRIMARY KEY, counter_value BIGINT)")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert [client.post("/tidb/0").json()["counter"] for _ in range(3)] == [1, 2, 3]
    assert own_mariadb.ask("SELECT counter_id, counter_value FROM counters") == [["0", "3"]]


def test_text_ids_stay(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id VARCHAR(255) PRIMARY KEY, counter_value BIGINT) "
                            "CHARACTER SET utf8mb4; INSERT INTO counters VALUES ('ä', 41)")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert client.post("/tidb/%C3%A4").json()["counter"] == 42


only_beginnings = pytest.param(
    ", UNIQUE (counter_id(4))",
    marks=pytest.mark.skipif(Server is not MariaDB, reason="TiDB does not tell that a key has only beginnings"))


@pytest.mark.parametrize("keys", ["", ", own_id INT AUTO_INCREMENT PRIMARY KEY", ", KEY (counter_id)",
                                  ", UNIQUE (counter_id, counter_value)", only_beginnings])
def test_a_table_whose_ids_are_not_unique_is_refused(own_mariadb, start_quipu, tmp_path, keys):
    """Each increment would be a row of its own, and the first one."""
    with_table(own_mariadb, f"CREATE TABLE counters (counter_id VARBINARY(64), counter_value BIGINT {keys})")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert client.post("/tidb/orders").status == 500
    answer = client.increment("orders", store="tidb")
    assert answer.status == 503 and "ADD UNIQUE (counter_id)" in answer.json()["error_description"]
    assert own_mariadb.ask("SELECT COUNT(*) FROM counters") == [["0"]]


def test_nothing_counts_as_zero(own_mariadb, start_quipu, tmp_path):
    with_table(own_mariadb, "CREATE TABLE counters (counter_id VARBINARY(64) PRIMARY KEY, counter_value BIGINT); "
                            "INSERT INTO counters VALUES ('a', NULL), ('b', NULL)")
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert client.post("/tidb/a").json()["counter"] == 1
    answer = client.increment("b", store="tidb", by=5, max=4)
    assert (answer.status, answer.json()["value"]) == (409, 0)
    assert client.increment("b", store="tidb", by=5, max=5, key="k").json()["new_value"] == 5


def test_tables_that_go_are_made_again(own_mariadb, start_quipu, tmp_path):
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    assert client.post("/tidb/a").json()["counter"] == 1
    own_mariadb.ask("DROP TABLE counters, counter_requests")
    assert client.post("/tidb/a").json()["counter"] == 1
    own_mariadb.ask("DROP TABLE counters, counter_requests")
    assert client.post("/tidb/a", headers={"Idempotency-Key": "k"}).json()["counter"] == 1


def test_old_markers_go(own_mariadb, start_quipu, tmp_path):
    client = start_quipu(flags=flags_for(tmp_path, own_mariadb.port)).client
    for n in range(300):
        assert client.post("/tidb/a", headers={"Idempotency-Key": str(n)}).status == 200
        if n == 0:
            own_mariadb.ask("UPDATE counter_requests SET created_at = created_at - INTERVAL 25 HOUR")
    # One link had all of these calls, or a few had them; each looks after so many of its own.
    left = int(own_mariadb.ask("SELECT COUNT(*) FROM counter_requests")[0][0])
    assert left in (299, 300)


@pytest.mark.parametrize("wrong", [{"host": ""}, {"user": ""}, {"db": ""}])
def test_an_info_file_that_cannot_work_is_refused(fresh_server, tmp_path, wrong):
    with pytest.raises(RefusedToStart):
        fresh_server(flags=flags_for(tmp_path, 4000, **wrong)).start()
    with pytest.raises(RefusedToStart, match="70000"):
        fresh_server(flags=flags_for(tmp_path, 70000)).start()


# --- faults

@pytest.fixture
def proxy(mariadb):
    with FaultProxy(mariadb.port) as running:
        yield running


def test_each_number_once_whatever_breaks(own_mariadb, start_quipu, tmp_path):
    with FaultProxy(own_mariadb.port) as proxy:
        server = start_quipu(flags=flags_for(tmp_path, proxy.port))
        faults = Faults(server.url, "tidb", proxy, own_mariadb, only=INCREMENT)
        history = count_under_faults(server, "tidb", faults, ["count-a", "count-b", "count-c"], own_mariadb.value, keep_in=tmp_path)
        print(f"acked {history.count(ACKED)}, recovered {faults.recovered_s}")
        own_mariadb.kill()
        check_dead_store(server, "tidb")


def test_never_more_than_the_maximum_whatever_breaks(own_mariadb, start_quipu, tmp_path):
    with FaultProxy(own_mariadb.port) as proxy:
        server = start_quipu(flags=flags_for(tmp_path, proxy.port),
                             env={"USE_CONDITIONAL_WRITES": "true", "MAX_COUNTER_VALUE": str(MAXIMUM)})
        faults = Faults(server.url, "tidb", proxy, own_mariadb, only=INCREMENT)
        count_to_maximum_under_faults(server, "tidb", faults, MAXIMUM, "count", own_mariadb.value, keep_in=tmp_path)


def test_a_lost_answer_is_not_sent_again(proxy, start_quipu, mariadb, directory, counter):
    client = start_quipu(flags=flags_for(directory, proxy.port)).client
    assert client.increment(counter, store="tidb").status == 200
    proxy.fail("drop_after", only=counter.encode(), times=1)
    assert client.increment(counter, store="tidb").status >= 500 and proxy.fired["drop_after"] == 1
    assert mariadb.value(counter) == 2


@pytest.mark.parametrize("only", [b"START TRANSACTION", b"COMMIT"])
def test_a_lost_answer_with_a_key_is_found_again(proxy, start_quipu, mariadb, directory, counter, only):
    client = start_quipu(flags=flags_for(directory, proxy.port)).client
    assert client.increment(counter, store="tidb").status == 200
    proxy.fail("drop_after", only=only, times=1)
    answers = [client.increment(counter, store="tidb", key=counter) for _ in range(2)]
    assert proxy.fired["drop_after"] == 1
    assert [a.json()["new_value"] for a in answers] == [2, 2]
    assert mariadb.value(counter) == 2
