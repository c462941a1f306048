"""Tables: made, described, listed, changed, deleted."""

import pytest

from dynamodb_client import Refusal, S, invalid, validation
from quipu_server import wait_until
from table_maker import creation, definitions


def not_found(table):
    return Refusal("ResourceNotFoundException", f"Requested resource not found: Table: {table} not found")


def values_invalid(text):
    return validation(f"One or more parameter values were invalid: {text}")


# --- made and described


def test_a_table_is_described_as_it_was_made(db, make_table):
    table = make_table("h:S", "r:N")
    description = make_table.describe(table)
    assert description["TableName"] == table
    assert description["TableStatus"] == "ACTIVE"
    assert description["KeySchema"] == [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}]
    assert sorted(description["AttributeDefinitions"], key=str) == definitions("h:S", "r:N")
    assert (description["ItemCount"], description["TableSizeBytes"]) == (0, 0)
    assert isinstance(description["CreationDateTime"], float)
    assert description["TableArn"].startswith("arn:aws:dynamodb:") and description["TableArn"].endswith(f"table/{table}")
    assert "GlobalSecondaryIndexes" not in description and "LocalSecondaryIndexes" not in description


@pytest.mark.differs_in_dynamodb_local("its tables have no ids")
def test_a_table_has_an_id(make_table):
    assert len(make_table.describe(make_table("h:S"))["TableId"]) == 36


def test_making_answers_the_description(db, make_table):
    table = make_table.name()
    description = db("CreateTable", **creation(table, "h:S"))["TableDescription"]
    assert (description["TableName"], description["TableStatus"] in ("CREATING", "ACTIVE")) == (table, True)
    make_table.wait(table)


def test_a_table_paid_by_request_says_so(make_table):
    description = make_table.describe(make_table("h:S"))
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    throughput = description["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"], throughput["NumberOfDecreasesToday"]) == (0, 0, 0)


