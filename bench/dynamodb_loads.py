"""Quipu's DynamoDB API beside DynamoDB Local and dynalite: the loads, who bears them, what is asked of the ratios.

All get the same bytes. Quipu makes every write durable before it answers, also where it is beside what is in memory. Of
the others only DynamoDB Local on disk does the same; dynalite on disk writes to LevelDB without a sync.
"""

import functools
import json
import random
import re

import dynamodb_api
import loads
import servers

CONNECTIONS = [64]
ITEMS = 1_000
ITEM_BYTES = 1024
QUERY_ITEMS = 100
TRANSACTION_ITEMS = 10
# The load generator shares the cores, so it makes its requests beforehand and sends them round and round. There must be
# several for each key, all different: Quipu does not write what is there already, and that is not what is measured.
PREPARED_REQUESTS = 4_000
# Each thread has its own: transactions that are under way at once never meet. Each key is in two prepared requests.
TRANSACTION_KEYS = PREPARED_REQUESTS * TRANSACTION_ITEMS // 2
INDEXES = ("g1", "g2", "g3")
# Java and node compile what they run while they run it.
PEER_WARM_UP_SECONDS = 3

UPDATE = {
    "TableName": "hot",
    "Key": {"p": {"S": "orders"}},
    "UpdateExpression": "ADD n :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
    "ReturnValues": "UPDATED_NEW",
}


def text_of_size(size, seed):
    return "".join(random.Random(seed).choices("0123456789abcdefghijklmnopqrstuvwxyz", k=size))


def item_of_1_kb(key, version, indexed=()):
    """`indexed`: attributes that are keys of indexes, each with a new value in each write."""
    item = {"p": {"S": f"item-{key}"}, "version": {"S": version}, "body": {"S": ""}}
    item |= {name: {"S": f"{name}-{{key}}"} for name in indexed}
    filled = sum(len(name) + len(re.sub("{(key|next)}", "00000000", value["S"])) for name, value in item.items())
    item["body"]["S"] = text_of_size(ITEM_BYTES - filled, "body")
    return item


def item_of_100_bytes(partition, sort_key):
    name = text_of_size(60, sort_key)
    return {"p": {"S": partition}, "s": {"S": sort_key}, "total": {"N": "1234"}, "name": {"S": name}}


def put_1_kb(table, indexed=()):
    return {"TableName": table, "Item": item_of_1_kb("{key}", "{next}", indexed)}


def transaction():
    items = [
        {"p": {"S": "line-{next}"}, "version": {"S": "{key}"}, "name": {"S": text_of_size(60, number)}}
        for number in range(TRANSACTION_ITEMS)
    ]
    return {"TransactItems": [{"Put": {"TableName": "lines", "Item": item}} for item in items]}


QUERY = {
    "TableName": "orders",
    "KeyConditionExpression": "p = :p",
    "ExpressionAttributeValues": {":p": {"S": "customer"}},
}
GET = {"TableName": "items", "Key": {"p": {"S": "item-{key}"}}}


def encoded(members):
    return json.dumps(members, separators=(",", ":")).encode()


def prepare(database):
    """The tables that all servers get, filled."""
    for name, sort_key in (("hot", None), ("items", None), ("orders", "s"), ("lines", None)):
        database.make_table(name, sort_key=sort_key)
    database.put_all("items", [item_of_1_kb(f"{i:08}", "00000000") for i in range(ITEMS)])
    database.put_all("orders", [item_of_100_bytes("customer", f"{i:08}") for i in range(QUERY_ITEMS)])
    found = database.call("Query", QUERY)
    if found["Count"] != QUERY_ITEMS:
        raise RuntimeError(f"a query at {database.host} finds {found['Count']} items")
    if not database.call("GetItem", json.loads(encoded(GET).replace(b"{key}", b"00000001"))).get("Item"):
        raise RuntimeError(f"{database.host} does not have the items that it was given")


def wrk_load(database, operation, members, keys, prepared=PREPARED_REQUESTS):
    """Signed anew each time it is put, if the server verifies: a signature is good for five minutes."""
    body = encoded(members)
    path = servers.WORK / "requests" / f"{operation}-{members.get('TableName', 'lines')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)

    def put(connections, seconds):
        sent = [word for header in database.headers(operation, body).items() for word in header]
        arguments = [path, keys, prepared, *sent]
        return loads.wrk(f"http://{database.host}/", connections, seconds, "dynamodb.lua", arguments)

    return put


