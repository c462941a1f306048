"""TransactWriteItems and TransactGetItems: all or nothing, and why not."""

import uuid

import pytest

from dynamodb_client import L, N, Refusal, S, SS, invalid, validation

CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]"
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
NONE = {"Code": "None"}


def put(table, item, **more):
    return {"Put": {"TableName": table, "Item": item, **more}}


def delete(table, key, **more):
    return {"Delete": {"TableName": table, "Key": key, **more}}


def update(table, key, expression, values=None, **more):
    members = {"ExpressionAttributeValues": values} if values else {}
    return {"Update": {"TableName": table, "Key": key, "UpdateExpression": expression, **members, **more}}


def check(table, key, condition, values=None, **more):
    members = {"ExpressionAttributeValues": values} if values else {}
    return {"ConditionCheck": {"TableName": table, "Key": key, "ConditionExpression": condition, **members, **more}}


def keys(name, count):
    return [{"h": S(f"{name}-{i}")} for i in range(count)]


def cancelled(db, *items):
    """The reasons of a refused transaction."""
    answer = db.call("TransactWriteItems", {"TransactItems": list(items)})
    assert answer.status == 400, answer
    body = answer.json()
    assert body["__type"].endswith("#TransactionCanceledException"), answer
    reasons = body["CancellationReasons"]
    if db.is_local:  # it ends one of the messages with a full stop
        reasons = [{**each, "Message": each["Message"].rstrip(".")} if "Message" in each else each for each in reasons]
    assert db.refusal(answer).message == CANCELLED.format(", ".join(reason["Code"] for reason in reasons))
    return reasons


# --- writing


def test_all_kinds_of_actions_at_once(db, table, name):
    made, changed, gone, checked = keys(name, 4)
    for key in (changed, gone, checked):
        db.put(table, {**key, "n": N(1)})
    assert db("TransactWriteItems", TransactItems=[
        put(table, {**made, "n": N(9)}), update(table, changed, "SET n = n + :v", {":v": N(1)}), delete(table, gone),
        check(table, checked, "n = :v", {":v": N(1)})]) == {}
    assert [db.get(table, key) for key in (made, changed, gone, checked)] == [
        {**made, "n": N(9)}, {**changed, "n": N(2)}, None, {**checked, "n": N(1)}]


def test_a_transaction_spans_tables(db, table, ranged, name):
    key = {"h": S(name)}
    db("TransactWriteItems", TransactItems=[put(table, key), put(ranged, {**key, "r": N(1)})])
    assert db.get(table, key) == key
    assert db.get(ranged, {**key, "r": N(1)}) == {**key, "r": N(1)}


def test_a_transaction_may_have_100_items(db, table, name):
    hundred = keys(name, 100)
    db("TransactWriteItems", TransactItems=[put(table, key) for key in hundred])
    assert db.get(table, hundred[99]) == hundred[99]


@pytest.mark.parametrize("failing", range(3))
def test_one_failed_condition_undoes_all(db, table, name, failing):
    three = keys(name, 3)
    db.put(table, three[failing])
    reasons = cancelled(db, *(put(table, {**key, "n": N(1)}, ConditionExpression="attribute_not_exists(h)") for key in three))
    assert reasons == [FAILED if i == failing else NONE for i in range(3)]
    assert [db.get(table, key) for key in three] == [key if i == failing else None for i, key in enumerate(three)]


def test_each_failed_condition_is_named(db, table, name):
    one, two, three, four = keys(name, 4)
    reasons = cancelled(db, put(table, one, ConditionExpression="attribute_exists(h)"),
                        update(table, two, "SET a = :v", {":v": N(1)}, ConditionExpression="a = :v"),
                        delete(table, three), check(table, four, "attribute_exists(h)"))
    assert reasons == [FAILED, FAILED, NONE, FAILED]