def test_a_provisioned_table_says_what_it_has(make_table):
    table = make_table("h:S", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 2})
    description = make_table.describe(table)
    throughput = description["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (3, 2)
    assert "BillingModeSummary" not in description


def test_indexes_are_described(make_table):
    table = make_table("h:S", "r:N", local={"local": "a:S"}, indexes={"global": ("b:S", "r:N")},
                       projections={"local": ["x"], "global": "KEYS_ONLY"})
    description = make_table.describe(table)
    local, = description["LocalSecondaryIndexes"]
    assert local["IndexName"] == "local"
    assert local["KeySchema"] == [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "a", "KeyType": "RANGE"}]
    assert local["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}
    assert local["IndexArn"] == f"{description['TableArn']}/index/local"
    index, = description["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == [{"AttributeName": "b", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert index["IndexStatus"] == "ACTIVE"
    assert index["IndexArn"] == f"{description['TableArn']}/index/global"
    assert {each["AttributeName"] for each in description["AttributeDefinitions"]} == {"h", "r", "a", "b"}


def test_a_stream_is_described(make_table):
    table = make_table("h:S", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    description = make_table.describe(table)
    assert description["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert description["LatestStreamArn"] == f"{description['TableArn']}/stream/{description['LatestStreamLabel']}"


def test_protection_is_described(make_table, db):
    assert make_table.describe(make_table("h:S"))["DeletionProtectionEnabled"] is False
    table = make_table("h:S", DeletionProtectionEnabled=True)
    assert make_table.describe(table)["DeletionProtectionEnabled"] is True
    db("UpdateTable", TableName=table, DeletionProtectionEnabled=False)


@pytest.mark.differs_in_dynamodb_local("it takes only names")
def test_a_table_is_known_by_its_arn_too(db, make_table):
    table = make_table("h:S")
    arn = make_table.describe(table)["TableArn"]
    assert db("DescribeTable", TableName=arn)["Table"]["TableName"] == table


@pytest.mark.parametrize("name", ["a.b", "a_b", "a-b", "A.B-C_0", "x" * 255])
def test_names_of_tables(db, make_table, name):
    name = make_table.name()[-8:] + name[:247]
    make_table.made.append(name)
    db("CreateTable", **creation(name, "h:S"))
    assert make_table.describe(name)["TableName"] == name


def test_names_of_tables_are_case_sensitive(db, make_table):
    table = make_table("h:S")
    assert db.error("DescribeTable", TableName=table.upper()) == not_found(table.upper())


# --- what cannot be made


def test_a_table_is_made_once(db, table):
    assert db.error("CreateTable", **creation(table, "h:S")) == Refusal("ResourceInUseException",
                                                                        f"Table already exists: {table}")


def key(name, kind):
    return {"AttributeName": name, "KeyType": kind}


def index(name="global", keys=None, **projection):
    return {"IndexName": name, "KeySchema": keys or [key("a", "HASH")], "Projection": projection or {"ProjectionType": "ALL"}}


ONE_KEY = [key("h", "HASH")]
TWO_KEYS = [key("h", "HASH"), key("r", "RANGE")]
WRONG_TABLES = {
    "one attribute twice": ({"KeySchema": [key("h", "HASH"), key("h", "RANGE")]},
                            validation("Invalid KeySchema: Some index key attribute have no definition")),
    "one attribute twice, with another defined": (
        {"KeySchema": [key("h", "HASH"), key("h", "RANGE")], "AttributeDefinitions": definitions("h:S", "r:S")},
        validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")),
    "an attribute without a definition": ({"KeySchema": [key("h", "HASH"), key("x", "RANGE")],
                                           "AttributeDefinitions": definitions("h:S", "r:S")},
                                          values_invalid("Some index key attributes are not defined in AttributeDefinitions. "
                                                         "Keys: [h, x], AttributeDefinitions: [h, r]")),
    "a definition too many": ({"AttributeDefinitions": definitions("h:S", "r:S")},
                              values_invalid("Number of attributes in KeySchema does not exactly match number of attributes "
                                             "defined in AttributeDefinitions")),
    "a range key first": ({"KeySchema": [key("h", "RANGE"), key("r", "HASH")],
                           "AttributeDefinitions": definitions("h:S", "r:S")},
                          validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")),
    "two hash keys": ({"KeySchema": [key("h", "HASH"), key("r", "HASH")], "AttributeDefinitions": definitions("h:S", "r:S")},
                      validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")),
    "a type that cannot be a key": ({"AttributeDefinitions": definitions("h:BOOL")},
                                    invalid("Value 'BOOL' at 'attributeDefinitions.1.member.attributeType' failed to satisfy "
                                            "constraint: Member must satisfy enum value set: [B, N, S]")),
    "a key type that does not exist": ({"KeySchema": [key("h", "FOO")]},
                                       invalid("Value 'FOO' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member "
                                               "must satisfy enum value set: [HASH, RANGE]")),
    "no keys": ({"KeySchema": []}, invalid("Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length "
                                           "greater than or equal to 1")),
    "no key schema": ({"KeySchema": None}, invalid("Value null at 'keySchema' failed to satisfy constraint: Member must not be "
                                                   "null")),
    "no definitions": ({"AttributeDefinitions": None}, invalid("Value null at 'attributeDefinitions' failed to satisfy "
                                                               "constraint: Member must not be null")),
    "provisioned without saying what": ({"BillingMode": "PROVISIONED"},
                                        values_invalid("ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                                                       "BillingMode is PROVISIONED")),
    "nothing provisioned": ({"BillingMode": "PROVISIONED",
                             "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
                            invalid("Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member "
                                    "must have value greater than or equal to 1")),
    "no indexes": ({"GlobalSecondaryIndexes": []}, values_invalid("List of GlobalSecondaryIndexes is empty")),
    "a local index of a table without a range key": (
        {"LocalSecondaryIndexes": [index(keys=[key("h", "HASH"), key("a", "RANGE")])],
         "AttributeDefinitions": definitions("h:S", "a:S")},
        values_invalid("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")),
    "an index by what is not defined": ({"GlobalSecondaryIndexes": [index()]},
                                        values_invalid("Some index key attributes are not defined in AttributeDefinitions. "
                                                       "Keys: [a], AttributeDefinitions: [h]")),
    "an index with a short name": ({"GlobalSecondaryIndexes": [index("ab")], "AttributeDefinitions": definitions("h:S", "a:S")},
                                   invalid("Value 'ab' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy "
                                           "constraint: Member must have length greater than or equal to 3")),
    "two indexes of one name": ({"GlobalSecondaryIndexes": [index(), index()],
                                 "AttributeDefinitions": definitions("h:S", "a:S")},
                                values_invalid("Duplicate index name: global")),
    "an unknown projection": ({"GlobalSecondaryIndexes": [index(ProjectionType="FOO")],
                               "AttributeDefinitions": definitions("h:S", "a:S")},
                              invalid("Value 'FOO' at 'globalSecondaryIndexes.1.member.projection.projectionType' failed to "
                                      "satisfy constraint: Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]")),
    "ALL and more": ({"GlobalSecondaryIndexes": [index(ProjectionType="ALL", NonKeyAttributes=["x"])],
                      "AttributeDefinitions": definitions("h:S", "a:S")},
                     values_invalid("ProjectionType is ALL, but NonKeyAttributes is specified")),
    "21 global indexes": ({"GlobalSecondaryIndexes": [index(f"index{i}") for i in range(21)],
                           "AttributeDefinitions": definitions("h:S", "a:S")},
                          values_invalid("GlobalSecondaryIndex count exceeds the per-table limit of 20")),
}


@pytest.mark.parametrize("members, expected", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_wrong_table(db, make_table, members, expected):
    request = {**creation(make_table.name(), "h:S"), **members}
    assert db.error("CreateTable", **{k: v for k, v in request.items() if v is not None}) == expected


WRONG_LOCAL = {
    "another hash key": ([index("local", [key("r", "HASH"), key("a", "RANGE")])],
                         values_invalid("Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                                        "local. index hash key: r, table hash key: h")),
    "no range key": ([index("local", [key("h", "HASH")])],
                     values_invalid("Index KeySchema does not have a range key for index: local")),
    "six of them": ([index(f"local{i}", [key("h", "HASH"), key("a", "RANGE")]) for i in range(6)],
                    values_invalid("Number of LocalSecondaryIndexes exceeds per-table limit of 5")),
}


@pytest.mark.parametrize("indexes, expected", WRONG_LOCAL.values(), ids=WRONG_LOCAL)
def test_wrong_local_index(db, make_table, indexes, expected):
    request = {**creation(make_table.name(), "h:S", "r:S"), "LocalSecondaryIndexes": indexes,
               "AttributeDefinitions": definitions("h:S", "r:S", "a:S")}
    assert db.error("CreateTable", **request) == expected


@pytest.mark.differs_in_dynamodb_local("it takes both")
def test_paid_by_request_and_provisioned_at_once(db, make_table):
    error = db.error("CreateTable", **creation(make_table.name(), "h:S"),
                     ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    assert error == values_invalid("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                                   "PAY_PER_REQUEST")


# --- listed


def test_tables_are_listed_in_order_of_their_names(db, make_table):
    made = sorted(make_table("h:S") for _ in range(3))
    names = db("ListTables", ExclusiveStartTableName=made[0][:-1], Limit=100)["TableNames"]
    assert names == sorted(names)
    assert [name for name in names if name in made] == made


def test_tables_are_listed_in_pages(db, make_table):
    made = sorted(make_table("h:S") for _ in range(3))
    first = db("ListTables", ExclusiveStartTableName=made[0], Limit=1)
    assert first["LastEvaluatedTableName"] == first["TableNames"][-1]
    found, start = [], "aaa"
    while start:
        page = db("ListTables", ExclusiveStartTableName=start, Limit=2)
        found += page["TableNames"]
        start = page.get("LastEvaluatedTableName")
    assert set(made) <= set(found) and found == sorted(found)


@pytest.mark.parametrize("limit, bound", [(0, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_a_page_of_tables_has_1_to_100(db, limit, bound):
    assert db.error("ListTables", Limit=limit) == invalid(
        f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {bound}")


# --- changed


def test_a_table_changes_how_it_is_paid(db, make_table):
    table = make_table("h:S")
    db("UpdateTable", TableName=table, BillingMode="PROVISIONED",
       ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
    make_table.wait(table)
    throughput = make_table.describe(table)["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (5, 6)


THROUGHPUT = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


def update_index(table, **change):
    """The request of UpdateTable that updates the index by_a."""
    return {"TableName": table, "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_a", **change}}]}


@pytest.mark.differs_in_dynamodb_local("it answers 500")
def test_an_update_of_an_index_that_says_nothing(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    assert db.error("UpdateTable", **update_index(table)) == values_invalid(
        "The only Updates for index: by_a when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput")
    db("UpdateTable", **update_index(table, ProvisionedThroughput=THROUGHPUT), BillingMode="PROVISIONED",
       ProvisionedThroughput=THROUGHPUT)
    make_table.wait(table)
    assert db.error("UpdateTable", **update_index(table)) == values_invalid(
        "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: by_a")


@pytest.mark.differs_in_dynamodb_local("it answers 500")
def test_throughput_of_an_index_that_is_paid_by_request(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    assert db.error("UpdateTable", **update_index(table, ProvisionedThroughput=THROUGHPUT)) == values_invalid(
        "The only Updates for index: by_a when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput")


@pytest.mark.differs_in_dynamodb_local("it takes both, and the index never becomes active")
def test_throughput_of_an_index_that_is_made_later(db, make_table):
    table = make_table("h:S")
    create = {"IndexName": "by_a", "KeySchema": [key("a", "HASH")], "Projection": {"ProjectionType": "ALL"}}
    more = {"TableName": table, "AttributeDefinitions": definitions("a:S")}
    assert db.error("UpdateTable", **more, GlobalSecondaryIndexUpdates=[
        {"Create": {**create, "ProvisionedThroughput": THROUGHPUT}}]) == values_invalid(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: by_a when BillingMode is PAY_PER_REQUEST")
    db("UpdateTable", TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput=THROUGHPUT)
    make_table.wait(table)
    assert db.error("UpdateTable", **more, GlobalSecondaryIndexUpdates=[{"Create": create}]) == values_invalid(
        "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: by_a")


# Also when the indexes had some before.
@pytest.mark.differs_in_dynamodb_local("it answers 500")
def test_a_table_that_is_paid_for_throughput_again_says_how_much_its_indexes_have(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S", "by_b": "b:S"})
    provisioned = dict(TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput=THROUGHPUT)
    updates = [{"Update": {"IndexName": index, "ProvisionedThroughput": THROUGHPUT}} for index in ("by_a", "by_b")]
    for _ in range(2):
        assert db.error("UpdateTable", **provisioned) == values_invalid(
            "ProvisionedThroughput must be specified for index: by_a,by_b")
        assert db.error("UpdateTable", **provisioned, GlobalSecondaryIndexUpdates=updates[:1]) == values_invalid(
            "ProvisionedThroughput must be specified for index: by_b")
        db("UpdateTable", **provisioned, GlobalSecondaryIndexUpdates=updates)
        make_table.wait(table)
        for index in make_table.describe(table)["GlobalSecondaryIndexes"]:
            assert (index["ProvisionedThroughput"]["ReadCapacityUnits"], index["ProvisionedThroughput"]["WriteCapacityUnits"]) == (5, 6)
        db("UpdateTable", TableName=table, BillingMode="PAY_PER_REQUEST")
        make_table.wait(table)


def test_a_change_of_nothing(db, table):
    error = db.error("UpdateTable", TableName=table)
    assert (error.type, error.status) == ("ValidationException", 400)
    assert db.is_local or error.message.startswith("At least one of ProvisionedThroughput, BillingMode, ")


def test_a_protected_table_is_not_deleted(db, make_table):
    table = make_table("h:S")
    db("UpdateTable", TableName=table, DeletionProtectionEnabled=True)
    assert db.error("DeleteTable", TableName=table) == validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
    db("UpdateTable", TableName=table, DeletionProtectionEnabled=False)
    db("DeleteTable", TableName=table)


def test_a_stream_is_turned_on_once_and_off_once(db, make_table):
    table = make_table("h:S")
    on, off = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, {"StreamEnabled": False}
    db("UpdateTable", TableName=table, StreamSpecification=on)
    make_table.wait(table)
    error = db.error("UpdateTable", TableName=table, StreamSpecification=on)
    assert error.type == "ValidationException" and error.message.startswith("Table already has an enabled stream")
    db("UpdateTable", TableName=table, StreamSpecification=off)
    make_table.wait(table)
    assert "StreamSpecification" not in make_table.describe(table)
    error = db.error("UpdateTable", TableName=table, StreamSpecification=off)
    assert error.type == "ValidationException" and error.message.startswith("Table has no stream to disable")


def test_an_index_that_is_not_there_cannot_be_deleted(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    error = db.error("UpdateTable", TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "nope"}}])
    assert error.type == "ResourceNotFoundException"
    assert error.message.startswith("Requested resource not found")


def test_one_index_changes_at_a_time(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    create = {"IndexName": "by_b", "KeySchema": [key("b", "HASH")], "Projection": {"ProjectionType": "ALL"}}
    error = db.error("UpdateTable", TableName=table, AttributeDefinitions=definitions("h:S", "a:S", "b:S"),
                     GlobalSecondaryIndexUpdates=[{"Create": create}, {"Delete": {"IndexName": "by_a"}}])
    assert error == Refusal("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                                                      "simultaneously per table")


def test_an_index_is_made_once(db, make_table):
    table = make_table("h:S", indexes={"by_a": "a:S"})
    create = {"IndexName": "by_a", "KeySchema": [key("a", "HASH")], "Projection": {"ProjectionType": "ALL"}}
    error = db.error("UpdateTable", TableName=table, AttributeDefinitions=definitions("h:S", "a:S"),
                     GlobalSecondaryIndexUpdates=[{"Create": create}])
    assert error == validation("Attempting to create an index which already exists")


# --- deleted


def test_a_deleted_table_is_gone(db, make_table):
    table = make_table("h:S")
    db.put(table, {"h": S("x")})
    assert db("DeleteTable", TableName=table)["TableDescription"]["TableName"] == table
    wait_until(lambda: db.call("DescribeTable", {"TableName": table}).status == 400, 60)
    assert db.error("DescribeTable", TableName=table) == not_found(table)
    assert db.error("GetItem", TableName=table, Key={"h": S("x")}) == Refusal("ResourceNotFoundException",
                                                                             "Requested resource not found")


def test_a_table_made_again_is_empty(db, make_table):
    table = make_table("h:S")
    db.put(table, {"h": S("x")})
    db("DeleteTable", TableName=table)
    wait_until(lambda: db.call("DescribeTable", {"TableName": table}).status == 400, 60)
    db("CreateTable", **creation(table, "h:N"))
    make_table.wait(table)
    assert db("Scan", TableName=table)["Items"] == []


@pytest.mark.parametrize("operation, more", [("DescribeTable", {}), ("DeleteTable", {}), ("UpdateTable", {
    "BillingMode": "PAY_PER_REQUEST"}), ("DescribeTimeToLive", {})])
def test_a_table_that_is_not_there(db, operation, more):
    assert db.error(operation, TableName="quipu_test_nobody", **more) == not_found("quipu_test_nobody")


def test_limits_are_told(db):
    answer = db("DescribeLimits")
    assert set(answer) == {"AccountMaxReadCapacityUnits", "AccountMaxWriteCapacityUnits", "TableMaxReadCapacityUnits",
                           "TableMaxWriteCapacityUnits"}


@pytest.mark.differs_in_dynamodb_local("it does not know the operation")
def test_endpoints_are_told(db):
    endpoint, = db("DescribeEndpoints")["Endpoints"]
    assert set(endpoint) == {"Address", "CachePeriodInMinutes"}
