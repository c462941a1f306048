"""SigV4 on a server with keys: a right signature is let in, everything else is told why not, in the service's words."""

import datetime
import re

import pytest

from dynamodb_client import DynamoDB, S, compressed, signer
from table_maker import creation

pytestmark = pytest.mark.only_quipu


@pytest.fixture(scope="module")
def access(keyed_server):
    """(access key id, secret) of the key that the server showed at its first start, as the environment variables of AWS."""
    shown = dict(re.findall(r"(AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY)=(\S+)", keyed_server.all_output()))
    assert set(shown) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, keyed_server.all_output()
    return shown["AWS_ACCESS_KEY_ID"], shown["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture
def signed(keyed_server, access):
    client = DynamoDB(keyed_server.url, signer(*access))
    yield client
    client.close()


def kind_of(answer):
    return answer.status, answer.json()["__type"].rpartition("#")[2]


def test_a_right_signature_is_let_in(signed):
    assert "TableNames" in signed("ListTables")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "local"])
def test_any_region_will_do(keyed_server, access, region):
    client = DynamoDB(keyed_server.url, signer(*access, region=region))
    assert client.call("ListTables", {}).status == 200
    client.close()


def test_items_are_written_and_read(signed):
    signed.call("CreateTable", creation("signed", "h:S"))
    signed.put("signed", {"h": S("\u00e4 \u2603")})
    assert signed.get("signed", {"h": S("\u00e4 \u2603")}) == {"h": S("\u00e4 \u2603")}


def test_no_signature(keyed_server):
    client = DynamoDB(keyed_server.url)
    answer = client.call("ListTables", {}, {"Authorization": None, "X-Amz-Date": None})
    assert kind_of(answer) == (400, "MissingAuthenticationTokenException")
    client.close()


def test_another_secret(keyed_server, access):
    client = DynamoDB(keyed_server.url, signer(access[0], access[1][::-1]))
    answer = client.call("ListTables", {})
    assert kind_of(answer) == (400, "InvalidSignatureException")
    assert answer.json()["message"].startswith("The request signature we calculated does not match the signature you provided.")
    client.close()


def test_a_key_that_nobody_has(keyed_server, access):
    client = DynamoDB(keyed_server.url, signer("AKIDNOBODY", access[1]))
    answer = client.call("ListTables", {})
    assert kind_of(answer) == (400, "UnrecognizedClientException")
    assert answer.json()["message"] == "The security token included in the request is invalid."
    client.close()


def test_a_body_that_was_changed(signed, access, keyed_server):
    headers = signer(*access)(keyed_server.url, {"Content-Type": "application/x-amz-json-1.0",
                                                 "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    answer = signed.http.request("POST", "/", b'{"Limit":1}', headers)
    assert kind_of(answer) == (400, "InvalidSignatureException")


def test_a_header_that_was_changed(signed, access, keyed_server):
    headers = signer(*access)(keyed_server.url, {"Content-Type": "application/x-amz-json-1.0",
                                                 "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    answer = signed.http.request("POST", "/", b"{}", {**headers, "X-Amz-Target": "DynamoDB_20120810.DescribeLimits"})
    assert kind_of(answer) == (400, "InvalidSignatureException")


@pytest.mark.parametrize("minutes, fits", [(-4, True), (4, True), (-6, False), (6, False), (-60 * 24, False)])
def test_a_signature_is_good_for_five_minutes(keyed_server, access, monkeypatch, minutes, fits):
    import botocore.auth
    moved = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moved

    monkeypatch.setattr(botocore.auth.datetime, "datetime", Clock)
    client = DynamoDB(keyed_server.url, signer(*access))
    answer = client.call("ListTables", {})
    client.close()
    if fits:
        assert answer.status == 200
    else:
        assert kind_of(answer) == (400, "InvalidSignatureException")
        assert re.match(r"Signature (expired|not yet current): ", answer.json()["message"])


@pytest.mark.parametrize("authorization", ["x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a", "Basic eDp5",
                                           "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"])
def test_a_header_that_is_no_signature(keyed_server, authorization):
    client = DynamoDB(keyed_server.url)
    status, kind = kind_of(client.call("ListTables", {}, {"Authorization": authorization}))
    client.close()
    assert status == 400
    assert kind in ("IncompleteSignatureException", "InvalidSignatureException", "UnrecognizedClientException",
                    "MissingAuthenticationTokenException")


def test_a_compressed_body_is_signed_as_it_is_sent(signed):
    answer = signed.call("ListTables", body=compressed(b"{}"), headers={"Content-Encoding": "gzip"})
    assert answer.status == 200


def test_a_query_may_carry_the_signature(keyed_server, access):
    import hashlib

    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    class WithBody(SigV4QueryAuth):
        """AWS's own moves a body into the query; here it stays where it is."""

        def payload(self, request):
            return hashlib.sha256(b"{}").hexdigest()

    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}
    request = AWSRequest("POST", keyed_server.url + "/", headers=headers)
    WithBody(Credentials(*access), "dynamodb", "us-east-1", expires=60).add_auth(request)
    client = DynamoDB(keyed_server.url)
    answer = client.http.request("POST", request.url[len(keyed_server.url):], b"{}", dict(request.headers.items()))
    client.close()
    assert answer.status == 200, answer
