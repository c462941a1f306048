"""DynamoDB's protocol over http.client: raw JSON in and out, so that a test sees the bytes that a server really sends.

    db("PutItem", TableName="t", Item={...})            the answer's members; fails the test if the service refuses
    db.error("PutItem", ...) == validation("message")    the refusal; fails the test if there is none
    db.call("PutItem", {...})                            the whole answer: status, headers, body
"""

import gzip
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from known_differences import same_refusal  # noqa: E402
from quipu_client import Client  # noqa: E402

TABLES = "DynamoDB_20120810."
STREAMS = "DynamoDBStreams_20120810."
STREAM_OPERATIONS = {"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"}
CONTENT_TYPE = "application/x-amz-json-1.0"
# Whoever takes any credentials still wants to see some.
ANY_CREDENTIALS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=quipu/20260101/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
    "X-Amz-Date": "20260101T000000Z",
}


class Refusal(NamedTuple):
    type: str  # without its namespace
    message: str
    status: int = 400


def validation(message):
    return Refusal("ValidationException", message)


def invalid(*violations):
    """What the service says about members that break the rules of their shape."""
    plural = "error" if len(violations) == 1 else "errors"
    return validation(f"{len(violations)} validation {plural} detected: {'; '.join(violations)}")


class Unexpected(AssertionError):
    """The service answered what the test did not expect."""


def target(operation):
    return (STREAMS if operation in STREAM_OPERATIONS else TABLES) + operation


class LocalRefusal(Refusal):
    """What DynamoDB Local said. It equals what the service says in the same case, as known_differences.py lists them."""

    __slots__ = ()

    def __eq__(self, other):
        return same_refusal(other, self)

    def __ne__(self, other):
        return not self == other

    __hash__ = None


def refusal_of(answer, kind=Refusal):
    """Also of answers without a JSON body."""
    try:
        body = answer.json()
    except ValueError:
        return kind("", answer.body.decode(errors="replace"), answer.status)
    message = body.get("message", body.get("Message", ""))
    return kind(body.get("__type", "").rpartition("#")[2], message, answer.status)


class DynamoDB:
    """One connection. `sign` signs each request; without it any credentials are sent. `is_local`: it is DynamoDB Local."""

    def __init__(self, url, sign=None, is_local=False, timeout_s=60):
        self.url = url
        self.sign = sign
        self.is_local = is_local
        self.http = Client(url, timeout_s=timeout_s)

    def another(self):
        """With a connection of its own, for another thread."""
        return DynamoDB(self.url, self.sign, self.is_local, self.http.timeout_s)

    def close(self):
        self.http.close()

    def call(self, operation, members=None, headers=None, body=None):
        """`body` (bytes) instead of members: whatever it is, it is sent as it is. A header of value None is left out."""
        if body is None:
            body = json.dumps(members or {}).encode()
        sent = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": target(operation)}
        sent = self.sign(self.url, sent, body) if self.sign else {**sent, **ANY_CREDENTIALS}
        sent.update(headers or {})
        return self.http.request("POST", "/", body, {name: value for name, value in sent.items() if value is not None})

    def __call__(self, operation, **members):
        answer = self.call(operation, members)
        if answer.status != 200:
            raise Unexpected(f"{operation}: {refusal_of(answer)}")
        return answer.json() if answer.body else {}  # an operation without an output may say nothing at all

    def error(self, operation, **members):
        answer = self.call(operation, members)
        if answer.status == 200:
            raise Unexpected(f"{operation} was not refused: {answer}")
        return self.refusal(answer)

    def refusal(self, answer):
        return refusal_of(answer, LocalRefusal if self.is_local else Refusal)

    # What tests say most often.

    def put(self, table, item, **more):
        return self("PutItem", TableName=table, Item=item, **more)

    def get(self, table, key, **more):
        """The item, or None."""
        return self("GetItem", TableName=table, Key=key, ConsistentRead=True, **more).get("Item")

    def update(self, table, key, expression=None, **more):
        if expression is not None:
            more["UpdateExpression"] = expression
        return self("UpdateItem", TableName=table, Key=key, **more)

    def pages(self, operation, **members):
        """All pages of Query or Scan, as they came."""
        pages = [self(operation, **members)]
        while "LastEvaluatedKey" in pages[-1]:
            pages.append(self(operation, **{**members, "ExclusiveStartKey": pages[-1]["LastEvaluatedKey"]}))
        return pages

    def items(self, operation, **members):
        return [item for page in self.pages(operation, **members) for item in page["Items"]]


def signer(access_key, secret_key, region="us-east-1", service="dynamodb", query=False):
    """Signs as AWS's own clients do, by their code."""
    from botocore.auth import SigV4Auth, SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(access_key, secret_key)

    def sign(url, headers, body):
        request = AWSRequest("POST", url + "/", headers=dict(headers), data=body)
        (SigV4QueryAuth if query else SigV4Auth)(credentials, service, region).add_auth(request)
        return dict(request.headers.items())

    return sign


def signer_from_environment():
    """For the original: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION."""
    return signer(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"],
                  os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))


def compressed(body):
    return gzip.compress(body)


# Attribute values, as short as a test needs them.


def S(text):
    return {"S": text}


def N(number):
    return {"N": str(number)}


def B(base64_text):
    return {"B": base64_text}


def SS(*texts):
    return {"SS": list(texts)}


def NS(*numbers):
    return {"NS": [str(number) for number in numbers]}


def BS(*base64_texts):
    return {"BS": list(base64_texts)}


def L(*values):
    return {"L": list(values)}


def M(**values):
    return {"M": values}


TRUE, FALSE, NULL = {"BOOL": True}, {"BOOL": False}, {"NULL": True}
