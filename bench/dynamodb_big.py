"""A table of ten million items beside one that has hardly any: what a Query and a GetItem take, start, memory.

Both tables have customers with a hundred orders each, and are asked in the same way; the small one has one customer.
The other's customers are asked at random, so that nearly every answer comes from the disk's cache or the disk.
"""

import concurrent.futures
import socket
import statistics
import sys
import tempfile
import time

import dynamodb_api
import dynamodb_loads
import loads
import servers
import sizes

ITEMS = 10_000_000
CUSTOMER_ITEMS = 100
# Latency is of one request at a time; at 64 it is shown how many there are a second.
CONNECTIONS = [1, 64]
STARTS = 5
LOADERS = 8
START_MS_MAX = 2_000
SLOWER_MAX = 2.0
STEP = 7_919  # customers come in an order that is not that of their keys; no factor of any round number

QUERY = {
    "TableName": "customers",
    "KeyConditionExpression": "p = :p",
    "ExpressionAttributeValues": {":p": {"S": "customer-{key}"}},
}
GET = {"TableName": "customers", "Key": {"p": {"S": "customer-{key}"}, "s": {"S": "order-00000042"}}}


def batch_format():
    """The body of a BatchWriteItem, with a % for all that differs between items: customer, order, total, name."""
    one = (
        '{"PutRequest":{"Item":{"p":{"S":"customer-%08d"},"s":{"S":"order-%08d"},'
        '"total":{"N":"%d"},"name":{"S":"%040x"}}}}'
    )
    return f'{{"RequestItems":{{"customers":[{",".join([one] * dynamodb_api.BATCH_ITEMS)}]}}}}'


def batches(customers):
    """The values for batch_format(), of all items of these customers."""
    for customer in customers:
        for first in range(0, CUSTOMER_ITEMS, dynamodb_api.BATCH_ITEMS):
            values = []
            for order in range(first, first + dynamodb_api.BATCH_ITEMS):
                spread = (customer * CUSTOMER_ITEMS + order + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**160
                values += (customer, order, order * 7 + 1, spread)
            yield tuple(values)


def load_customers(port, customers):
    """One connection's share. A socket of our own: http.client would take longer than the server."""
    text = batch_format()
    words = dynamodb_api.headers("BatchWriteItem", dynamodb_api.ANY_CREDENTIALS)
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in words.items())
    done = b'{"UnprocessedItems":{}}'
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        for values in batches(customers):
            body = text % values
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = b""
            while not answer.endswith(done):
                part = connection.recv(4096)
                answer += part
                if not part or not answer.startswith(b"HTTP/1.1 200 "[: len(answer)]):
                    raise RuntimeError(f"a batch was not written: {answer[:500]!r}")


def fill(database, items):
    database.make_table("customers", sort_key="s")
    customers = items // CUSTOMER_ITEMS
    workers = min(LOADERS, customers)
    start = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        shares = [[i * STEP % customers for i in range(worker, customers, workers)] for worker in range(workers)]
        for done in [pool.submit(load_customers, database.port, share) for share in shares]:
            done.result()
    return time.monotonic() - start


def first_get():
    body = dynamodb_loads.encoded(GET).replace(b"{key}", b"00000000")
    words = dynamodb_api.headers("GetItem", dynamodb_api.ANY_CREDENTIALS)
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    return (head + "".join(f"{n}: {v}\r\n" for n, v in words.items()) + "\r\n").encode() + body


def loads_on(name, what, database, customers):
    for short, operation, members in (("query", "Query", QUERY), ("get", "GetItem", GET)):
        put = dynamodb_loads.wrk_load(database, operation, members, customers, prepared=0)
        yield loads.Load(f"{name}-{short}", f"{operation}, {what}", put, CONNECTIONS)


def make(directory, items):
    """Fills the directory, and says what that and starting again cost: (value, unit, bound, what) by name."""
    with servers.quipu(directory) as server:
        seconds = fill(dynamodb_api.Database(server.port), items)
        time.sleep(sizes.IDLE_SECONDS)
        memory_most = server.memory_mb("VmHWM")
    size_mb = sizes.disk_mb(directory)
    print(f"{items:,} items written in {seconds:.0f} s; the directory has {size_mb:,.0f} MB", file=sys.stderr)
    starts = [sizes.first_answer_ms(directory, first_get()) for _ in range(STARTS)]
    bound = sizes.FULL_MEMORY_MB_MAX
    return {
        "items_start": (
            statistics.median(starts),
            "ms",
            START_MS_MAX,
            f"start with {items:,} items, to the first GetItem",
        ),
        "items_memory_loading": (memory_most, "MB", bound, f"most memory while {items:,} items were written"),
    }


def start_all(stack, items=ITEMS):
    """(loads on the full table and on the small one, figures of the full one, more of them when all is over)"""
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="items-", dir=servers.WORK))
    figures = make(directory, items)
    full_server = stack.enter_context(servers.quipu(directory))
    small_server = stack.enter_context(servers.quipu())
    full, small = (dynamodb_api.Database(server.port) for server in (full_server, small_server))
    fill(small, CUSTOMER_ITEMS)
    found = [
        *loads_on("small", f"a table of {CUSTOMER_ITEMS} items", small, 1),
        *loads_on("full", f"a table of {items:,} items", full, items // CUSTOMER_ITEMS),
    ]

    def asked_last():
        memory = full_server.memory_mb("VmHWM")
        what = f"most memory while {items:,} items were read, after a restart"
        return {"items_memory_reading": (memory, "MB", sizes.FULL_MEMORY_MB_MAX, what)}

    return sorted(found, key=lambda load: load.name.rpartition("-")[2]), figures, asked_last


def targets(found):
    """(what, ratio, at most)"""
    rows = []
    for short, what in (("query", "Query"), ("get", "GetItem")):
        slower = loads.ratio(found, f"full-{short}", f"small-{short}", 1, "p50_us")
        if slower is not None:
            rows.append((f"{what}'s median latency, 1 connection: ten million items / few", slower, SLOWER_MAX))
    return rows
