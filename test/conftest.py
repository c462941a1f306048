"""Black-box tests: they speak to a real server over HTTP and know nothing of its inside.

    pytest test                                   starts build/release/quipu, or $QUIPU_BINARY
    pytest test --url http://host:7070            asks a running server; what needs its process is skipped
    pytest test --url ... --api-key KEY           likewise, with a key
"""

import itertools
import os
import re
import uuid

import pytest

from quipu_server import QuipuServer, RemoteServer, binary

_numbers = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--url", help="test the server at this address instead of one of our own")
    parser.addoption("--api-key", help="the key to send to it")


def pytest_configure(config):
    config.addinivalue_line("markers", "preloads: starts the server with a library of its own, before all others")


def pytest_collection_modifyitems(config, items):
    # A library that is loaded before all others cannot be where a sanitizer is, which wants to be the first itself.
    if os.environ.get("QUIPU_PRESET", "release") in ("asan", "tsan"):
        left_out = [item for item in items if item.get_closest_marker("preloads")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if not config.getoption("--url"):
        return
    needs_process = {"fresh_server", "keyed_server", "quipu_binary", "own_server"}
    for item in items:
        if needs_process & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="needs a server process of its own; --url was given"))


@pytest.fixture(scope="session")
def quipu_binary():
    path = binary()
    if not path.exists():
        pytest.exit(f"{path} is not there: build it first, or set QUIPU_BINARY", returncode=2)
    return path


def _external(config):
    url = config.getoption("--url")
    key = config.getoption("--api-key")
    return RemoteServer(url, {"x-api-key": key} if key else {}) if url else None


@pytest.fixture(scope="session")
def server(request, tmp_path_factory):
    """One server with --dev for all tests that need nothing special."""
    external = _external(request.config)
    if external:
        yield external
        return
    request.getfixturevalue("quipu_binary")
    started = QuipuServer(tmp_path_factory.mktemp("server")).start()
    yield started
    ended_by_itself = started.process.poll()
    started.discard()
    assert ended_by_itself is None, f"the server ended during the tests: {started.output()[-3000:]}"


@pytest.fixture
def own_server(server):
    """The shared server, where a test must look at its process, log or data."""
    return server


@pytest.fixture
def client(server):
    connection = server.new_client()
    yield connection
    connection.close()


@pytest.fixture
def fresh_server(quipu_binary, tmp_path):
    """Makes servers of the test's own: fresh_server(flags=[...], env={...}, dev=True), not started yet."""
    made = []

    def make(**settings):
        directory = settings.pop("directory", tmp_path / f"server-{len(made)}")
        made.append(QuipuServer(directory, **settings))
        return made[-1]

    yield make
    for each in made:
        each.discard()


@pytest.fixture(scope="module")
def keyed_server(request, tmp_path_factory):
    """A server that demands keys; `admin_key` is the one that it showed at its first start."""
    request.getfixturevalue("quipu_binary")
    started = QuipuServer(tmp_path_factory.mktemp("keyed"), dev=False).start()
    started.admin_key = re.search(r"QUIPU_API_KEY=(\S+)", started.output()).group(1)
    yield started
    started.discard()


@pytest.fixture
def admin(keyed_server):
    return keyed_server.new_client(headers={"x-api-key": keyed_server.admin_key})


@pytest.fixture
def counter(request):
    """A counter name that no other test uses."""
    return f"{request.function.__name__[:80]}-{os.getpid()}-{next(_numbers)}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def plan(counter):
    """A name that no other test uses."""
    return counter[-50:].strip("-_.")
