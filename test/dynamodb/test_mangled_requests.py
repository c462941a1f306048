"""Requests of every operation with each of their parts left out, or something else in its place: whatever is said of them, the
server does not break, and goes on."""

import copy

import pytest

from dynamodb_client import N, S

REPLACEMENTS = (None, {}, [], "", "x", 0, -1, 10**30, 1.5, True, [None], [{}], [[]], {"x": {}}, {"S": "x"}, {"L": [{"N": "x"}]}, "a" * 3000)
SKIP = object()
THROUGHPUT = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
ANY_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/none"


def index(name, key):
    return {"IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]}, "ProvisionedThroughput": THROUGHPUT}


def requests(table, arn, name):
    """One for each operation, with all that it can have. What makes something makes it under a name that is wrong at first."""
    key = {"h": S(name)}
    item = {**key, "v": {"M": {"l": {"L": [N(1), {"SS": ["a"]}, {"B": "AAAA"}, {"NULL": True}, {"BOOL": False}]}}}}
    names, values = {"#v": "v"}, {":n": N(1), ":s": S("x")}
    condition = {"ConditionExpression": "attribute_not_exists(#v) OR #v <> :s",
                 "ExpressionAttributeNames": names, "ExpressionAttributeValues": {":s": S("x")}}
    update = {"UpdateExpression": "SET #v = if_not_exists(#v, :n) + :n, w = :s",
              "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    legacy = {"v": {"ComparisonOperator": "EQ", "AttributeValueList": [N(1)]}}
    returns = {"ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE"}
    statement = {"Statement": f'SELECT * FROM "{table}" WHERE h = ?', "Parameters": [S(name)], "ConsistentRead": True}
    made = {"TableName": "m", "BillingMode": "PROVISIONED", "ProvisionedThroughput": THROUGHPUT,
            "AttributeDefinitions": [{"AttributeName": "h", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [index("by-g", "g")],
            "LocalSecondaryIndexes": [{key: value for key, value in index("own", "h").items() if key != "ProvisionedThroughput"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "SSESpecification": {"Enabled": True}, "Tags": [{"Key": "a", "Value": "b"}], "DeletionProtectionEnabled": False}
    return {
        "CreateTable": made,
        "UpdateTable": {"TableName": table, "BillingMode": "PROVISIONED", "ProvisionedThroughput": THROUGHPUT,
                        "AttributeDefinitions": [{"AttributeName": "none", "AttributeType": "S"}],
                        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "none", "ProvisionedThroughput": THROUGHPUT}}],
                        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        "DescribeTable": {"TableName": table},
        "DeleteTable": {"TableName": "no-such-table"},
        "ListTables": {"ExclusiveStartTableName": table, "Limit": 2},
        "UpdateTimeToLive": {"TableName": table, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
        "DescribeTimeToLive": {"TableName": table},
        "TagResource": {"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "b"}]},
        "UntagResource": {"ResourceArn": arn, "TagKeys": ["a"]},
        "ListTagsOfResource": {"ResourceArn": arn, "NextToken": "x"},
        "DescribeLimits": {},
        "DescribeEndpoints": {},
        "DescribeContinuousBackups": {"TableName": table},
        "CreateBackup": {"TableName": "no-such-table", "BackupName": "backup"},
        "DescribeBackup": {"BackupArn": f"{ANY_ARN}/backup/01700000000000-12345678"},
        "DeleteBackup": {"BackupArn": f"{ANY_ARN}/backup/01700000000000-12345678"},
        "ListBackups": {"TableName": table, "Limit": 2, "TimeRangeLowerBound": 1, "TimeRangeUpperBound": 2, "BackupType": "ALL",
                        "ExclusiveStartBackupArn": f"{ANY_ARN}/backup/01700000000000-12345678"},
        "RestoreTableFromBackup": {"TargetTableName": "restored", "BackupArn": f"{ANY_ARN}/backup/01700000000000-12345678"},
        "PutItem": {"TableName": table, "Item": item, "ReturnValues": "ALL_OLD", **condition, **returns},
        "GetItem": {"TableName": table, "Key": key, "ConsistentRead": True, "ProjectionExpression": "#v.l[0]",
                    "ExpressionAttributeNames": names, "ReturnConsumedCapacity": "TOTAL"},
        "UpdateItem": {"TableName": table, "Key": key, "ReturnValues": "UPDATED_NEW", **update, **returns,
                       "ConditionExpression": "attribute_not_exists(#v) OR attribute_type(#v, :s)"},
        "DeleteItem": {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD", **condition, **returns,
                       "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        "BatchGetItem": {"RequestItems": {table: {"Keys": [key], "ProjectionExpression": "#v", "ExpressionAttributeNames": names}}},
        "BatchWriteItem": {"RequestItems": {table: [{"PutRequest": {"Item": item}}, {"DeleteRequest": {"Key": {"h": S("other")}}}]}},
        "Query": {"TableName": table, "KeyConditionExpression": "h = :s", "FilterExpression": "#v <> :n", "Limit": 2,
                  "ExclusiveStartKey": key, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values,
                  "Select": "ALL_ATTRIBUTES", "ScanIndexForward": False},
        "Scan": {"TableName": table, "Segment": 0, "TotalSegments": 2, "Limit": 2, "ExclusiveStartKey": key, "ScanFilter": legacy,
                 "ConditionalOperator": "OR", "AttributesToGet": ["v"]},
        "TransactWriteItems": {"ClientRequestToken": "token", "TransactItems": [
            {"Put": {"TableName": table, "Item": item, **condition}},
            {"Update": {"TableName": table, "Key": {"h": S("u")}, **update}},
            {"Delete": {"TableName": table, "Key": {"h": S("d")}, **condition}},
            {"ConditionCheck": {"TableName": table, "Key": {"h": S("c")}, **condition}}]},
        "TransactGetItems": {"TransactItems": [{"Get": {"TableName": table, "Key": key, "ProjectionExpression": "v"}}]},
        "ExecuteStatement": {**statement, "Limit": 2, "NextToken": "x"},
        "BatchExecuteStatement": {"Statements": [statement, statement]},
        "ExecuteTransaction": {"TransactStatements": [statement], "ClientRequestToken": "token"},
        "ListStreams": {"TableName": table, "Limit": 2, "ExclusiveStartStreamArn": f"{ANY_ARN}/stream/2026-01-01T00:00:00.000"},
        "DescribeStream": {"StreamArn": f"{ANY_ARN}/stream/2026-01-01T00:00:00.000", "Limit": 2, "ExclusiveStartShardId": "shardId-1"},
        "GetShardIterator": {"StreamArn": f"{ANY_ARN}/stream/2026-01-01T00:00:00.000", "ShardId": "shardId-00000001",
                             "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "1"},
        "GetRecords": {"ShardIterator": "x", "Limit": 2},
    }


OPERATIONS = list(requests("", "", ""))


def places(value, path=()):
    """Everything in it, as paths."""
    if path:
        yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for at, inner in below:
        yield from places(inner, (*path, at))


def changed(request, path, replacement):
    """`replacement` at that place, or nothing if it is SKIP."""
    made = copy.deepcopy(request)
    parent = made
    for at in path[:-1]:
        parent = parent[at]
    if replacement is SKIP:
        del parent[path[-1]]
    else:
        parent[path[-1]] = replacement
    return made


@pytest.mark.only_quipu
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_part_of_a_request_breaks_the_server(db, make_table, name, operation):
    table = make_table("h:S")
    arn = db("DescribeTable", TableName=table)["Table"]["TableArn"]
    request = requests(table, arn, name)[operation]
    assert db.call(operation, request).status < 500
    for path in list(places(request)):
        for replacement in (SKIP, *REPLACEMENTS):
            mangled = changed(request, path, replacement)
            answer = db.call(operation, mangled)
            assert answer.status < 500, (path, replacement, answer)
    assert db("DescribeTable", TableName=table)["Table"]["TableName"] == table
