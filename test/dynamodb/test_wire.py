"""The protocol itself: headers, bodies that are no requests, other methods, compression."""

import json
import zlib

import pytest

from dynamodb_client import S, compressed

no_local = pytest.mark.differs_in_dynamodb_local("it fails with 500, or takes what is no request")


def kind_of(answer):
    return answer.json()["__type"].rpartition("#")[2]


# --- every answer


def test_the_type_of_an_answer(db):
    assert db.call("ListTables", {}).headers["content-type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("operation, members", [("ListTables", {}), pytest.param("DescribeTable", {"TableName": "quipu_test_nobody"},
                         marks=pytest.mark.differs_in_dynamodb_local("its refusals have no sum"))])
def test_an_answer_has_the_sum_of_its_body(db, operation, members):
    answer = db.call(operation, members)
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)


def test_every_answer_has_an_id_of_its_own(db):
    ids = {db.call("ListTables", {}).headers["x-amzn-requestid"] for _ in range(5)}
    assert len(ids) == 5


def test_a_refusal_says_its_type_with_a_namespace(db):
    answer = db.call("DescribeTable", {"TableName": "quipu_test_nobody"})
    assert answer.json()["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    answer = db.call("GetItem", {"TableName": "quipu_test_nobody", "Key": {"h": {"N": "x"}}})
    assert answer.json()["__type"] in ("com.amazon.coral.validate#ValidationException",
                                       "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException")


def test_a_validation_error_says_its_namespace(db):
    assert db.call("ListTables", {"Limit": 0}).json()["__type"] == "com.amazon.coral.validate#ValidationException"


# --- what is no request


@pytest.mark.parametrize("target", [None, "", "DynamoDB_20120810", "DynamoDB_20120810.", "DynamoDB_20120810.Foo", "PutItem", "Foo.PutItem",
                                    "DynamoDB_20120810.putitem"])
@no_local
def test_an_unknown_operation(db, target):
    answer = db.call("ListTables", {}, headers={"X-Amz-Target": target})
    assert (answer.status, kind_of(answer)) == (400, "UnknownOperationException")


def test_an_operation_that_does_not_exist(db):
    answer = db.call("Foo", {})
    assert (answer.status, kind_of(answer)) == (400, "UnknownOperationException")


@pytest.mark.parametrize("body", [b"", b"{", b"{]", b"{}x", b"x", b'{"Limit":01}', b'{"Limit":1,}', b"{'Limit':1}", b'{"a":"\x01"}',
                                  b'{"a":"\\x"}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b"[" * 100_000])
@no_local
def test_a_body_that_is_no_json(db, body):
    answer = db.call("ListTables", body=body)
    assert (answer.status, kind_of(answer)) == (400, "SerializationException")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1", b"true"])
@pytest.mark.only_quipu
def test_a_body_that_is_no_object(db, body):
    answer = db.call("ListTables", body=body)
    assert (answer.status, kind_of(answer)) == (400, "SerializationException")


WRONG_TYPES = {
    "a number for a text": ("ListTables", {"ExclusiveStartTableName": 1}, "NUMBER_VALUE cannot be converted to String"),
    "a fraction for a text": ("ListTables", {"ExclusiveStartTableName": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
    "true for a text": ("ListTables", {"ExclusiveStartTableName": True}, "TRUE_VALUE cannot be converted to String"),
    "false for a text": ("ListTables", {"ExclusiveStartTableName": False}, "FALSE_VALUE cannot be converted to String"),
    "a list for a text": ("ListTables", {"ExclusiveStartTableName": []}, "Unrecognized collection type class java.lang.String"),
    "an object for a text": ("ListTables", {"ExclusiveStartTableName": {}},
                             "Start of structure or map found where not expected"),
    "a text for a number": ("ListTables", {"Limit": "1"}, "STRING_VALUE cannot be converted to Integer"),
    "true for a number": ("ListTables", {"Limit": True}, "TRUE_VALUE cannot be converted to Integer"),
    "a list for a number": ("ListTables", {"Limit": []}, "Unrecognized collection type class java.lang.Integer"),
    "a text for a bool": ("GetItem", {"TableName": "abc", "ConsistentRead": "maybe"}, "Unexpected token received from parser"),
    "a number for a bool": ("GetItem", {"TableName": "abc", "ConsistentRead": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
    "a text for a map": ("GetItem", {"TableName": "abc", "Key": "x"}, "Unexpected field type"),
    "a list for a map": ("GetItem", {"TableName": "abc", "Key": []}, "Unrecognized collection type java.util.Map<java.lang.String, "
                         "com.amazonaws.dynamodb.v20120810.AttributeValue>"),
    "a text for a list": ("GetItem", {"TableName": "abc", "AttributesToGet": "x"}, "Unexpected field type"),
    "an object for a list": ("GetItem", {"TableName": "abc", "AttributesToGet": {}},
                             "Start of structure or map found where not expected"),
    "a text for a value": ("GetItem", {"TableName": "abc", "Key": {"h": "x"}}, "Unexpected value type in payload"),
    "a list for a value": ("GetItem", {"TableName": "abc", "Key": {"h": []}}, "Unrecognized collection type class "
                           "com.amazonaws.dynamodb.v20120810.AttributeValue"),
    "a number for N": ("GetItem", {"TableName": "abc", "Key": {"h": {"N": 1}}}, "NUMBER_VALUE cannot be converted to String"),
    "base 64 of a wrong length": ("GetItem", {"TableName": "abc", "Key": {"h": {"B": "abc"}}},
                                  "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
    "no base 64": ("GetItem", {"TableName": "abc", "Key": {"h": {"B": 1}}}, "only base-64-encoded strings are convertible to bytes"),
}


@pytest.mark.parametrize("operation, members, message", WRONG_TYPES.values(), ids=WRONG_TYPES)
@no_local
def test_a_member_of_another_type(db, operation, members, message):
    answer = db.call(operation, members)
    assert (answer.status, kind_of(answer)) == (400, "SerializationException")
    assert answer.json()["Message"] == message


def test_members_that_nobody_knows_are_ignored(db, table, key):
    assert db("GetItem", TableName=table, Key=key, Foo={"a": [1]}) == {}


def test_null_is_as_if_it_were_not_there(db, table, key):
    assert db("GetItem", TableName=table, Key=key, ProjectionExpression=None, ConsistentRead=None) == {}


# --- encodings


def test_a_body_may_escape_any_character(db, table, name):
    body = '{"TableName":"%s","Item":{"\\u0068":{"S":"%s"},"a":{"S":"\\ud834\\udd1e\\u0000\\/\\b\\f\\n\\r\\t"}}}' % (table, name)
    assert db.call("PutItem", body=body.encode()).status == 200
    assert db.get(table, {"h": S(name)})["a"] == S("\U0001d11e\0/\b\f\n\r\t")


def test_white_space_is_free(db, table, key):
    body = json.dumps({"TableName": table, "Key": key}, indent=3).replace("\n", "\r\n\t ")
    assert db.call("GetItem", body=b" \n" + body.encode() + b"\n ").json() == {}


@no_local
def test_a_request_may_be_compressed(db, table, key):
    body = compressed(json.dumps({"TableName": table, "Item": key}).encode())
    assert db.call("PutItem", body=body, headers={"Content-Encoding": "gzip"}).status == 200
    assert db.get(table, key) == key


@no_local
def test_a_compressed_request_that_is_not_compressed(db):
    answer = db.call("ListTables", body=b"{}", headers={"Content-Encoding": "gzip"})
    assert answer.status == 400


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0", "application/x-amz-json-1.0; charset=utf-8",
                                          "application/json", None])
def test_the_type_of_a_request_is_not_looked_at_closely(db, content_type):
    answer = db.call("ListTables", {}, headers={"Content-Type": content_type})
    assert answer.status == 200 or content_type is None


# --- other methods


@no_local
def test_get_of_the_root_says_that_it_is_well(db):
    answer = db.http.request("GET", "/")
    assert answer.status == 200
    assert answer.text.startswith("healthy: ")


@no_local
def test_a_browser_may_ask_whether_it_may_ask(db):
    answer = db.http.request("OPTIONS", "/", headers={"Origin": "http://example.org", "Access-Control-Request-Method": "POST",
                                                      "Access-Control-Request-Headers": "x-amz-target,content-type"})
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-amz-target" in answer.headers["access-control-allow-headers"].lower()


@no_local
def test_an_answer_to_a_browser_may_be_read(db):
    answer = db.call("ListTables", {}, headers={"Origin": "http://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.only_quipu
def test_a_request_needs_credentials_of_some_kind(keyed_server):
    from dynamodb_client import DynamoDB
    client = DynamoDB(keyed_server.url)
    answer = client.call("ListTables", {}, headers={"Authorization": None})
    assert (answer.status, kind_of(answer)) == (400, "MissingAuthenticationTokenException")
    client.close()
