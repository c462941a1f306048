"""A request whose body comes later is let in, and counted, by its head; what is refused is not waited for."""

import time

import pytest

import keys_and_plans
from keys_and_plans import EXCEEDED, FORBIDDEN, TOO_MANY

AT_ONCE_S = 5  # a body that does not come is given up after ten seconds
BODY = b'[{"counter":"head-first"}]'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FRAMINGS = {
    "sized": (b"Content-Length: %d\r\n" % len(BODY), BODY),
    "chunked": (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
}
framings = pytest.mark.parametrize("framing,body", FRAMINGS.values(), ids=FRAMINGS)


def make_key(admin, plan=None, **limits):
    if plan is not None:
        keys_and_plans.put_plan(admin, plan, **limits)
    return keys_and_plans.make_key(admin, plan=plan)


def used(admin, plan):
    return admin.get(f"/plans/usage?name={plan}").json()["keys"][0]["used"]


def head(framing, key=None, target="/counter/increment", more=b"", method=b"POST"):
    if key is not None:
        more += f"x-api-key: {key}\r\n".encode()
    return b"%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n" % (method, target.encode(), more, framing)


def refusal_of(server, request):
    """The one answer to a request whose body is never sent; the connection ends behind it."""
    start = time.monotonic()
    with server.new_client().raw(timeout_s=2 * AT_ONCE_S) as connection:
        connection.send(request)
        answer = connection.read_answer()
        assert connection.is_closed_by_server()
        assert connection.received == b""
    assert time.monotonic() - start < AT_ONCE_S
    assert answer.headers["connection"] == "close"
    return answer


@pytest.mark.parametrize("key", [None, "wrong"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"], ids=["", "expect"])
@framings
def test_a_wrong_key_is_refused_before_the_body(keyed_server, framing, body, expect, key):
    more = expect + b"Origin: https://shop.example\r\n"
    answer = refusal_of(keyed_server, head(framing, key, "/local/a", more))
    assert (answer.status, answer.body) == (403, FORBIDDEN)
    assert answer.headers["access-control-allow-origin"] == "*"
    answer = refusal_of(keyed_server, head(framing, key, more=more) + body[:-1])
    assert (answer.status, answer.json()["error_code"]) == (401, "unauthorized")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_clients_key_may_not_send_the_body_of_an_admins_request(keyed_server, admin):
    framing, _ = FRAMINGS["sized"]
    answer = refusal_of(keyed_server, head(framing, make_key(admin)["key"], "/keys"))
    assert (answer.status, answer.json()["error_code"]) == (403, "forbidden")


@pytest.mark.parametrize("target,method,status", [("/nothing", b"POST", 404), ("/counter", b"POST", 405)])
def test_what_is_not_there_needs_no_body(keyed_server, target, method, status):
    framing, _ = FRAMINGS["sized"]
    assert refusal_of(keyed_server, head(framing, target=target, method=method)).status == status


def test_a_request_behind_a_refused_head_is_not_read(keyed_server, admin, counter):
    framing, _ = FRAMINGS["sized"]
    smuggled = head(b"Content-Length: 0\r\n", keyed_server.admin_key, f"/local/{counter}")
    answer = refusal_of(keyed_server, head(b"Content-Length: 5000\r\n", "wrong") + smuggled)
    assert answer.status == 401
    assert admin.post(f"/local/{counter}").json()["counter"] == 1


@framings
def test_over_the_rate_is_refused_before_the_body(keyed_server, admin, plan, framing, body):
    key = make_key(admin, plan, rate=0.001, burst=1)["key"]
    assert keyed_server.new_client(headers={"x-api-key": key}).post("/local/a").status == 200
    answer = refusal_of(keyed_server, head(framing, key, more=b"Expect: 100-continue\r\nOrigin: https://shop.example\r\n"))
    assert (answer.status, answer.body) == (429, TOO_MANY)
    assert 990 <= int(answer.headers["retry-after"]) <= 1000
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"


# A small quota is taken from the store while the request waits, so its head is postponed; of a large one a block is there.
@pytest.mark.parametrize("limit", [3, 2000])
@framings
def test_a_body_that_is_asked_for_counts_once(keyed_server, admin, plan, framing, body, limit):
    key = make_key(admin, plan, rate=0.001, burst=3, quota={"limit": limit, "period": "week"})["key"]
    request = head(framing, key, more=b"Expect: 100-continue\r\n")
    with keyed_server.new_client().raw() as connection:
        for done in range(3):
            connection.send(request)
            assert connection.read_until(b"\r\n\r\n") == CONTINUE
            connection.send(body)
            assert connection.read_answer().status == 200
            assert used(admin, plan) == done + 1
    assert refusal_of(keyed_server, request).status == 429


@pytest.mark.parametrize("limit", [4, 2000])
@framings
def test_a_slow_body_counts_once(keyed_server, admin, plan, framing, body, limit):
    key = make_key(admin, plan, rate=0.001, burst=4, quota={"limit": limit, "period": "week"})["key"]
    with keyed_server.new_client().raw() as connection:
        connection.send(head(framing, key))
        for at in range(len(body)):
            time.sleep(0.01)
            connection.send(body[at:at + 1])
        assert connection.read_answer().status == 200
        # The next ones on the connection count anew: at once, in pieces, and behind each other.
        for request in (head(framing, key) + body, head(framing, key)):
            connection.send(request)
        connection.send(body)
        assert [connection.read_answer().status for _ in range(2)] == [200, 200]
    assert used(admin, plan) == 3
    client = keyed_server.new_client(headers={"x-api-key": key})
    assert [client.post("/local/a").status for _ in range(2)] == [200, 429]


def test_over_the_quota_is_refused_before_the_body(keyed_server, admin, plan):
    key = make_key(admin, plan, quota={"limit": 1, "period": "week"})["key"]
    framing, body = FRAMINGS["sized"]
    with keyed_server.new_client().raw() as connection:
        connection.send(head(framing, key))
        time.sleep(0.05)
        connection.send(body)
        assert connection.read_answer().status == 200
    answer = refusal_of(keyed_server, head(framing, key))
    assert (answer.status, answer.body) == (429, EXCEEDED)
    assert used(admin, plan) == 1


# What is let in without a key leaves nothing behind that would let the next one in for nothing.
def test_a_late_body_for_a_probe_pays_for_nobody(keyed_server, admin, plan):
    key = make_key(admin, plan, rate=0.001, burst=1)["key"]
    with keyed_server.new_client().raw() as connection:
        for answers in (200, 429):
            connection.send(head(b"Content-Length: 2\r\n", target="/healthz", method=b"GET", more=b"Expect: 100-continue\r\n"))
            assert connection.read_until(b"\r\n\r\n") == CONTINUE
            connection.send(b"{}")
            assert connection.read_answer().status == 200
            connection.send(head(b"Content-Length: 0\r\n", key, "/local/a"))
            assert connection.read_answer().status == answers


def test_a_key_that_is_revoked_while_the_body_comes_is_refused(keyed_server, admin):
    made = make_key(admin)
    framing, body = FRAMINGS["sized"]
    with keyed_server.new_client().raw() as connection:
        connection.send(head(framing, made["key"], more=b"Expect: 100-continue\r\n"))
        assert connection.read_until(b"\r\n\r\n") == CONTINUE
        assert admin.delete(f"/keys?id={made['id']}").status == 204
        connection.send(body)
        assert connection.read_answer().status == 401


@pytest.mark.parametrize("authorization, said", [
    (b"", "MissingAuthenticationTokenException"),
    (b"Authorization: AWS4-HMAC-SHA256 Credential=nobody/%(day)s/us-east-1/dynamodb/aws4_request, "
     b"SignedHeaders=host;x-amz-date;x-amz-target, Signature=00\r\nX-Amz-Date: %(time)s\r\n", "UnrecognizedClientException"),
], ids=["unsigned", "unknown key"])
def test_who_is_not_known_to_dynamodb_is_refused_before_the_body(keyed_server, authorization, said):
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()).encode()
    more = b"X-Amz-Target: DynamoDB_20120810.PutItem\r\n" + authorization % {b"day": now[:8], b"time": now}
    answer = refusal_of(keyed_server, head(b"Content-Length: 16000000\r\n", target="/", more=more))
    assert (answer.status, answer.json()["__type"].rpartition("#")[2]) == (400, said)
    assert "x-amzn-requestid" in answer.headers


def test_an_unknown_operation_of_dynamodb_is_refused_before_the_body(keyed_server):
    more = b"X-Amz-Target: DynamoDB_20120810.Nothing\r\n"
    assert refusal_of(keyed_server, head(b"Content-Length: 16000000\r\n", target="/", more=more)).status == 400
