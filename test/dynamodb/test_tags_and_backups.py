"""Tags of tables, and backups that outlive them."""

import pytest

from dynamodb_client import N, Refusal, S, invalid, validation
from quipu_server import wait_until

pytestmark = pytest.mark.differs_in_dynamodb_local("it has neither")


@pytest.fixture(scope="module")
def arn(make_table, table):
    return make_table.describe(table)["TableArn"]


def tags(db, arn):
    return sorted(db("ListTagsOfResource", ResourceArn=arn)["Tags"], key=str)


def tag(key, value):
    return {"Key": key, "Value": value}


# --- tags


def test_a_table_has_no_tags_at_first(db, make_table):
    assert tags(db, make_table.describe(make_table("h:S"))["TableArn"]) == []


def test_a_table_can_be_made_with_tags(db, make_table):
    table = make_table("h:S", Tags=[tag("a", "1"), tag("b", "")])
    assert tags(db, make_table.describe(table)["TableArn"]) == [tag("a", "1"), tag("b", "")]


def test_tags_are_added_replaced_and_removed(db, make_table):
    arn = make_table.describe(make_table("h:S"))["TableArn"]
    db("TagResource", ResourceArn=arn, Tags=[tag("a", "1"), tag("b", "2")])
    db("TagResource", ResourceArn=arn, Tags=[tag("b", "3"), tag("c", "4")])
    wait_until(lambda: tags(db, arn) == [tag("a", "1"), tag("b", "3"), tag("c", "4")], 10)
    db("UntagResource", ResourceArn=arn, TagKeys=["a", "c", "nobody"])
    wait_until(lambda: tags(db, arn) == [tag("b", "3")], 10)


def test_50_tags_are_allowed(db, make_table):
    arn = make_table.describe(make_table("h:S"))["TableArn"]
    db("TagResource", ResourceArn=arn, Tags=[tag(str(i), "x") for i in range(50)])
    assert db.error("TagResource", ResourceArn=arn, Tags=[tag("more", "x")]).type in ("ValidationException",
                                                                                      "LimitExceededException")


def test_tags_have_so_many_characters_not_bytes(db, make_table):
    arn = make_table.describe(make_table("h:S"))["TableArn"]
    db("TagResource", ResourceArn=arn, Tags=[tag("é" * 128, "א" * 256)])
    wait_until(lambda: tags(db, arn) == [tag("é" * 128, "א" * 256)], 10)


@pytest.mark.parametrize("wrong", [[], [tag("a", "1"), tag("a", "2")], [tag("aws:a", "1")], [tag("", "1")], [tag("x" * 129, "1")],
                                   [tag("a", "x" * 257)], [tag("é" * 129, "1")], [tag("a", "é" * 257)]])
def test_wrong_tags(db, arn, wrong):
    assert db.error("TagResource", ResourceArn=arn, Tags=wrong).type == "ValidationException"
    assert tags(db, arn) == []


def test_removing_no_tags(db, arn):
    assert db.error("UntagResource", ResourceArn=arn, TagKeys=[]) == validation("Atleast one Tag Key needs to be provided as Input.")


def test_adding_no_tags(db, arn):
    assert db.error("TagResource", ResourceArn=arn, Tags=[]) == validation("Atleast one Tag needs to be provided as Input.")


@pytest.mark.parametrize("operation, member", [("TagResource", "tags"), ("UntagResource", "tagKeys")])
def test_a_list_that_is_not_there(db, arn, operation, member):
    for more in ({}, {member[0].upper() + member[1:]: None}):
        assert db.error(operation, ResourceArn=arn, **more) == invalid(
            f"Value null at '{member}' failed to satisfy constraint: Member must not be null")


TAGGING = [("ListTagsOfResource", {}), ("TagResource", {"Tags": [tag("a", "b")]}), ("UntagResource", {"TagKeys": ["a"]})]


@pytest.mark.parametrize("operation, more", TAGGING)
def test_an_arn_that_is_none(db, operation, more):
    assert db.error(operation, ResourceArn="x", **more) == validation("Invalid TableArn: Invalid ResourceArn provided as input x")


@pytest.mark.parametrize("operation, more", TAGGING)
@pytest.mark.parametrize("below, message", [
    ("/index/by_a", "One or more parameter values were invalid: Invalid resource arn provided, only table or stream is accepted. "
                    "Provided resource arn: "),
    ("/backup/01547087347000-abcdef12", "One or more parameter values were invalid: Provided Arn is not a DynamoDB resource arn: "),
    ("/stream/2026-01-01T00:00:00.000", "Invalid TableArn: Invalid ResourceArn provided as input "),
])
def test_only_tables_have_tags(db, arn, operation, more, below, message):
    assert db.error(operation, ResourceArn=arn + below, **more) == validation(message + arn + below)
    assert tags(db, arn) == []


# --- backups


@pytest.fixture(scope="module")
def backed_up(db, make_table):
    """A table with an index and ten items, its backup, and what was in it."""
    table = make_table("h:S", "r:N", indexes={"by_a": "a:S"})
    for i in range(10):
        db.put(table, {"h": S("x"), "r": N(i), "a": S(f"a{i % 2}")})
    items = db.items("Scan", TableName=table)
    details = db("CreateBackup", TableName=table, BackupName="the-backup")["BackupDetails"]
    wait_until(lambda: describe(db, details["BackupArn"])["BackupDetails"]["BackupStatus"] == "AVAILABLE", 300)
    yield table, details["BackupArn"], items
    db.call("DeleteBackup", {"BackupArn": details["BackupArn"]})


