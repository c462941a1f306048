"""DynamoDB's protocol, as far as a benchmark needs it: headers, signatures, and calls that make and fill tables."""

import datetime
import hashlib
import hmac
import http.client
import json
import time

CONTENT_TYPE = "application/x-amz-json-1.0"
REGION = "us-east-1"
BATCH_ITEMS = 25
ACTIVE_SECONDS_MAX = 30
# Who verifies nothing still wants to see credentials that look right.
ANY_CREDENTIALS = {
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDBENCH/20260101/{REGION}/dynamodb/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}",
}


def headers(operation, credentials):
    return {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"DynamoDB_20120810.{operation}", **credentials}


def signature(access_key_id, secret, host, operation, body):
    """Signature Version 4 of this moment; it is taken for five minutes."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signed = {
        "content-type": CONTENT_TYPE,
        "host": host,
        "x-amz-date": now,
        "x-amz-target": f"DynamoDB_20120810.{operation}",
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{now[:8]}/{REGION}/dynamodb/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}"
    return {"X-Amz-Date": now, "Authorization": f"{credential}, SignedHeaders={names}, Signature={proof}"}


class Database:
    """One connection to a server that speaks DynamoDB. `keys`: (access key id, secret), of a server that verifies."""

    def __init__(self, port, keys=None):
        self.host = f"127.0.0.1:{port}"
        self.port = port
        self.keys = keys

    def headers(self, operation, body):
        proof = signature(*self.keys, self.host, operation, body) if self.keys else ANY_CREDENTIALS
        return headers(operation, proof)

    def call(self, operation, members):
        return self.send(operation, json.dumps(members).encode())

    def send(self, operation, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/", body, self.headers(operation, body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{operation} at {self.host}: status {answer.status}: {text[:500]!r}")
        return json.loads(text)

    def make_table(self, name, key="p", sort_key=None, indexes=()):
        """Its keys, and those of its global indexes, are strings; it returns when the table can be used."""
        names = [key, *([sort_key] if sort_key else [])]
        made = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in [*names, *indexes]],
            "KeySchema": [{"AttributeName": n, "KeyType": kind} for n, kind in zip(names, ("HASH", "RANGE"))],
        }
        if indexes:
            made["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": f"by-{n}",
                    "KeySchema": [{"AttributeName": n, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for n in indexes
            ]
        self.call("CreateTable", made)
        deadline = time.monotonic() + ACTIVE_SECONDS_MAX
        while self.call("DescribeTable", {"TableName": name})["Table"]["TableStatus"] != "ACTIVE":
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.host}: table {name} does not become active")
            time.sleep(0.05)

    def put_all(self, table, items):
        for start in range(0, len(items), BATCH_ITEMS):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH_ITEMS]]
            if self.call("BatchWriteItem", {"RequestItems": {table: puts}}).get("UnprocessedItems"):
                raise RuntimeError(f"{self.host} did not take all items")
