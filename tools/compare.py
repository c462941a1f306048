#!/usr/bin/env python3
"""`quipu compare` on every store that can be had on this machine: each is started on a free port and in a temporary
directory, with durable settings where it has any, and stopped at the end. What follows is for quipu compare.

    make compare ARGS="--duration 5 --html docs/comparison.html"
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("test", "test/stores", "test/dynamodb")]
import pytest  # noqa: E402
from dynamodb_local import NotInstalled  # noqa: E402
from ferretdb_process import ferretdb  # noqa: E402
from momento_process import momento  # noqa: E402
from mysql_servers import DATABASE, MariaDB, missing_programs  # noqa: E402
from quipu_server import QuipuServer  # noqa: E402
from redis_process import redis_process  # noqa: E402

MOMENTO_TOKEN = "the.test.token"


def redis(stack, directory, environment):
    if not shutil.which("redis-server"):
        return "redis-server is not installed"
    environment["REDIS_URL"] = f"127.0.0.1:{stack.enter_context(redis_process(directory)).port}"


def tidb(stack, directory, environment):
    if missing_programs():
        return f"missing: {missing_programs()}"
    server = stack.enter_context(MariaDB(directory / "server"))
    info = directory / "tidb_info.json"
    info.write_text(json.dumps({"host": "127.0.0.1", "port": server.port, "user": "root", "pwd": "", "db": DATABASE}))
    environment["QUIPU_TIDB_INFO"] = str(info)


def docdb(stack, directory, environment):
    server = stack.enter_context(ferretdb(directory))
    environment["DOCUMENT_DB_CONNECTION_STRING"] = f"mongodb://127.0.0.1:{server.port}/?directConnection=true"


def dynamo(stack, directory, environment):
    server = QuipuServer(directory).start()
    stack.callback(server.discard)
    environment |= {"TABLE_NAME": "Counters", "AWS_ENDPOINT_URL_DYNAMODB": server.url, "AWS_ACCESS_KEY_ID": "any",
                    "AWS_SECRET_ACCESS_KEY": "any"}


def momento_cache(stack, directory, environment):
    server = stack.enter_context(momento(directory, MOMENTO_TOKEN))
    info = directory / "momento_key_info.json"
    info.write_text(json.dumps({"apiKey": MOMENTO_TOKEN, "refreshToken": "", "validUntil": 1999999999,
                                "restEndpoint": f"http://127.0.0.1:{server.port}"}))
    environment["QUIPU_MOMENTO_INFO"] = str(info)


STORES = {"redis": redis, "tidb": tidb, "docdb": docdb, "dynamo": dynamo, "momento": momento_cache}


def main():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUIPU_", "AWS_"))}
    binary = os.environ.get("QUIPU_BINARY", str(ROOT / "build/release/quipu"))
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quipu-stores-")))
        for name, start in STORES.items():
            (directory / name).mkdir()
            try:
                why_not = start(stack, directory / name, environment)
            except (NotInstalled, pytest.skip.Exception) as reason:
                why_not = str(reason)
            print(f"{name}: {f'not here: {why_not}' if why_not else 'started'}", file=sys.stderr, flush=True)
        return subprocess.run([binary, "compare", "--scratch", directory, *sys.argv[1:]], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
