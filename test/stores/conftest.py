"""Stores that others keep, through Quipu. Each store's file starts the real server of that store, or says why it cannot."""

import pytest

from quipu_server import QuipuServer


def pytest_collection_modifyitems(config, items):
    """What a store cannot do is no test of it (contract.needs)."""
    def impossible(item):
        needed = getattr(getattr(item, "function", None), "needs", None)
        return needed is not None and not getattr(item.cls, needed)

    left_out = [item for item in items if impossible(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not impossible(item)]


@pytest.fixture(scope="module")
def start_quipu(quipu_binary, tmp_path_factory):
    """Makes servers for a whole file: start_quipu(env={...}, flags=[...]), started."""
    started = []

    def start(**settings):
        server = QuipuServer(tmp_path_factory.mktemp("quipu"), **settings)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        ended_by_itself = server.process is not None and server.process.poll() is not None
        server.discard()
        assert not ended_by_itself, f"the server ended during the tests: {server.output()[-3000:]}"
