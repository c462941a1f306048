"""AWS's own clients run real scenarios, unchanged: boto3, the AWS CLI, the SDK for JavaScript v3, and a package on the SDK v2."""

import decimal
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from dynamodb_local import NotInstalled, cached, install_npm
from quipu_server import wait_until

boto3 = pytest.importorskip("boto3", reason="tools/install_packages.sh test")
from boto3.dynamodb.conditions import Attr, Key  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

CLIENTS = Path(__file__).resolve().parent / "clients"
CREDENTIALS = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
SECONDS_MAX = 120
NUMBER = decimal.Decimal


def session_settings(service_kind, service_url):
    settings = {"endpoint_url": service_url, "config": Config(retries={"max_attempts": 1})}
    return settings if service_kind == "original" else {**settings, **CREDENTIALS}


@pytest.fixture(scope="module")
def client(service_kind, service_url):
    return boto3.client("dynamodb", **session_settings(service_kind, service_url))


@pytest.fixture(scope="module")
def resource(service_kind, service_url):
    return boto3.resource("dynamodb", **session_settings(service_kind, service_url))


@pytest.fixture(scope="module")
def events(resource):
    """A table of boto3's resource kind: key user, at; an index by kind; a stream."""
    table = resource.create_table(
        TableName=f"quipu_test_{uuid.uuid4().hex[:12]}", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"},
                              {"AttributeName": "kind", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by_kind", "Projection": {"ProjectionType": "ALL"},
                                 "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}]}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    table.wait_until_exists()
    yield table
    table.delete()
    table.wait_until_not_exists()


def fill(table, user, count):
    with table.batch_writer() as batch:
        for at in range(count):
            batch.put_item(Item={"user": user, "at": at, "kind": f"{user}-{at % 3}", "n": at * at})


# --- boto3: the resource


def test_boto3_waits_for_a_table(events):
    events.reload()
    assert events.table_status == "ACTIVE"
    assert events.item_count >= 0
    assert [each["AttributeName"] for each in events.key_schema] == ["user", "at"]


def test_boto3_keeps_pythons_values(events):
    item = {"user": "values", "at": 1, "text": "h\u00e9llo \u2603", "number": NUMBER("3.14159265358979323846264338327950288"),
            "yes": True, "nothing": None, "list": [1, "two", [3]], "map": {"a": {"b": 1}}, "texts": {"a", "b"}, "numbers": {1, 2},
            "empty": ""}
    events.put_item(Item=item)
    assert events.get_item(Key={"user": "values", "at": 1}, ConsistentRead=True)["Item"] == item


def test_boto3_keeps_binaries(events):
    events.put_item(Item={"user": "binary", "at": 1, "data": b"\0\1\xff", "set": {b"a", b"b"}})
    item = events.get_item(Key={"user": "binary", "at": 1}, ConsistentRead=True)["Item"]
    assert item["data"].value == b"\0\1\xff"
    assert {each.value for each in item["set"]} == {b"a", b"b"}


def test_boto3_writes_and_reads_more_than_a_batch_holds(events):
    fill(events, "batch", 60)
    assert events.query(KeyConditionExpression=Key("user").eq("batch"), ConsistentRead=True)["Count"] == 60


@pytest.mark.parametrize("condition, expected", [
    (Key("at").between(3, 5), [3, 4, 5]), (Key("at").lt(2), [0, 1]), (Key("at").gte(18), [18, 19]), (Key("at").eq(7), [7])])
def test_boto3_helps_with_key_conditions(events, condition, expected):
    fill(events, "keys", 20)
    found = events.query(KeyConditionExpression=Key("user").eq("keys") & condition)["Items"]
    assert [int(item["at"]) for item in found] == expected


@pytest.mark.parametrize("condition, expected", [
    (Attr("n").gt(300), [18, 19]), (Attr("kind").begins_with("attrs-0") & Attr("at").lt(7), [0, 3, 6]),
    (Attr("kind").contains("-2") | Attr("n").eq(0), [0, 2, 5, 8, 11, 14, 17]), (~Attr("n").gte(4), [0, 1]),
    (Attr("n").is_in([1, 9, 25]), [1, 3, 5]), (Attr("nobody").exists(), []), (Attr("n").between(16, 25), [4, 5]),
    (Attr("kind").size().eq(7) & Attr("n").attribute_type("N") & Attr("at").ne(0) & Attr("n").lte(1), [1])])
def test_boto3_helps_with_filters(events, condition, expected):
    fill(events, "attrs", 20)
    items = events.scan(FilterExpression=Attr("user").eq("attrs") & condition)["Items"]
    assert sorted(int(item["at"]) for item in items) == expected


def test_boto3_helps_with_conditions(events):
    events.put_item(Item={"user": "condition", "at": 1}, ConditionExpression=Attr("user").not_exists())
    with pytest.raises(ClientError) as failure:
        events.put_item(Item={"user": "condition", "at": 1}, ConditionExpression=Attr("user").not_exists())
    assert failure.value.response["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(failure.value.response["ResponseMetadata"]["RequestId"]) >= 16


def test_boto3_counts(events):
    for expected in (1, 2, 3):
        answer = events.update_item(Key={"user": "count", "at": 0}, UpdateExpression="SET n = if_not_exists(n, :z) + :o",
                                    ExpressionAttributeValues={":z": 0, ":o": 1}, ReturnValues="UPDATED_NEW")
        assert answer["Attributes"] == {"n": expected}


def test_boto3_follows_pages(events):
    fill(events, "pages", 30)
    found, start = [], {}
    while True:
        page = events.query(KeyConditionExpression=Key("user").eq("pages"), Limit=7, ScanIndexForward=False, **start)
        found += [int(item["at"]) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert found == list(range(29, -1, -1))


def test_boto3_queries_an_index(events):
    fill(events, "index", 9)
    wait_until(lambda: events.query(IndexName="by_kind", KeyConditionExpression=Key("kind").eq("index-1"))["Count"] == 3, 10)


def test_boto3_reads_a_batch_of_a_resource(resource, events):
    fill(events, "read", 4)
    keys = [{"user": "read", "at": at} for at in range(6)]
    answer = resource.batch_get_item(RequestItems={events.name: {"Keys": keys, "ConsistentRead": True}})
    assert sorted(int(item["at"]) for item in answer["Responses"][events.name]) == [0, 1, 2, 3]
    assert answer["UnprocessedKeys"] == {}


# --- boto3: the client


def test_boto3_has_paginators(client, events):
    fill(events, "paginator", 25)
    pages = client.get_paginator("query").paginate(
        TableName=events.name, KeyConditionExpression="#u = :u", ExpressionAttributeNames={"#u": "user"},
        ExpressionAttributeValues={":u": {"S": "paginator"}}, PaginationConfig={"PageSize": 10})
    assert [page["Count"] for page in pages] == [10, 10, 5]
    assert sum(page["Count"] for page in client.get_paginator("scan").paginate(TableName=events.name)) >= 25
    names = [name for page in client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}) for name in page["TableNames"]]
    assert events.name in names and names == sorted(names)


def test_boto3_knows_the_errors_by_their_classes(client, events):
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="quipu_test_nobody")
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(TableName=events.name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}])
    with pytest.raises(ClientError, match="ValidationException"):
        client.update_item(TableName=events.name, Key={"user": {"S": "x"}, "at": {"N": "1"}}, UpdateExpression="FOO")