def test_a_failed_condition_shows_the_item_when_asked(db, table, name):
    one, two = keys(name, 2)
    db.put(table, {**one, "n": N(1)})
    wish = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    reasons = cancelled(db, put(table, one, ConditionExpression="attribute_not_exists(h)", **wish),
                        check(table, two, "attribute_exists(h)", **wish))
    assert reasons == [{**FAILED, "Item": {**one, "n": N(1)}}, FAILED]


def test_conditions_see_the_items_as_they_were(db, table, name):
    one, two = keys(name, 2)
    reasons = cancelled(db, put(table, one), check(table, two, "attribute_exists(h)"))
    assert reasons == [NONE, FAILED]
    assert db.get(table, one) is None


ONLY_ONE = validation("Transaction request cannot include multiple operations on one item")


@pytest.mark.parametrize("second", ["put", "delete", "update", "check"])
def test_one_item_may_be_named_once(db, table, key, second):
    action = {"put": put(table, key), "delete": delete(table, key), "update": update(table, key, "REMOVE a"),
              "check": check(table, key, "attribute_exists(h)")}[second]
    assert db.error("TransactWriteItems", TransactItems=[put(table, {**key, "a": N(1)}), action]) == ONLY_ONE


def reason(message):
    return [{"Code": "ValidationError", "Message": message}]


NOT_THE_KEY = "The provided key element does not match the schema"
same_top_level = pytest.mark.differs_in_dynamodb_local("it refuses the request instead of cancelling the transaction")
IMPOSSIBLE = {
    "a put of a key of another type": (lambda t, k: put(t, {"h": N(5)}), "One or more parameter values were invalid: Type "
                                       "mismatch for key h expected: S actual: N"),
    "an update of a key of another type": (lambda t, k: update(t, {"h": N(5)}, "REMOVE a"), NOT_THE_KEY),
    "a delete of a key of another type": (lambda t, k: delete(t, {"h": N(5)}), NOT_THE_KEY),
    "a check of a key of another type": (lambda t, k: check(t, {"h": N(5)}, "attribute_exists(h)"), NOT_THE_KEY),
    "a put without its key": (lambda t, k: put(t, {"a": N(5)}), "One or more parameter values were invalid: Missing the key h in "
                              "the item"),
    "a delete with too much of a key": (lambda t, k: delete(t, {**k, "x": S("x")}), NOT_THE_KEY),
    "an update of what is not there": (lambda t, k: update(t, k, "SET a = b"), "The provided expression refers to an attribute "
                                       "that does not exist in the item"),
    "an update of a path that is not there": (lambda t, k: update(t, k, "SET b.c = :v", {":v": N(1)}), "The document path "
                                              "provided in the update expression is invalid for update"),
    "an update of another type": (lambda t, k: update(t, k, "ADD a :v", {":v": SS("x")}), "An operand in the update expression "
                                  "has an incorrect data type"),
}


@same_top_level
@pytest.mark.parametrize("action, message", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_an_item_does_not_allow_is_a_reason(db, table, key, action, message):
    db.put(table, {**key, "a": N(1)})
    assert cancelled(db, action(table, key)) == reason(message)


EMPTY_KEY = validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
                       "string value. Key: h")


@pytest.mark.parametrize("action", [
    lambda t: put(t, {"h": S("")}), lambda t: delete(t, {"h": S("")}), lambda t: update(t, {"h": S("")}, "REMOVE a"),
    lambda t: check(t, {"h": S("")}, "attribute_exists(h)")], ids=["put", "delete", "update", "check"])
def test_an_empty_key_refuses_the_request(db, table, action):
    assert db.error("TransactWriteItems", TransactItems=[action(table)]) == EMPTY_KEY


def test_no_items(db):
    assert db.error("TransactWriteItems", TransactItems=[]) == invalid(
        "Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")


def test_101_items_are_too_many(db, table, name):
    error = db.error("TransactWriteItems", TransactItems=[put(table, key) for key in keys(name, 101)])
    assert (error.type, error.status) == ("ValidationException", 400)
    assert error.message.endswith("Member must have length less than or equal to 100")


