"""Counters in MariaDB and in another Quipu's DynamoDB tables through Quipu, beside a client that does nothing but count on
the same server: bench/mysql_loop.cc with a prepared statement, and wrk with the UpdateItem that Quipu sends."""

import functools
import json
import subprocess
import time

import loads
import servers

CONNECTIONS = [64]
MANY_KEYS = 10_000
DATABASE = "quipu"
TABLE = "Counters"
START_SECONDS_MAX = 60


def mariadb():
    """Durable, as it is when nobody changes its settings."""

    def command(server):
        data = server.directory / "data"
        subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, stdout=subprocess.DEVNULL)
        return ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--port={server.port}",
                "--bind-address=127.0.0.1", f"--socket={server.directory}/s", f"--pid-file={server.directory}/pid",
                "--skip-name-resolve", "--max-connections=400"]

    return servers.Server("mariadb", command)


def quipu_before_mariadb(database):
    info = database.directory / "tidb_info.json"
    info.write_text(json.dumps({"host": "127.0.0.1", "port": database.port, "user": "root", "pwd": "", "db": DATABASE}))
    return servers.quipu(environment={"QUIPU_TIDB_INFO": str(info)})


def quipu_before_dynamo(far):
    return servers.quipu(environment={"TABLE_NAME": TABLE, "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{far.port}"})


def make_table(far):
    import boto3

    client = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{far.port}", region_name="us-east-1",
                          aws_access_key_id="bench", aws_secret_access_key="bench")
    client.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])


def update_item(directory):
    body = {"TableName": TABLE, "Key": {"id": {"S": "bench"}}, "UpdateExpression": "ADD atomic_counter :by",
            "ConditionExpression": "attribute_not_exists(atomic_counter) OR atomic_counter BETWEEN :low AND :high",
            "ExpressionAttributeValues": {":by": {"N": "1"}, ":low": {"N": str(-(2**63))}, ":high": {"N": str(2**63 - 2)}},
            "ReturnValues": "UPDATED_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    file = directory / "update_item.json"
    file.write_text(json.dumps(body, separators=(",", ":")))
    return [file, 1, 1, "X-Amz-Target", "DynamoDB_20120810.UpdateItem", "Content-Type", "application/x-amz-json-1.0"]


def mysql_loop(database, keys, connections, seconds):
    out = loads.run([servers.RELEASE / "bench/mysql_loop", "--port", database.port, "--database", DATABASE, "--connections",
                     connections, "--keys", keys, "--seconds", seconds], seconds * 3 + 60)
    return loads.Figure(*(float(word) for word in out.split()))


def until_it_counts(server, path):
    """The store is reached, and its tables are made."""
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        asked = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST",
                                f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True)
        if asked.stdout == "200":
            return server
        if time.monotonic() > end:
            raise RuntimeError(f"POST {path} answers {asked.stdout}")
        time.sleep(0.05)


def start_all(stack):
    def load(name, what, put):
        return loads.Load(f"stores-{name}", what, put, CONNECTIONS)

    def wrk(server, path, script, *arguments):
        return functools.partial(loads.wrk, f"http://127.0.0.1:{server.port}{path}", script=script, arguments=arguments)

    database = stack.enter_context(mariadb())
    front = until_it_counts(stack.enter_context(quipu_before_mariadb(database)), "/tidb/bench")
    far = stack.enter_context(servers.quipu())
    make_table(far)
    before_far = until_it_counts(stack.enter_context(quipu_before_dynamo(far)), "/dynamo/bench")
    return [
        load("mariadb-loop", "a client's loop, MariaDB, one key", functools.partial(mysql_loop, database, 1)),
        load("mariadb-quipu", "**Quipu** POST /tidb/ID, MariaDB, one key", wrk(front, "/tidb/bench", "increment.lua")),
        load("mariadb-loop-keys", f"a client's loop, MariaDB, {MANY_KEYS:,} keys",
             functools.partial(mysql_loop, database, MANY_KEYS)),
        load("mariadb-quipu-keys", f"**Quipu** POST /tidb/ID, MariaDB, {MANY_KEYS:,} keys",
             wrk(front, "", "store_counters.lua", "tidb", MANY_KEYS)),
        load("dynamo-wrk", "wrk UpdateItem, another Quipu", wrk(far, "/", "dynamodb.lua", *update_item(far.directory))),
        load("dynamo-quipu", "**Quipu** POST /dynamo/ID, another Quipu", wrk(before_far, "/dynamo/bench", "increment.lua")),
    ]


def targets(found):
    """(what, ratio, at least), (what, ratio, at most)"""
    at_least, at_most = [], []
    for one, other, what in (("mariadb-quipu", "mariadb-loop", "Quipu / a client's loop, MariaDB"),
                             ("mariadb-quipu-keys", "mariadb-loop-keys", "Quipu / a client's loop, MariaDB, many keys"),
                             ("dynamo-quipu", "dynamo-wrk", "Quipu / wrk, another Quipu as DynamoDB")):
        pair = (found, f"stores-{one}", f"stores-{other}", CONNECTIONS[0])
        at_least.append((what, loads.ratio(*pair), 0.7))
        at_most.append((f"{what}: p99", loads.ratio(*pair, "p99_us"), 2.0))
    return [r for r in at_least if r[1] is not None], [r for r in at_most if r[1] is not None]