def loads_of(name, label, database, operations, warm_up_seconds=PEER_WARM_UP_SECONDS):
    """One load for each of the operations, named NAME-OPERATION."""
    every = {
        "update": ("UpdateItem ADD, one key", "UpdateItem", UPDATE, 1),
        "put": ("PutItem of 1 KB", "PutItem", put_1_kb("items"), ITEMS),
        "get": ("GetItem of 1 KB", "GetItem", GET, ITEMS),
        "query": ("Query of 100 items", "Query", QUERY, 1),
        "transact": ("TransactWriteItems of 10", "TransactWriteItems", transaction(), TRANSACTION_KEYS),
        "plain": ("PutItem of 1 KB, no index", "PutItem", put_1_kb("plain", INDEXES), ITEMS),
        "indexed": ("PutItem of 1 KB, 3 global indexes", "PutItem", put_1_kb("indexed", INDEXES), ITEMS),
    }
    for short in operations:
        what, operation, members, keys = every[short]
        put = wrk_load(database, operation, members, keys)
        yield loads.Load(f"{name}-{short}", f"{what}: {label}", put, CONNECTIONS, warm_up_seconds)


def start_all(stack):
    """Starts everyone, makes and fills the tables, and returns the loads."""

    def started(server, keys=None):
        stack.enter_context(server)
        database = dynamodb_api.Database(server.port, keys)
        prepare(database)
        return database

    quipu = started(servers.quipu())
    quipu.make_table("plain")
    quipu.make_table("indexed", indexes=INDEXES)
    signed_server, keys = servers.quipu_with_keys()
    signed = started(signed_server, keys)
    local_on_disk = started(servers.dynamodb_local(on_disk=True))
    local = started(servers.dynamodb_local(on_disk=False))
    dynalite_on_disk = started(servers.dynalite(on_disk=True))
    dynalite = started(servers.dynalite(on_disk=False))

    each = ("update", "put", "get", "query")
    counter = functools.partial(
        loads.wrk, f"http://{quipu.host}/counter/increment?counter=orders", script="increment.lua"
    )
    found = [
        loads.Load(
            "dynamodb-counter",
            "/counter/increment, one counter: **Quipu**",
            counter,
            CONNECTIONS,
        ),
        *loads_of("dynamodb-quipu", "**Quipu**", quipu, (*each, "transact", "plain", "indexed"), 1),
        *loads_of("dynamodb-signed", "Quipu, signatures verified", signed, ("update",), 1),
        *loads_of("dynamodb-local", "DynamoDB Local in memory", local, (*each, "transact")),
        *loads_of("dynamodb-local-disk", "DynamoDB Local on disk", local_on_disk, ("update",)),
        *loads_of("dynamodb-dynalite", "dynalite in memory", dynalite, each),  # it has no transactions
        *loads_of("dynamodb-dynalite-disk", "dynalite on disk", dynalite_on_disk, each),
    ]
    # Side by side in the table, and one right after the other in each round.
    order = {short: i for i, short in enumerate(("counter", *each, "transact", "plain", "indexed"))}
    order["update"] = order["counter"]
    return sorted(found, key=lambda load: order[load.name.rpartition("-")[2]])


def targets(found):
    """(what, ratio, at least)"""
    bounds = [
        ("UpdateItem ADD on one key / `/counter/increment`", "quipu-update", "counter", 0.7),
        ("UpdateItem ADD on one key: Quipu / dynalite in memory", "quipu-update", "dynalite-update", 20),
        ("UpdateItem ADD on one key: Quipu / dynalite on disk", "quipu-update", "dynalite-disk-update", 20),
        ("UpdateItem ADD on one key: Quipu / DynamoDB Local on disk", "quipu-update", "local-disk-update", 100),
    ]
    for short, what in (
        ("put", "PutItem of 1 KB"),
        ("get", "GetItem of 1 KB"),
        ("query", "Query of 100 items"),
        ("transact", "TransactWriteItems of 10"),
    ):
        bounds.append((f"{what}: Quipu / DynamoDB Local in memory", f"quipu-{short}", f"local-{short}", 10))
        bounds.append((f"{what}: Quipu / dynalite in memory", f"quipu-{short}", f"dynalite-{short}", 10))
        bounds.append((f"{what}: Quipu / dynalite on disk", f"quipu-{short}", f"dynalite-disk-{short}", 10))
    bounds.append(("PutItem with 3 global indexes / without", "quipu-indexed", "quipu-plain", 0.25))
    bounds.append(("UpdateItem with signatures verified / without", "signed-update", "quipu-update", 0.8))
    rows = []
    for what, one, other, bound in bounds:
        value = loads.ratio(found, f"dynamodb-{one}", f"dynamodb-{other}", CONNECTIONS[0])
        if value is not None:
            rows.append((what, value, bound))
    return rows
