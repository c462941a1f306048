"""The store `redis` on a Redis Cluster of three nodes: each counter is at its own node, its markers with it."""

import collections
import itertools
import time
import uuid

import pytest

from contract import CONDITIONAL_ENVIRONMENT, NAMES, StoreContract
from fault_proxy import FaultProxy
from load_client import ACKED, UNKNOWN, LoadClient
from redis_process import RedisClient, RedisCluster
from store_load import Faults, Load, clients_of, count_under_faults
from quipu_server import wait_until

TRUSTED_IDLE_S = 5  # src/remote/remote_counters.h


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with RedisCluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def quipu(start_quipu, cluster):
    return start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.nodes[1].port}"})


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu, cluster):
    return start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.nodes[0].port}", **CONDITIONAL_ENVIRONMENT})


@pytest.fixture
def keep_text(cluster):
    return lambda counter, text: cluster.ask("SET", counter, text, key=counter)


class TestRedisCluster(StoreContract):
    store = "redis"


def test_counters_are_on_all_nodes_and_where_redis_says(quipu, cluster):
    names = [f"spread-{n}-{uuid.uuid4().hex}" for n in range(60)]
    for name in names:
        assert quipu.client.post(f"/redis/{name}").json()["counter"] == 1
    nodes = {cluster.node_of(name).port for name in names}
    assert len(nodes) == 3
    assert all(cluster.ask("GET", name, key=name) == "1" for name in names)


@pytest.mark.parametrize("name", NAMES)
def test_a_marker_is_at_its_counters_node(quipu, cluster, name):
    own = name + uuid.uuid4().hex
    assert quipu.client.increment(own, store="redis", key="k").status == 200
    keys = RedisClient(cluster.node_of(own).port).ask("KEYS", "quipu:request:*")
    slot = RedisClient(cluster.nodes[0].port).ask("CLUSTER", "KEYSLOT", own)
    assert any(RedisClient(cluster.nodes[0].port).ask("CLUSTER", "KEYSLOT", key) == slot for key in keys)


def test_a_slot_that_moves_is_followed(quipu, cluster, counter):
    """ASK while it is on its way, MOVED when it has arrived."""
    client = quipu.client
    assert client.post(f"/redis/{counter}").json()["counter"] == 1
    source = cluster.node_of(counter)
    target = next(node for node in cluster.nodes if node is not source)
    slot = RedisClient(source.port).ask("CLUSTER", "KEYSLOT", counter)
    source_id, target_id = cluster.node_id(source), cluster.node_id(target)
    assert RedisClient(target.port).ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id) == "OK"
    assert RedisClient(source.port).ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id) == "OK"
    assert client.post(f"/redis/{counter}").json()["counter"] == 2
    assert RedisClient(source.port).ask("MIGRATE", "127.0.0.1", target.port, counter, 0, 5000) == "OK"
    assert client.post(f"/redis/{counter}").json()["counter"] == 3
    assert client.increment(counter, store="redis", max=10).json()["new_value"] == 4
    for node in cluster.nodes:
        assert RedisClient(node.port).ask("CLUSTER", "SETSLOT", slot, "NODE", target_id) == "OK"
    assert client.post(f"/redis/{counter}").json()["counter"] == 5
    assert client.increment(counter, store="redis", key="k").json()["new_value"] == 6
    assert cluster.node_of(counter) is target


def test_a_node_that_is_dead_does_not_stop_the_others(quipu, cluster, counter):
    names = [f"{counter}-{n}" for n in range(30)]
    dead = cluster.nodes[2]
    gone = [name for name in names if cluster.node_of(name) is dead]
    there = [name for name in names if name not in gone]
    assert gone and there
    client = LoadClient(quipu.url, "redis")
    assert all(client(name)[0] == ACKED for name in names)
    dead.kill()
    try:
        assert all(client(name)[2] == 500 for name in gone)
        assert all(client(name)[:2] == (ACKED, 2) for name in there)
    finally:
        dead.start()
    cluster.wait_until_whole()
    for name in gone:
        wait_until(lambda: client(name)[0] == ACKED, 10, f"{name} is counted again", 0.05)


def test_the_address_that_was_given_may_die_later(start_quipu, cluster, counter):
    seed = cluster.nodes[0]
    server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{seed.port}"})
    names = [f"{counter}-{n}" for n in range(30)]
    there = [name for name in names if cluster.node_of(name) is not seed]
    client = LoadClient(server.url, "redis")
    assert all(client(name)[0] == ACKED for name in names)
    seed.kill()
    try:
        wait_until(lambda: all(client(name)[0] == ACKED for name in there), 10, "the others go on", 0.05)
    finally:
        seed.start()
    cluster.wait_until_whole()


class AllProxies:
    """The proxies of all nodes as one."""

    def __init__(self, proxies):
        self.proxies = proxies

    def fail(self, *arguments, **more):
        for proxy in self.proxies:
            proxy.fail(*arguments, **more)

    def heal(self):
        for proxy in self.proxies:
            proxy.heal()

    @property
    def fired(self):
        return sum((proxy.fired for proxy in self.proxies), collections.Counter())


