"""The store `tidb` on a Galera cluster of three MariaDB nodes: certification refuses commits that no single server would, and
nodes come and go. Two Quipus count on different nodes."""

import re
import shutil
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest

from fault_proxy import FaultProxy
from load_client import ACKED, UNKNOWN, LoadClient
from mysql_servers import GALERA_LIBRARY, GaleraNode, missing_programs
from quipu_server import wait_until
from store_load import Faults, Load, clients_of, count_under_faults
from store_process import free_port
from test_tidb import INCREMENT, flags_for

missing = missing_programs() + ([] if Path(GALERA_LIBRARY).exists() else [GALERA_LIBRARY])
pytestmark = pytest.mark.skipif(bool(missing), reason=f"missing: {missing}; tools/install_packages.sh test")

NODES = 3
BOTH_NODES_S = 3


class Cluster:
    def __init__(self, directory):
        ports = [free_port() for _ in range(NODES)]
        self.nodes = [GaleraNode(directory / f"node{n}", n, ports) for n in range(NODES)]

    def __enter__(self):
        for node in self.nodes:
            node.start()
        self.nodes[0].founds = False  # when it starts again, it joins
        self.wait_for(NODES)
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()

    def wait_for(self, nodes):
        for node in (each for each in self.nodes if each.process):
            wait_until(lambda: node.size() == nodes, 60, f"node {node.number} sees {nodes} nodes", 0.1)


@pytest.fixture(scope="module")
def cluster():
    directory = Path(tempfile.mkdtemp(prefix="galera-"))
    directory.chmod(0o755)
    try:
        with Cluster(directory) as running:
            yield running
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def quipus(start_quipu, cluster, tmp_path_factory):
    """One on each of the first two nodes."""
    directory = tmp_path_factory.mktemp("infos")
    started = [start_quipu(flags=flags_for(directory, node.port)) for node in cluster.nodes[:2]]
    started[0].client.post("/tidb/first")  # makes database and tables
    return started


def test_one_counter_on_two_nodes(cluster, quipus, counter):
    for n in range(1, 41):
        assert quipus[n % 2].client.post(f"/tidb/{counter}").json()["counter"] == n
    assert [quipus[n].client.get(f"/counter?counter={counter}&store=tidb").json()["value"] for n in (0, 1)] == [40, 40]


def test_a_retry_on_another_node_counts_once(quipus, counter):
    for key in ("a", "b", "c"):
        headers = {"Idempotency-Key": counter + key}
        answers = [quipu.client.post(f"/tidb/{counter}", headers=headers).body for quipu in quipus]
        assert answers[0] == answers[1]
    assert quipus[0].client.get(f"/counter?counter={counter}&store=tidb").json()["value"] == 3


@pytest.mark.parametrize("marked", [False, True])
def test_both_nodes_at_once(quipus, counter, marked):
    """Every commit of one node is in the way of the other's."""
    answers = []

    def count(quipu):
        client = quipu.new_client()
        for _ in range(50):
            answers.append(client.post(f"/tidb/{counter}", headers={"Idempotency-Key": uuid.uuid4().hex} if marked else None))

    threads = [threading.Thread(target=count, args=(quipus[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    values = sorted(a.json()["counter"] for a in answers if a.status == 200)
    assert values == list(range(1, len(values) + 1))
    # Out of patience is allowed to say so, in these words and no other.
    others = [a for a in answers if a.status != 200]
    assert all(a.status == 409 and "Race conditions" in a.json()["error"] for a in others), others
    assert len(values) >= len(answers) // 2


@pytest.mark.parametrize("marked", [False, True])
def test_no_number_is_lost_to_the_other_node(quipus, counter, tmp_path, marked):
    """What a node undoes for another one's sake was never acknowledged."""
    end = time.monotonic() + BOTH_NODES_S
    names = [f"{counter}-{n}" for n in range(2)]
    clients = [LoadClient(quipu.url, "tidb", marked=marked) for quipu in quipus for _ in range(8)]
    history = Load(clients, lambda n: names[n % 2] if time.monotonic() < end else None).start().wait()
    assert history.count(ACKED) > 100 and history.count(UNKNOWN) == 0
    history.judge(tmp_path)


def test_every_statement_of_a_transaction_is_sent_alone(cluster, start_quipu, counter, tmp_path):
    """A node does not tell when it undoes a transaction between two statements that came together."""
    asked = []

    def listen(request):
        asked.append(request)
        return request

    with FaultProxy(cluster.nodes[0].port) as proxy:
        quipu = start_quipu(flags=flags_for(tmp_path, proxy.port))
        proxy.alter = listen
        clients = [LoadClient(quipu.url, "tidb", marked=n % 2 == 0) for n in range(16)]
        Load(clients, lambda n: f"{counter}-{n}" if n < 8 else None).start().wait()
    assert any(b"START TRANSACTION" in request for request in asked)
    # The byte alone may also be the length of a packet.
    assert not [request for request in asked if re.search(rb";[A-Z]", request)]


def test_each_number_once_whatever_breaks(cluster, start_quipu, tmp_path):
    """The other nodes say what became of it."""
    with FaultProxy(cluster.nodes[0].port) as proxy:
        server = start_quipu(flags=flags_for(tmp_path, proxy.port))
        faults = Faults(server.url, "tidb", proxy, only=INCREMENT)
        history = count_under_faults(server, "tidb", faults, ["count-x", "count-y", "count-z"], cluster.nodes[1].value, keep_in=tmp_path)
        print(f"acked {history.count(ACKED)}, recovered {faults.recovered_s}")


def test_a_node_is_killed_and_comes_back(cluster, quipus, tmp_path):
    """Clients of its Quipu lose answers; those of the other one hardly notice. What was acknowledged is on the others."""
    done = threading.Event()
    clients = [client for quipu in quipus for client in clients_of(quipu, "tidb", 8)]
    load = Load(clients, lambda n: None if done.is_set() else ("k0", "k1")[n % 2]).start()
    try:
        wait_until(lambda: load.least_made() > 20, 60)
        node = cluster.nodes[0]
        node.kill()
        cluster.wait_for(NODES - 1)
        survivor = LoadClient(quipus[1].url, "tidb")
        wait_until(lambda: survivor("probe")[0] == ACKED, 20, "the other node counts on")
        node.start()
        cluster.wait_for(NODES)
        probe = LoadClient(quipus[0].url, "tidb")
        wait_until(lambda: probe("probe")[0] == ACKED, 20, "the node that was killed counts again")
    finally:
        done.set()
        history = load.wait()
    assert history.count(UNKNOWN) > 0 and history.count(ACKED) > 100
    history.judge(tmp_path)
    for node in cluster.nodes:
        wait_until(lambda: [node.value(c) for c in ("k0", "k1")] == [cluster.nodes[1].value(c) for c in ("k0", "k1")], 10)
    history.check_reads(cluster.nodes[2].value)