def test_more_than_4_megabytes_are_too_much(db, table, name):
    error = db.error("TransactWriteItems", TransactItems=[put(table, {**key, "a": S("x" * 399_000)}) for key in keys(name, 11)])
    assert (error.type, error.status) == ("ValidationException", 400)
    assert db.get(table, keys(name, 1)[0]) is None


def test_an_action_must_be_one(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[{**put(table, key), **delete(table, key)}]) == validation(
        "TransactItems can only contain one of Check, Put, Update or Delete")


def test_an_action_may_not_be_nothing(db):
    assert db.error("TransactWriteItems", TransactItems=[{}]) == validation(
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")


MISSING = {
    "conditionCheck.conditionExpression": lambda t, k: {"ConditionCheck": {"TableName": t, "Key": k}},
    "delete.key": lambda t, k: {"Delete": {"TableName": t}},
    "put.item": lambda t, k: {"Put": {"TableName": t}},
    "put.tableName": lambda t, k: {"Put": {"Item": k}},
}


@pytest.mark.parametrize("member", MISSING)
def test_an_action_needs_its_members(db, table, key, member):
    assert db.error("TransactWriteItems", TransactItems=[MISSING[member](table, key)]) == invalid(
        f"Value null at 'transactItems.1.member.{member}' failed to satisfy constraint: Member must not be null")


@pytest.mark.differs_in_dynamodb_local("it takes an update without an expression")
def test_an_update_needs_its_expression(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[{"Update": {"TableName": table, "Key": key}}]) == invalid(
        "Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null")


def test_a_wrong_expression_refuses_the_request(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[update(table, key, "FOO")]) == validation(
        'Invalid UpdateExpression: Syntax error; token: "FOO", near: "FOO"')


def test_a_table_that_is_not_there(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[put(table, key), put("quipu_test_nobody", key)]) == Refusal(
        "ResourceNotFoundException", "Requested resource not found")
    assert db.get(table, key) is None


# --- once only


def test_a_token_makes_a_transaction_happen_once(db, table, key):
    request = {"TransactItems": [update(table, key, "ADD n :one", {":one": N(1)})], "ClientRequestToken": uuid.uuid4().hex}
    for _ in range(3):
        assert db("TransactWriteItems", **request) == {}
    assert db.get(table, key) == {**key, "n": N(1)}


def test_without_a_token_it_happens_each_time(db, table, key):
    for _ in range(3):
        db("TransactWriteItems", TransactItems=[update(table, key, "ADD n :one", {":one": N(1)})])
    assert db.get(table, key) == {**key, "n": N(3)}


def test_a_token_belongs_to_one_request(db, table, name):
    one, two = keys(name, 2)
    token = uuid.uuid4().hex
    db("TransactWriteItems", TransactItems=[put(table, one)], ClientRequestToken=token)
    error = db.error("TransactWriteItems", TransactItems=[put(table, two)], ClientRequestToken=token)
    assert (error.type, error.status) == ("IdempotentParameterMismatchException", 400)
    assert db.get(table, two) is None


def test_a_token_s_request_may_be_written_in_another_order(db, table, key):
    token = uuid.uuid4().hex
    one = {"TransactItems": [update(table, key, "ADD n :one", {":one": N(1)})], "ClientRequestToken": token}
    turned = {"ClientRequestToken": token,
              "TransactItems": [{"Update": dict(reversed(one["TransactItems"][0]["Update"].items()))}]}
    for request in (one, turned):
        db("TransactWriteItems", **request)
    assert db.get(table, key) == {**key, "n": N(1)}


def test_a_transaction_that_was_cancelled_may_be_tried_again_with_its_token(db, table, key):
    request = {"TransactItems": [put(table, {**key, "n": N(2)}, ConditionExpression="attribute_exists(h)")],
               "ClientRequestToken": uuid.uuid4().hex}
    assert db.error("TransactWriteItems", **request).type == "TransactionCanceledException"
    db.put(table, key)
    db("TransactWriteItems", **request)
    assert db.get(table, key) == {**key, "n": N(2)}


def test_a_token_has_at_most_36_characters(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[put(table, key)], ClientRequestToken="x" * 37) == invalid(
        f"Value '{'x' * 37}' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36")


@pytest.mark.differs_in_dynamodb_local("it takes an empty token")
def test_a_token_may_not_be_empty(db, table, key):
    assert db.error("TransactWriteItems", TransactItems=[put(table, key)], ClientRequestToken="") == invalid(
        "Value '' at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 1")


@pytest.mark.only_quipu
@pytest.mark.parametrize("action", [lambda table, key: update(table, key, "SET n = :n", {":n": N(1)}), delete])
def test_small_requests_do_not_change_more_than_4_megabytes(db, table, name, action):
    """The service says that the items of a transaction are that much at most, not how it words it."""
    items = keys(name, 11)
    for each in items:
        db.put(table, {**each, "filler": S("x" * 390_000)})
    reasons = cancelled(db, *[action(table, each) for each in items])
    assert [reason["Code"] for reason in reasons] == ["None"] * 10 + ["ValidationError"]
    assert reasons[-1]["Message"] == "Transaction request cannot exceed 4 MB"
    assert "n" not in db.get(table, items[0])
    db("TransactWriteItems", TransactItems=[action(table, each) for each in items[:10]])


# --- reading


def get(table, key, **more):
    return {"Get": {"TableName": table, "Key": key, **more}}


def test_reading_several_items(db, table, ranged, name):
    key = {"h": S(name)}
    db.put(table, {**key, "a": L(N(1))})
    db.put(ranged, {**key, "r": N(1)})
    answer = db("TransactGetItems", TransactItems=[get(ranged, {**key, "r": N(1)}), get(table, {"h": S("nobody")}), get(table, key)])
    assert answer == {"Responses": [{"Item": {**key, "r": N(1)}}, {}, {"Item": {**key, "a": L(N(1))}}]}


def test_reading_projects(db, table, key):
    db.put(table, {**key, "a": N(1), "b": N(2)})
    item = get(table, key, ProjectionExpression="#b", ExpressionAttributeNames={"#b": "b"})
    assert db("TransactGetItems", TransactItems=[item]) == {"Responses": [{"Item": {"b": N(2)}}]}


def test_reading_one_item_twice(db, table, key):
    assert db.error("TransactGetItems", TransactItems=[get(table, key), get(table, key)]) == ONLY_ONE


def test_reading_nothing(db):
    assert db.error("TransactGetItems", TransactItems=[]) == invalid(
        "Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")


def test_reading_a_table_that_is_not_there(db, key):
    assert db.error("TransactGetItems", TransactItems=[get("quipu_test_nobody", key)]) == Refusal(
        "ResourceNotFoundException", "Requested resource not found")


def test_reading_with_a_wrong_projection(db, table, key):
    assert db.error("TransactGetItems", TransactItems=[get(table, key, ProjectionExpression="!!!")]) == validation(
        'Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"')


@pytest.mark.differs_in_dynamodb_local("it tells no reasons")
def test_reading_with_a_wrong_key_is_a_reason(db, table):
    answer = db.call("TransactGetItems", {"TransactItems": [get(table, {})]})
    assert db.refusal(answer) == Refusal("TransactionCanceledException", CANCELLED.format("ValidationError"))
    assert answer.json()["CancellationReasons"] == reason(NOT_THE_KEY)


def test_101_items_are_too_many_to_read(db, table, name):
    error = db.error("TransactGetItems", TransactItems=[get(table, key) for key in keys(name, 101)])
    assert (error.type, error.status) == ("ValidationException", 400)
    assert error.message.endswith("Member must have length less than or equal to 100")
