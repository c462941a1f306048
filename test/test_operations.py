"""What an operator looks at: health, figures, the API's own description, the log."""

import json
import re

import pytest

from quipu_client import query
from quipu_server import wait_until


# --- health


def test_healthz_and_readyz_answer(client):
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.status == 200
        assert answer.json()["status"]


# --- figures


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


def figures(client):
    """All samples as {(name, labels): value}; fails on a line that is not in the Prometheus text format."""
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples, types = {}, {}
    for line in answer.text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            assert len(line.split(" ", 3)) == 4, line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram")
            assert name not in types, f"two TYPE lines for {name}"
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            assert any(name in (each, each + "_bucket", each + "_sum", each + "_count") for each in types), line
            assert (name, labels) not in samples, f"twice: {line}"
            samples[name, labels] = float(value)
    assert answer.text.endswith("\n")
    return samples, types


def test_figures_are_in_the_prometheus_format(client):
    samples, types = figures(client)
    assert len(samples) > 20
    for name, kind in types.items():
        assert name.startswith(("quipu_", "process_"))
        if kind == "counter":
            assert name.endswith("_total")


def test_histograms_are_complete(client):
    samples, types = figures(client)
    for name in (name for name, kind in types.items() if kind == "histogram"):
        series = {}
        for (sample, labels), value in samples.items():
            if sample == name + "_bucket":
                others = re.sub(r',?le="[^"]*"', "", labels)
                series.setdefault(others, []).append((float(re.search(r'le="([^"]*)"', labels).group(1)), value))
        assert series, name
        for labels, buckets in series.items():
            assert buckets == sorted(buckets), f"{name}: buckets grow"
            assert [count for _, count in buckets] == sorted(count for _, count in buckets), f"{name}: counts are cumulative"
            assert buckets[-1] == (float("inf"), samples[name + "_count", labels or None])


def total(samples, name, part=""):
    found = [value for (sample, labels), value in samples.items() if sample == name and part in (labels or "")]
    assert found, name
    return sum(found)


def test_figures_move(client, counter):
    before, types = figures(client)
    for _ in range(10):
        client.next_value(counter)
    client.get("/nothing")
    after, _ = figures(client)

    def grew(name, part=""):
        return total(after, name, part) - total(before, name, part)

    requests = next(name for name in types if "requests_total" in name)
    assert grew(requests) >= 11
    assert grew(requests, "4") >= 1, "errors have a label of their own"
    for part in ("request", "writes_per_group", "sync", "commit"):
        name = next(name for name, kind in types.items() if kind == "histogram" and part in name)
        assert grew(name + "_count") > 0, name
    assert any("store" in name and total(after, name) > 0 for name, kind in types.items() if kind == "gauge")


# --- the API's own description


@pytest.fixture(scope="module")
def document(server):
    answer = server.client.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


def resolve(document, node):
    while "$ref" in node:
        at = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


TABLE = {("/counter/increment", "post"), ("/counter", "get"), ("/counter", "put"), ("/counter", "delete"), ("/counters", "get"),
         ("/counter/watch", "get"), ("/healthz", "get"), ("/readyz", "get"), ("/metrics", "get"), ("/openapi.json", "get"),
         ("/keys", "get"), ("/keys", "post"), ("/keys", "put"), ("/keys", "delete"), ("/plans", "get"), ("/plans", "put"),
         ("/plans", "delete"), ("/plans/usage", "get"), ("/{store}/{id}", "post")}


def test_every_route_is_described(document):
    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] and document["info"]["version"]
    assert {(path, method) for path, method, _ in operations(document)} == TABLE


def test_the_document_is_well_formed(document):
    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                resolve(document, node)
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(document)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["responses"], (path, method)
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", status)
            assert resolve(document, response)["description"], (path, method, status)
        for parameter in operation.get("parameters", []):
            parameter = resolve(document, parameter)
            assert parameter["in"] in ("query", "header", "path")
            assert parameter["schema"]


def test_every_parameter_of_the_table_is_described(document):
    def parameters(path, method):
        found = document["paths"][path][method].get("parameters", [])
        return {resolve(document, each)["name"] for each in found}

    assert parameters("/counter/increment", "post") == {"counter", "by", "max", "min", "store", "Idempotency-Key"}
    assert parameters("/counter", "put") == {"counter", "store", "Idempotency-Key"}
    assert parameters("/counter", "delete") == {"counter", "store", "Idempotency-Key"}
    assert parameters("/counters", "get") == {"prefix", "limit", "after"}


