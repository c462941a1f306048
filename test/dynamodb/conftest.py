"""One behaviour a test, told to whoever speaks DynamoDB:

    pytest test/dynamodb                                    a Quipu server of its own
    pytest test/dynamodb --dynamodb-url http://host:7070    that server
    pytest test/dynamodb --dynamodb-url local               DynamoDB Local, from its package (see dynamodb_local.py)
    pytest test/dynamodb --dynamodb-url https://dynamodb.us-east-1.amazonaws.com    the original, with AWS_ACCESS_KEY_ID ...

The environment variable DYNAMODB_URL says the same. Marks: `differs_in_dynamodb_local(reason)` on what the emulator does
unlike the documented service, `only_quipu` on what no other has, `slow_in_original` on what would make tables there.
"""

import itertools
import os
import urllib.parse
import uuid

import pytest

from dynamodb_client import DynamoDB, signer_from_environment
from dynamodb_local import DynamoDBLocal, NotInstalled
from table_maker import TableMaker

_numbers = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--dynamodb-url", help="whom the DynamoDB tests ask: an address, or 'local'")


def _address(config):
    return (config.getoption("--dynamodb-url", default=None) or os.environ.get("DYNAMODB_URL")
            or config.getoption("--url", default=None))


def kind_of_service(config):
    address = _address(config)
    if not address:
        return "quipu"
    if address == "local":
        return "local"
    host = urllib.parse.urlsplit(address).hostname or ""
    return "original" if host.endswith("amazonaws.com") else os.environ.get("DYNAMODB_KIND", "quipu")


def pytest_configure(config):
    for mark in ("differs_in_dynamodb_local(reason): the emulator does it unlike the documented service",
                 "only_quipu: what the original does not have"):
        config.addinivalue_line("markers", mark)


def pytest_collection_modifyitems(config, items):
    kind = kind_of_service(config)
    for item in items:
        differs = item.get_closest_marker("differs_in_dynamodb_local")
        if differs and kind == "local":
            item.add_marker(pytest.mark.skip(reason=f"DynamoDB Local: {differs.args[0]}"))
        if item.get_closest_marker("only_quipu") and kind != "quipu":
            item.add_marker(pytest.mark.skip(reason="only Quipu has it"))


@pytest.fixture(scope="session")
def service_kind(request):
    """"quipu", "local" or "original"."""
    return kind_of_service(request.config)


@pytest.fixture(scope="session")
def service_url(request, service_kind):
    address = _address(request.config)
    if service_kind == "quipu" and not (address and address.startswith("http")):
        yield request.getfixturevalue("server").url
    elif address == "local":
        try:
            local = DynamoDBLocal().start()
        except NotInstalled as missing:
            pytest.exit(str(missing), returncode=2)
        yield local.url
        local.stop()
    else:
        yield address.rstrip("/")


@pytest.fixture(scope="session")
def db(service_kind, service_url):
    client = DynamoDB(service_url, signer_from_environment() if service_kind == "original" else None, service_kind == "local")
    yield client
    client.close()


@pytest.fixture(scope="module")
def make_table(db):
    """make_table("h:S", "r:N", ...) gives the name of a new table that lives as long as the module; see table_maker.py."""
    maker = TableMaker(db)
    yield maker
    maker.delete_all()


@pytest.fixture(scope="module")
def table(make_table):
    """A table whose key is the text h. Each test uses keys of its own in it."""
    return make_table("h:S")


@pytest.fixture(scope="module")
def ranged(make_table):
    """A table whose key is the text h and the number r."""
    return make_table("h:S", "r:N")


@pytest.fixture
def name(request):
    """A name that no other test uses."""
    return f"{request.node.originalname[:60]}-{next(_numbers)}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def key(name):
    """A key of `table` that no other test uses."""
    return {"h": {"S": name}}
