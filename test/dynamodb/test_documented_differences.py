"""What docs/compatibility.md says to be otherwise than with the service, where it is not told beside the operation itself."""

import threading

import pytest

from dynamodb_client import N, S
from quipu_server import wait_until
from table_maker import creation

pytestmark = pytest.mark.differs_in_dynamodb_local("these are differences of ours")


def test_the_class_of_a_table_is_kept_and_told(db, make_table):
    table = make_table("h:S")
    db("UpdateTable", TableName=table, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert make_table.describe(table)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_encryption_and_replicas_are_taken_without_effect(db, make_table):
    table = make_table("h:S")
    before = make_table.describe(table)
    db("UpdateTable", TableName=table, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    db("UpdateTable", TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    assert make_table.describe(table) == before


@pytest.mark.parametrize("change", [{"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
                                    {"WarmThroughput": {"ReadUnitsPerSecond": 12000}},
                                    {"MultiRegionConsistency": "STRONG"}])
def test_an_update_of_what_is_not_there_is_refused(db, make_table, change):
    assert db.error("UpdateTable", TableName=make_table("h:S"), **change).type == "ValidationException"


@pytest.mark.parametrize("change", [{"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
                                    {"WarmThroughput": {"ReadUnitsPerSecond": 12000}}])
def test_other_throughput_of_an_index_is_taken_without_effect(db, make_table, change):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    before = make_table.describe(table)
    db("UpdateTable", TableName=table, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by_a", **change}}])
    assert make_table.describe(table) == before


def test_what_create_table_cannot_do_is_not_described(db, make_table):
    table = make_table.name()
    more = {"SSESpecification": {"Enabled": True}, "OnDemandThroughput": {"MaxReadRequestUnits": 5}}
    db("CreateTable", **creation(table, "h:S"), **more)
    make_table.wait(table)
    assert not {"SSEDescription", "OnDemandThroughput", "WarmThroughput"} & make_table.describe(table).keys()


def test_nothing_is_throttled(db, make_table, name):
    table = make_table("h:S", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    for i in range(200):
        db.put(table, {"h": S(f"{name}{i}"), "text": S("x" * 5000)})
    assert len(db.items("Scan", TableName=table)) == 200


def run_at_once(works):
    failures = []

    def kept(work):
        try:
            work()
        except BaseException as failure:  # shown by the assertion in the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=kept, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_transactions_on_the_same_items_come_one_after_the_other(db, ranged, name):
    both = [{"Update": {"TableName": ranged, "Key": {"h": S(name), "r": N(r)}, "UpdateExpression": "ADD n :one",
                        "ExpressionAttributeValues": {":one": N(1)}}} for r in (1, 2)]

    def add():
        connection = db.another()
        for _ in range(50):
            connection("TransactWriteItems", TransactItems=both)

    run_at_once([add] * 8)
    items = db.items("Query", TableName=ranged, KeyConditionExpression="h = :h", ExpressionAttributeValues={":h": S(name)})
    assert [item["n"] for item in items] == [N(400), N(400)]


def test_a_page_is_one_state(db, ranged, name):
    both = [{"Update": {"TableName": ranged, "Key": {"h": S(name), "r": N(r)}, "UpdateExpression": "ADD n :one",
                        "ExpressionAttributeValues": {":one": N(1)}}} for r in (1, 2)]
    db("TransactWriteItems", TransactItems=both)
    stop = threading.Event()

    def write():
        connection = db.another()
        while not stop.is_set():
            connection("TransactWriteItems", TransactItems=both)

    def read():
        connection = db.another()
        try:
            for _ in range(300):
                page = connection("Query", TableName=ranged, KeyConditionExpression="h = :h",
                                  ExpressionAttributeValues={":h": S(name)})
                assert len({item["n"]["N"] for item in page["Items"]}) == 1
        finally:
            stop.set()

    run_at_once([write, read])


@pytest.fixture
def backup(db, make_table):
    """A table and its finished backup."""
    table = make_table("h:S")
    arn = db("CreateBackup", TableName=table, BackupName="kept")["BackupDetails"]["BackupArn"]
    wait_until(lambda: db("DescribeBackup", BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE", 300)
    yield table, arn
    db("DeleteBackup", BackupArn=arn)


def test_backups_are_listed_whatever_their_kind(db, backup):
    table, arn = backup
    listed = db("ListBackups", TableName=table, BackupType="SYSTEM", TimeRangeUpperBound=1)["BackupSummaries"]
    assert [each["BackupArn"] for each in listed] == [arn]


def test_overrides_of_a_restored_table_have_no_effect(db, make_table, backup):
    restored = make_table.name()
    db("RestoreTableFromBackup", BackupArn=backup[1], TargetTableName=restored, BillingModeOverride="PROVISIONED",
       ProvisionedThroughputOverride={"ReadCapacityUnits": 7, "WriteCapacityUnits": 7})
    make_table.wait(restored)
    assert make_table.describe(restored)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