class OneNodeAfterAnother:
    """What is killed and started again."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.turn = itertools.cycle(cluster.nodes)

    def kill(self):
        self.node = next(self.turn)
        self.node.kill()

    def start(self):
        self.node.start()
        self.cluster.wait_until_whole()


def test_a_bad_day_of_a_cluster(start_quipu, tmp_path, counter):
    with RedisCluster(tmp_path / "cluster", proxied=True) as cluster:
        server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.proxies[0].port}"})
        counters = [f"{counter}-{n}" for n in range(6)]
        assert len({cluster.node_of(name).port for name in counters}) > 1
        faults = Faults(server.url, "redis", AllProxies(cluster.proxies), OneNodeAfterAnother(cluster), only=b"INCRBY")
        count_under_faults(server, "redis", faults, counters,
                           lambda name: int(cluster.ask("GET", name, key=name) or 0), tmp_path)


def test_a_node_that_is_silent_hardly_slows_the_others(start_quipu, tmp_path, counter):
    """It costs a call's time limit to find out, and that must be rare."""
    with RedisCluster(tmp_path / "cluster", proxied=True) as cluster:
        server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.proxies[0].port}"})
        names = [f"{counter}-{n}" for n in range(30)]
        silent = [name for name in names if cluster.node_of(name) is cluster.nodes[2]]
        others = [name for name in names if name not in silent]
        client = LoadClient(server.url, "redis")
        assert silent and others and all(client(name)[0] == ACKED for name in names)
        cluster.proxies[2].fail("black_hole")
        for _ in range(4):  # each link finds out
            assert client(silent[0])[2] == 500
        seconds = []
        for n in range(100):
            assert client(silent[n % len(silent)])[2] == 500
            start = time.monotonic()
            assert client(others[n % len(others)])[0] == ACKED
            seconds.append(time.monotonic() - start)
        assert sum(s > 0.05 for s in seconds) <= 10, seconds
        cluster.proxies[2].heal()
        wait_until(lambda: client(silent[0])[0] == ACKED, 15, "it is counted again", 0.05)


@pytest.mark.parametrize("others_hang_up", [False, True])
def test_the_address_that_was_given_may_fall_silent(start_quipu, tmp_path, counter, others_hang_up):
    """Nothing tells that its machine is gone. Neither the look at idle connections nor connecting anew may end there."""
    with RedisCluster(tmp_path / "cluster", proxied=True) as cluster:
        seed, *others = cluster.proxies
        server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{seed.port}"})
        names = [f"{counter}-{n}" for n in range(30)]
        there = [name for name in names if cluster.node_of(name) is not cluster.nodes[0]]
        client = LoadClient(server.url, "redis")
        load = Load(clients_of(server, "redis"), lambda n: names[n] if n < len(names) else None)  # both links connect
        assert load.start().wait().count(UNKNOWN) == 0
        seed.fail("black_hole")
        if others_hang_up:
            for other in others:
                other.cut_all()
            wait_until(lambda: client(there[0])[0] == ACKED, 10, "the others go on", 0.05)
        else:
            time.sleep(TRUSTED_IDLE_S + 1)
        assert seed.fired["black_hole"] == 0 or others_hang_up
        for _ in range(4):  # either link
            assert all(client(name)[0] == ACKED for name in there)
        assert seed.fired["black_hole"] > 0


def test_a_node_whose_address_changes_is_followed(start_quipu, tmp_path, counter):
    """As when a pod starts again. The old address is forgotten, by which the other nodes get other numbers."""
    with RedisCluster(tmp_path / "cluster", proxied=True) as cluster:
        server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.proxies[0].port}"})
        names = [f"{counter}-{n}" for n in range(30)]
        client = LoadClient(server.url, "redis")
        assert all(client(name)[:2] == (ACKED, 1) for name in names)
        moving = RedisClient(cluster.nodes[1].port)
        for moves in range(1, 4):
            old = cluster.proxies[1]
            cluster.proxies[1] = FaultProxy(cluster.nodes[1].port).__enter__()
            assert moving.ask("CONFIG", "SET", "cluster-announce-port", cluster.proxies[1].port) == "OK"
            wait_until(lambda: all({r[2][1] for r in RedisClient(node.port).ask("CLUSTER", "SLOTS")}
                                   == {proxy.port for proxy in cluster.proxies} for node in cluster.nodes),
                       20, "all nodes know the new address", 0.05)
            old.__exit__()
            # Those at the old address are told that nobody knows, until the slots were asked for.
            for name in names:
                wait_until(lambda name=name: client(name)[0] == ACKED, 10, f"{name} is counted again", 0.05)
            assert all(int(cluster.ask("GET", name, key=name)) >= 1 + moves for name in names)


def test_many_clients_while_nodes_hang_up(start_quipu, cluster, tmp_path, counter):
    server = start_quipu(env={"REDIS_URL": f"127.0.0.1:{cluster.nodes[0].port}"})
    counters = [f"{counter}-{n}" for n in range(6)]
    load = Load(clients_of(server, "redis"), lambda n: counters[n % 6] if n < 250 else None).start()
    while load.least_made() < 200:
        for node in cluster.nodes:
            RedisClient(node.port).ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        time.sleep(0.02)
    history = load.wait()
    history.judge(tmp_path)
    history.check_reads(lambda name: int(cluster.ask("GET", name, key=name) or 0))
    assert history.count(ACKED) > 1000