def test_boto3_transacts(client, events):
    def put(at, **more):
        return {"Put": {"TableName": events.name, "Item": {"user": {"S": "transact"}, "at": {"N": str(at)}}, **more}}

    client.transact_write_items(TransactItems=[put(1), put(2)])
    with pytest.raises(client.exceptions.TransactionCanceledException) as failure:
        client.transact_write_items(TransactItems=[put(3), put(1, ConditionExpression="attribute_not_exists(#u)",
                                                               ExpressionAttributeNames={"#u": "user"})])
    assert [reason["Code"] for reason in failure.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    answer = client.transact_get_items(TransactItems=[
        {"Get": {"TableName": events.name, "Key": {"user": {"S": "transact"}, "at": {"N": str(at)}}}} for at in (1, 2, 3)])
    assert ["Item" in each for each in answer["Responses"]] == [True, True, False]


def test_boto3_reads_a_stream(service_kind, service_url, events):
    events.put_item(Item={"user": "stream", "at": 1, "a": 1})
    events.update_item(Key={"user": "stream", "at": 1}, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": 2})
    events.delete_item(Key={"user": "stream", "at": 1})
    streams = boto3.client("dynamodbstreams", **session_settings(service_kind, service_url))
    arn = streams.list_streams(TableName=events.name)["Streams"][0]["StreamArn"]

    def changes():
        found = []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while iterator:
                page = streams.get_records(ShardIterator=iterator)
                found += [record for record in page["Records"] if record["dynamodb"]["Keys"]["user"] == {"S": "stream"}]
                iterator = page.get("NextShardIterator") if page["Records"] else None
        return found

    records = wait_until(lambda: len(changes()) == 3 and changes(), 30)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["NewImage"]["a"] == {"N": "2"}
    assert records[0]["dynamodb"]["ApproximateCreationDateTime"].year >= 2024


def test_boto3_sets_time_to_live(client, events):
    assert client.describe_time_to_live(TableName=events.name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


# --- the AWS CLI


@pytest.fixture(scope="module")
def cli(service_kind, service_url):
    command = next((path for path in ("/usr/bin/aws", shutil.which("aws")) if path and os.path.exists(path)), None)
    if not command:
        pytest.skip("there is no command aws: tools/install_packages.sh test")
    own = {} if service_kind == "original" else {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
                                                 "AWS_DEFAULT_REGION": "us-east-1"}

    def run(*arguments, fails=False):
        done = subprocess.run([command, "dynamodb", *arguments, "--endpoint-url", service_url, "--output", "json", "--no-cli-pager"],
                              env={**os.environ, **own}, capture_output=True, text=True, timeout=SECONDS_MAX)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr.strip() if fails else json.loads(done.stdout or "{}")

    return run


def test_the_cli_does_a_days_work(cli):
    table = f"quipu_test_{uuid.uuid4().hex[:12]}"
    made = cli("create-table", "--table-name", table, "--billing-mode", "PAY_PER_REQUEST",
               "--attribute-definitions", "AttributeName=artist,AttributeType=S", "AttributeName=song,AttributeType=S",
               "--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=song,KeyType=RANGE")
    assert made["TableDescription"]["TableName"] == table
    cli("wait", "table-exists", "--table-name", table)
    cli("put-item", "--table-name", table, "--item", '{"artist":{"S":"Nina"},"song":{"S":"Sinnerman"},"plays":{"N":"1"}}')
    cli("put-item", "--table-name", table, "--item", '{"artist":{"S":"Nina"},"song":{"S":"Feeling Good"},"plays":{"N":"5"}}')
    found = cli("query", "--table-name", table, "--key-condition-expression", "artist = :a",
                "--expression-attribute-values", '{":a":{"S":"Nina"}}')
    assert [item["song"]["S"] for item in found["Items"]] == ["Feeling Good", "Sinnerman"]
    updated = cli("update-item", "--table-name", table, "--key", '{"artist":{"S":"Nina"},"song":{"S":"Sinnerman"}}',
                  "--update-expression", "ADD plays :one", "--expression-attribute-values", '{":one":{"N":"1"}}',
                  "--return-values", "ALL_NEW")
    assert updated["Attributes"]["plays"] == {"N": "2"}
    refused = cli("put-item", "--table-name", table, "--item", '{"artist":{"S":"Nina"},"song":{"S":"Sinnerman"}}',
                  "--condition-expression", "attribute_not_exists(song)", fails=True)
    assert refused.endswith("An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
                            "The conditional request failed")
    scanned = cli("scan", "--table-name", table, "--page-size", "1")
    assert (scanned["Count"], scanned["ScannedCount"]) == (2, 2)
    cli("delete-item", "--table-name", table, "--key", '{"artist":{"S":"Nina"},"song":{"S":"Sinnerman"}}')
    assert cli("get-item", "--table-name", table, "--key", '{"artist":{"S":"Nina"},"song":{"S":"Sinnerman"}}') == {}
    assert table in cli("list-tables")["TableNames"]
    cli("delete-table", "--table-name", table)
    cli("wait", "table-not-exists", "--table-name", table)


# --- JavaScript


def run_node(script, packages, *arguments):
    if not shutil.which("node"):
        pytest.skip("there is no command node: tools/install_packages.sh test")
    source = CLIENTS / packages
    try:
        installed = cached(f"client-{packages}", [source / "package.json", source / "package-lock.json"],
                           lambda directory: install_npm(source, directory))
    except NotInstalled as missing:
        pytest.skip(str(missing))
    done = subprocess.run(["node", str(CLIENTS / script), str(installed), *arguments], capture_output=True, text=True, timeout=SECONDS_MAX,
                          env={**os.environ, "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def document_client(service_kind, service_url):
    if service_kind == "original":
        pytest.skip("the script has no credentials for the original")
    return run_node("document_client.mjs", "v3", service_url, f"quipu_test_{uuid.uuid4().hex[:12]}")


DOCUMENT_CLIENT = {
    "waited": "SUCCESS", "twice": "ResourceInUseException",
    "read": {"user": "ann", "at": 1, "text": "h\u00e9llo \u2603", "big": "12345678901234567", "list": [1, "two", {"three": [True, None]}],
             "words": ["a", "b"], "numbers": [1, 2.5], "bytes": [0, 1, 255]},
    "missing": "none", "updated": {"count": 1}, "condition": "ConditionalCheckFailedException", "validation": "ValidationException",
    "deleted": 1, "unprocessed": 0, "batch": [{"user": "odd", "at": 1, "kind": "k1"}], "query": [5, 7, 9, 11],
    "pages": [[11, 9], [7, 5]], "index": [0, 3, 6, 9, 12, 15, 18], "scanned": 20, "transaction": [1, 2],
    "cancelled": {"name": "TransactionCanceledException", "reasons": ["None", "ConditionalCheckFailed"]},
    "events": {"INSERT": 23, "MODIFY": 1, "REMOVE": 1}, "gone": "SUCCESS",
}


@pytest.mark.parametrize("fact", DOCUMENT_CLIENT)
def test_the_document_client_of_javascript(document_client, fact):
    assert document_client[fact] == DOCUMENT_CLIENT[fact]


@pytest.fixture(scope="module")
def atomic_counter(make_table, service_kind, service_url):
    if service_kind == "original":
        pytest.skip("the script has no credentials for the original")
    return run_node("atomic_counter.cjs", "v2", service_url, "AtomicCounters" if service_kind == "quipu" else make_table("id:S"))


ATOMIC_COUNTER = {"unknown": 0, "first": [1, 2, 3], "ten": 13, "down": 10, "last": 10, "given": list(range(1, 51)), "named": 1,
                  "noTable": "ResourceNotFoundException", "item": {"N": "10"}, "deleted": "10", "again": 1}


@pytest.mark.parametrize("fact", ATOMIC_COUNTER)
def test_the_atomic_counter_package(atomic_counter, fact):
    assert atomic_counter[fact] == ATOMIC_COUNTER[fact]