def describe(db, arn):
    return db("DescribeBackup", BackupArn=arn)["BackupDescription"]


def test_a_backup_is_described(db, make_table, backed_up):
    table, arn, _ = backed_up
    description = describe(db, arn)
    details, source = description["BackupDetails"], description["SourceTableDetails"]
    assert (details["BackupName"], details["BackupStatus"], details["BackupType"]) == ("the-backup", "AVAILABLE", "USER")
    assert details["BackupArn"] == arn and arn.startswith(make_table.describe(table)["TableArn"] + "/backup/")
    assert source["TableName"] == table
    assert source["KeySchema"] == [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}]
    assert description["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by_a"


def test_backups_are_listed(db, backed_up):
    table, arn, _ = backed_up
    summary, = db("ListBackups", TableName=table)["BackupSummaries"]
    assert (summary["BackupArn"], summary["BackupName"], summary["TableName"]) == (arn, "the-backup", table)


def test_a_list_goes_on_behind_a_backup_that_was_deleted(db, make_table):
    table = make_table("h:S")
    made = [db("CreateBackup", TableName=table, BackupName=f"number-{i}")["BackupDetails"]["BackupArn"] for i in range(4)]
    wait_until(lambda: all(describe(db, arn)["BackupDetails"]["BackupStatus"] == "AVAILABLE" for arn in made), 300)
    listed, start = [], {}
    for _ in range(4):
        page = db("ListBackups", TableName=table, Limit=1, **start)
        listed.append(page["BackupSummaries"][0]["BackupArn"])
        db("DeleteBackup", BackupArn=listed[-1])
        start = {"ExclusiveStartBackupArn": listed[-1]}
    assert sorted(listed) == sorted(made)
    assert db("ListBackups", TableName=table, **start)["BackupSummaries"] == []


@pytest.mark.parametrize("wrong", ["x" * 40, "arn:aws:dynamodb:us-east-1:000000000000:table/t"])
def test_a_list_goes_on_behind_a_backup_and_nothing_else(db, wrong):
    assert db.error("ListBackups", ExclusiveStartBackupArn=wrong).status == 400


def test_a_backup_is_restored_as_it_was(db, make_table, backed_up):
    table, arn, items = backed_up
    db.put(table, {"h": S("after"), "r": N(0)})
    restored = make_table.name()
    description = db("RestoreTableFromBackup", TargetTableName=restored, BackupArn=arn)["TableDescription"]
    assert description["RestoreSummary"]["SourceBackupArn"] == arn
    make_table.wait(restored)
    assert sorted(db.items("Scan", TableName=restored), key=str) == sorted(items, key=str)
    found = db("Query", TableName=restored, IndexName="by_a", KeyConditionExpression="a = :a",
               ExpressionAttributeValues={":a": S("a1")})
    assert found["Count"] == 5


@pytest.mark.only_quipu
def test_a_table_can_be_deleted_while_it_is_restored(db, make_table, backed_up):
    _, arn, _ = backed_up
    restored = make_table.name()
    db("RestoreTableFromBackup", TargetTableName=restored, BackupArn=arn)
    assert db("DeleteTable", TableName=restored)["TableDescription"]["TableStatus"] == "DELETING"
    assert db.error("DescribeTable", TableName=restored).type == "ResourceNotFoundException"


def test_a_backup_outlives_its_table(db, make_table):
    table = make_table("h:S")
    db.put(table, {"h": S("x")})
    arn = db("CreateBackup", TableName=table, BackupName="last")["BackupDetails"]["BackupArn"]
    wait_until(lambda: describe(db, arn)["BackupDetails"]["BackupStatus"] == "AVAILABLE", 300)
    db("DeleteTable", TableName=table)
    wait_until(lambda: db.call("DescribeTable", {"TableName": table}).status == 400, 60)
    restored = make_table.name()
    db("RestoreTableFromBackup", TargetTableName=restored, BackupArn=arn)
    make_table.wait(restored)
    assert db.items("Scan", TableName=restored) == [{"h": S("x")}]
    db("DeleteBackup", BackupArn=arn)


def test_a_deleted_backup_is_gone(db, make_table):
    arn = db("CreateBackup", TableName=make_table("h:S"), BackupName="short")["BackupDetails"]["BackupArn"]
    wait_until(lambda: describe(db, arn)["BackupDetails"]["BackupStatus"] == "AVAILABLE", 300)
    assert db("DeleteBackup", BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    assert db.error("DescribeBackup", BackupArn=arn).type == "BackupNotFoundException"


def test_a_backup_is_not_restored_over_a_table(db, table, backed_up):
    assert db.error("RestoreTableFromBackup", TargetTableName=table, BackupArn=backed_up[1]) == Refusal(
        "TableAlreadyExistsException", f"Table already exists: {table}")


def test_a_backup_of_a_table_that_is_not_there(db):
    assert db.error("CreateBackup", TableName="quipu_test_nobody", BackupName="abc") == Refusal(
        "TableNotFoundException", "Table not found: quipu_test_nobody")


def test_continuous_backups_are_described(db, table):
    description = db("DescribeContinuousBackups", TableName=table)["ContinuousBackupsDescription"]
    assert description["ContinuousBackupsStatus"] == "ENABLED"
    assert description["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
