"""What keys and plans cost: the same load with and without them, with ten keys and ten thousand, and beside a flood."""

import http.client
import json
import subprocess

import loads
import servers

CONNECTIONS = [64]
FLOOD_CONNECTIONS = 16
MANY = 10_000
# Every request is counted under it, and none refused.
PLAN = {"rate": 1_000_000, "burst": 1_000_000, "quota": {"limit": 10**12, "period": "day"}}


def quipu_with_plans():
    """(a server that demands keys, one of its admin keys)"""
    server = servers.Server(
        "quipu-with-plans",
        lambda s: [servers.RELEASE / "quipu", "serve", "--data", s.directory / "data", "--listen", f"127.0.0.1:{s.port}"],
    )
    (server.directory / "data").mkdir()
    command = [servers.RELEASE / "quipu", "key", "create", "--role", "admin", "bench", "--data", server.directory / "data"]
    return server, subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def make_keys(port, admin, number):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(method, path, body):
        connection.request(method, path, json.dumps(body), {"x-api-key": admin})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text)

    ask("PUT", "/plans?name=bench", PLAN)
    return [ask("POST", "/keys", {"name": "bench", "plan": "bench"})["key"] for _ in range(number)]


def beside_a_flood(load, url, method, headers=()):
    """The load, while other connections ask for something else as fast as they can."""
    script = servers.WORK / f"flood-{method.lower()}.lua"
    script.write_text(f'wrk.method = "{method}"\n')
    command = ["wrk", "-t", "1", "-c", str(FLOOD_CONNECTIONS), "-d", "3600s", "-s", script, *headers, url]

    def put(connections, seconds):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as flood:
            try:
                return load(connections, seconds)
            finally:
                flood.kill()

    return put


def start_all(stack):
    without = stack.enter_context(servers.quipu())
    server, admin = quipu_with_plans()
    stack.enter_context(server)
    file = server.directory / "keys.txt"
    file.write_text("\n".join(make_keys(server.port, admin, MANY)) + "\n")

    def load(port, keys):
        return lambda connections, seconds: loads.wrk(
            f"http://127.0.0.1:{port}/", connections, seconds, "keys.lua", [file, keys]
        )

    one = load(server.port, 1)
    url = f"http://127.0.0.1:{server.port}"
    wrong = ["-H", f"x-api-key: qk_{64 * '0'}"]
    bad = beside_a_flood(one, f"{url}/counter/increment?counter=orders-0000000", "POST", wrong)
    idle = beside_a_flood(one, f"{url}/healthz", "GET")
    return [
        loads.Load(name, f"Quipu, {what}", put, CONNECTIONS)
        for name, what, put in [
            ("keys-off", "no keys", load(without.port, 1)),
            ("keys-one", "keys and a plan, one key", one),
            ("keys-ten", "keys and a plan, 10 keys in turn", load(server.port, 10)),
            ("keys-many", f"keys and a plan, {MANY:,} keys in turn", load(server.port, MANY)),
            ("keys-bad-flood", "one key, beside a flood of bad keys", bad),
            ("keys-idle-flood", "one key, beside a flood of GET /healthz", idle),
        ]
    ]


def targets(found):
    """(what, measured, at least)"""
    return [
        ("keys and plans on / off", loads.ratio(found, "keys-one", "keys-off", 64), 0.95),
        ("keys and plans on, 10 keys / off", loads.ratio(found, "keys-ten", "keys-off", 64), 0.95),
        ("ten thousand keys / ten", loads.ratio(found, "keys-many", "keys-ten", 64), 0.95),
        (
            "one key beside a flood of bad keys / beside one that needs no key",
            loads.ratio(found, "keys-bad-flood", "keys-idle-flood", 64),
            0.9,
        ),
    ]