def fits(document, schema, value, at="$"):
    """The part of JSON Schema that the document uses."""
    schema = resolve(document, schema)
    if value is None and schema.get("nullable"):
        return
    if "oneOf" in schema:
        errors = []
        for each in schema["oneOf"]:
            try:
                fits(document, each, value, at)
            except AssertionError as error:
                errors.append(error)
        assert len(errors) == len(schema["oneOf"]) - 1, f"{at}: {value} fits {len(schema['oneOf']) - len(errors)} of oneOf"
        return
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
    known = {"type", "required", "properties", "additionalProperties", "items", "enum", "format", "description", "nullable",
             "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "default", "example"}
    assert set(schema) <= known, f"{at}: this test does not know {set(schema) - known}"
    if value is None and schema.get("nullable"):
        return
    if "type" in schema:
        assert isinstance(value, types[schema["type"]]), f"{at}: {value!r} is no {schema['type']}"
    if "enum" in schema:
        assert value in schema["enum"], f"{at}: {value!r}"
    for name in schema.get("required", []):
        assert name in value, f"{at}: no {name} in {value}"
    for name, each in schema.get("properties", {}).items():
        if name in value:
            fits(document, each, value[name], f"{at}.{name}")
    if schema.get("additionalProperties") is False:
        assert set(value) <= set(schema["properties"]), f"{at}: {set(value) - set(schema['properties'])}"
    if "items" in schema:
        for i, each in enumerate(value):
            fits(document, schema["items"], each, f"{at}[{i}]")


def check_answer(document, path, method, answer):
    """An answer is one of the described ones, in the described form."""
    responses = document["paths"][path][method]["responses"]
    assert str(answer.status) in responses, f"{method} {path} answered {answer.status}, which is not described: {answer}"
    content = resolve(document, responses[str(answer.status)]).get("content")
    if content is None:
        assert answer.body == b""
        return
    kind = answer.headers["content-type"].split(";")[0]
    assert kind in content, f"{kind} is not described"
    if kind == "application/json":
        fits(document, content[kind]["schema"], answer.json())


# Requests that bring about each answer that a healthy server without keys gives; those of a sick one are brought about in
# test_crash.py, those about keys in test_keys.py.
def asked(counter):
    c, full, far = counter, counter + "-full", counter + "-far"
    one = "/counter/increment?" + query(counter=c)
    return [
        ("/counter/increment", "post", 200, one, None, None),
        ("/counter/increment", "post", 200, "/counter/increment", [{"counter": c}, {"counter": far}], None),
        ("/counter/increment", "post", 400, "/counter/increment", None, None),
        ("/counter/increment", "post", 400, one + "&by=0", None, None),
        ("/counter/increment", "post", 409, "/counter/increment?" + query(counter=full, max=0), None, None),
        ("/counter/increment", "post", 409, "/counter/increment?" + query(counter=full, by=-1, min=0), None, None),
        ("/counter/increment", "post", 409, "/counter/increment", [{"counter": full}, {"counter": full, "max": 1}], None),
        ("/counter/increment", "post", 413, "/counter/increment", [{"counter": c}] * 1001, None),
        ("/counter/increment", "post", 200, one, None, counter),
        ("/counter/increment", "post", 422, one + "&by=2", None, counter),
        ("/counter/increment", "post", 404, one + "&store=redis", None, None),
        ("/{store}/{id}", "post", 200, f"/local/{c}", None, counter + "-there"),
        ("/{store}/{id}", "post", 422, f"/local/{far}", None, counter + "-there"),
        ("/{store}/{id}", "post", 400, f"/local/{c}?x=1", None, None),
        ("/{store}/{id}", "post", 404, f"/redis/{c}", None, None),
        ("/counter", "get", 404, "/counter?store=redis&" + query(counter=c), None, None),
        ("/counter", "put", 404, "/counter?store=redis&" + query(counter=c), {"value": 5}, None),
        ("/counter", "delete", 404, "/counter?store=redis&" + query(counter=c), None, None),
        ("/counter", "get", 200, "/counter?" + query(counter=c), None, None),
        ("/counter", "get", 400, "/counter", None, None),
        ("/counter", "put", 200, "/counter?" + query(counter=c), {"value": 5}, None),
        ("/counter", "put", 400, "/counter?" + query(counter=c), {"value": "5"}, None),
        ("/counter", "put", 409, "/counter?" + query(counter=c), {"value": 5, "expected": 9}, None),
        ("/counter", "put", 422, "/counter?" + query(counter=c), {"value": 5}, counter),
        ("/counter", "delete", 204, "/counter?" + query(counter=far), None, None),
        ("/counter", "delete", 400, "/counter", None, None),
        ("/counter", "delete", 422, "/counter?" + query(counter=far), None, counter),
        ("/counters", "get", 200, "/counters?limit=3", None, None),
        ("/counters", "get", 400, "/counters?limit=0", None, None),
        ("/counter/watch", "get", 400, "/counter/watch", None, None),
        ("/healthz", "get", 200, "/healthz", None, None),
        ("/readyz", "get", 200, "/readyz", None, None),
        ("/metrics", "get", 200, "/metrics", None, None),
        ("/openapi.json", "get", 200, "/openapi.json", None, None),
        ("/keys", "get", 200, "/keys", None, None),
        ("/keys", "post", 201, "/keys", {"name": "described", "role": "client"}, None),
        ("/keys", "post", 400, "/keys", {"name": 1}, None),
        ("/keys", "delete", 400, "/keys", None, None),
        ("/keys", "post", 404, "/keys", {"name": "described", "plan": "nothing"}, None),
        ("/keys", "put", 400, "/keys", {"plan": None}, None),
        ("/keys", "put", 404, "/keys?id=nothing", {"plan": None}, None),
        ("/keys", "delete", 404, "/keys?id=nothing", None, None),
        ("/plans", "get", 200, "/plans", None, None),
        ("/plans", "put", 200, "/plans?name=described", {"rate": 0.5, "quota": {"limit": 5, "period": "week"}}, None),
        ("/plans", "put", 400, "/plans?name=described", {"rate": 0}, None),
        ("/plans/usage", "get", 200, "/plans/usage?name=described", None, None),
        ("/plans/usage", "get", 400, "/plans/usage", None, None),
        ("/plans/usage", "get", 404, "/plans/usage?name=nothing", None, None),
        ("/plans", "delete", 400, "/plans", None, None),
        ("/plans", "delete", 204, "/plans?name=described", None, None),
        ("/plans", "delete", 404, "/plans?name=described", None, None),
        ("/plans", "delete", 409, "/plans?name=default", None, None),
    ]


def test_answers_are_as_described(client, document, counter):
    for path, method, status, target, body, key in asked(counter):
        answer = client.request(method.upper(), target, body, headers={"Idempotency-Key": key} if key else None)
        assert answer.status == status, (method, target, answer)
        check_answer(document, path, method, answer)


def test_every_described_answer_is_brought_about_by_some_test(document):
    """What is described and cannot be asked for here is listed, so that a new line in the document needs a test."""
    here = {(path, method, status) for path, method, status, *_ in asked("x")} | {("/counter/watch", "get", 200)}
    described = {(path, method, int(status)) for path, method, operation in operations(document)
                 for status in operation["responses"]}
    elsewhere = {(path, method, status) for path, method, status in described
                 if status in (401, 403, 429)  # test_keys.py, test_plans.py
                 or status in (500, 503, 507)  # test_crash.py, and the unit tests
                 or (path, method, status) in {("/keys", "delete", 204), ("/keys", "delete", 409), ("/keys", "post", 409)}  # test_keys.py
                 or (path, method, status) == ("/{store}/{id}", "post", 409)  # test_stores.py
                 or (path, method, status) in {("/keys", "put", 200), ("/plans", "put", 409)}  # test_plans.py, unit tests
                 or (path, method, status) == ("/counter", "get", 409)}  # an item that is no counter: unit tests
    assert described - elsewhere == here


def test_a_watch_is_as_described(client, document, counter):
    content = resolve(document, document["paths"]["/counter/watch"]["get"]["responses"]["200"])["content"]
    with client.raw() as connection:
        connection.send(f"GET /counter/watch?{query(counter=counter)} HTTP/1.1\r\nHost: x\r\n".encode()
                        + "".join(f"{name}: {value}\r\n" for name, value in client.headers.items()).encode() + b"\r\n")
        status, headers = connection.read_head()
    assert status == 200
    assert headers["content-type"].split(";")[0] in content


def test_refusals_of_keys_are_as_described(keyed_server, document):
    without = keyed_server.new_client()
    admin = keyed_server.new_client(headers={"x-api-key": keyed_server.admin_key})
    plain = keyed_server.new_client(headers={"x-api-key": admin.post("/keys", {"name": "plain"}).json()["key"]})
    for path, method, operation in operations(document):
        if operation.get("security") == []:
            continue
        target = path.replace("{store}", "local").replace("{id}", "x")
        check_answer(document, path, method, without.request(method.upper(), target))
        if path == "/keys":
            answer = plain.request(method.upper(), path)
            assert answer.status == 403
            check_answer(document, path, method, answer)


# --- the log


def test_log_lines_have_a_time_a_level_and_an_event(own_server):
    lines = wait_until(lambda: re.findall(r"^\d{4}-.*(?=\n)", own_server.output(), re.MULTILINE))
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) [a-z0-9_]+( [a-z0-9_]+=\S|$)", line), line


def test_a_peer_cannot_write_log_lines(own_server):
    own_server.client.exchange_raw(b"GET /counter?counter=%0a2026-01-01T00:00:00.000Z%20info%20forged HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not any(line.startswith("2026-01-01T00:00:00.000Z info forged") for line in own_server.output().split("\n"))


def test_the_log_level_is_kept(fresh_server):
    quiet = fresh_server(flags=["--log-level", "debug"]).start()
    wait_until(lambda: " info listening " in quiet.output())
    refused = fresh_server(flags=["--log-level", "error"])
    refused.data.write_text("a file, so that it does not start")
    with pytest.raises(Exception):
        refused.start()
    assert " info " not in refused.output()


def test_openapi_is_stable_json(client):
    assert client.get("/openapi.json").body == client.get("/openapi.json").body
    json.loads(client.get("/openapi.json").body)
