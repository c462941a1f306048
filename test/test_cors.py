"""Pages of any origin may ask: preflights on every route, and answers that a page may read."""

import pytest

ORIGIN = {"Origin": "https://shop.example"}
ROUTES = [("/local/a", "POST"), ("/redis/a", "POST"), ("/counter/increment", "POST"), ("/counter", "GET, PUT, DELETE"),
          ("/counters", "GET"), ("/counter/watch", "GET"), ("/keys", "GET, POST, PUT, DELETE"), ("/plans", "GET, PUT, DELETE"),
          ("/plans/usage", "GET"), ("/healthz", "GET"), ("/readyz", "GET"), ("/metrics", "GET"), ("/openapi.json", "GET")]


def preflight(client, path, method="POST"):
    return client.request("OPTIONS", path, headers={**ORIGIN, "Access-Control-Request-Method": method,
                                                    "Access-Control-Request-Headers": "content-type,x-api-key"})


@pytest.mark.parametrize("path,methods", ROUTES)
@pytest.mark.parametrize("which", ["server", "keyed_server"])
def test_a_preflight_is_answered_without_a_key(request, which, path, methods):
    answer = preflight(request.getfixturevalue(which).new_client(), path)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == methods
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"content-type", "authorization", "x-api-key", "idempotency-key", "x-amz-date", "x-amz-target"} <= set(allowed)
    assert int(answer.headers["access-control-max-age"]) > 0


def test_a_preflight_needs_no_origin(client):
    assert client.request("OPTIONS", "/local/a").headers["access-control-allow-origin"] == "*"


def test_a_preflight_of_what_is_not_there_is_404(client):
    assert preflight(client, "/nothing").status == 404


def test_dynamodbs_path_answers_as_the_service_does(keyed_server):
    answer = preflight(keyed_server.new_client(), "/")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    answer = keyed_server.new_client().request("POST", "/", b"{}", headers={
        **ORIGIN, "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, "*")


@pytest.mark.parametrize("method,path,status", [("POST", "/local/cors", 200), ("GET", "/counter?counter=cors-nothing", 200),
                                                ("POST", "/counter/increment", 400), ("GET", "/nothing", 404),
                                                ("PATCH", "/counter", 405), ("GET", "/healthz", 200)])
def test_an_answer_may_be_read_by_a_page_that_says_its_origin(client, method, path, status):
    answer = client.request(method, path, headers=ORIGIN)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    answer = client.request(method, path)
    assert answer.status == status
    assert "access-control-allow-origin" not in answer.headers, "and the next one on the connection does not have it"


def test_refusals_may_be_read_too(keyed_server):
    for path, status in (("/local/a", 403), ("/counter/increment?counter=a", 401)):
        answer = keyed_server.new_client().request("POST", path, headers=ORIGIN)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")


# The server may not have read the Origin of what it refuses, so all of these answers may be read.
@pytest.mark.parametrize("request_bytes,status", [
    (b"nonsense\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    (b"GET /" + b"a" * 20_000, 414),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 150 + b"\r\n", 431),
    (b"POST /counter/increment HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n", 413),
    (b"POST /counter/increment HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
], ids=["malformed", "no host", "target", "headers", "body", "chunk"])
def test_what_is_refused_as_no_request_may_be_read_too(client, request_bytes, status):
    answer = client.exchange_raw(request_bytes)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")


def test_a_page_sees_when_to_come_again(keyed_server):
    admin = keyed_server.new_client(headers={"x-api-key": keyed_server.admin_key})
    assert admin.request("PUT", "/plans?name=cors", {"rate": 0.001, "burst": 1}).status == 200
    key = admin.post("/keys", {"name": "a page", "plan": "cors"}).json()["key"]
    page = keyed_server.new_client(headers={"x-api-key": key})
    assert page.request("POST", "/local/a", headers=ORIGIN).status == 200
    answer = page.request("POST", "/local/a", headers=ORIGIN)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (429, "*")
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert answer.headers["retry-after"]
