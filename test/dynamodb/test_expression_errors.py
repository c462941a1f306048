"""What is wrong with an expression is said before anything is looked up, in the service's words."""

import pytest

from dynamodb_client import BS, L, N, NULL, S, SS, TRUE, validation

ONE, TWO = N(1), N(2)
DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: {}, " \
           "first operand: [{}]"
COUNT = "Incorrect number of operands for operator or function; operator or function: {}, number of operands: {}"
TYPE = "Incorrect operand type for operator or function; operator or function: {}, operand type: {}"
TOKEN = 'Syntax error; token: "{}", near: "{}"'
OVERLAP = "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
CONFLICT = "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
NOT_THIS_WAY = "The function is not allowed to be used this way in an expression; function: {}"

# condition: (values, what is said after "Invalid ConditionExpression: ")
CONDITIONS = {
    "": (None, "The expression can not be empty;"),
    " ": (None, TOKEN.format("<EOF>", " ")),
    "a = :v": (None, "An expression attribute value used in expression is not defined; attribute value: :v"),
    "#a = b": (None, "An expression attribute name used in the document path is not defined; attribute name: #a"),
    "a = :v AND b = :w": ({":v": ONE}, "An expression attribute value used in expression is not defined; attribute value: :w"),
    "select = b": (None, "Attribute name is a reserved keyword; reserved keyword: select"),
    "a = Status": (None, "Attribute name is a reserved keyword; reserved keyword: Status"),
    "a.b.select = c": (None, "Attribute name is a reserved keyword; reserved keyword: select"),
    "foo(a)": (None, "Invalid function name; function: foo"),
    "Size(a) = b": (None, "Invalid function name; function: Size"),
    "if_not_exists(a, b) = c": (None, "The function is not allowed in a condition expression; function: if_not_exists"),
    "size(a)": (None, NOT_THIS_WAY.format("size")),
    "attribute_exists(a) = b": (None, NOT_THIS_WAY.format("attribute_exists")),
    "size(attribute_exists(a)) = b": (None, NOT_THIS_WAY.format("attribute_exists")),
    "attribute_exists(:v)": ({":v": S("a")}, "Operator or function requires a document path; operator or function: "
                                             "attribute_exists"),
    "attribute_not_exists(:v)": ({":v": S("a")}, "Operator or function requires a document path; operator or function: "
                                                 "attribute_not_exists"),
    "attribute_exists(a, b)": (None, COUNT.format("attribute_exists", 2)),
    "begins_with(a)": (None, COUNT.format("begins_with", 1)),
    "contains(a, b, c)": (None, COUNT.format("contains", 3)),
    "size(a, b) = c": (None, COUNT.format("size", 2)),
    "attribute_type(a)": (None, COUNT.format("attribute_type", 1)),
    "begins_with(a, :v)": ({":v": N(1)}, TYPE.format("begins_with", "N")),
    "begins_with(:v, a)": ({":v": SS("a")}, TYPE.format("begins_with", "SS")),
    "attribute_type(a, :v)": ({":v": N(1)}, TYPE.format("attribute_type", "N")),
    "size(:v) = a": ({":v": N(1)}, TYPE.format("size", "N")),
    "a < :v": ({":v": TRUE}, TYPE.format("<", "BOOL")),
    "a <= :v": ({":v": NULL}, TYPE.format("<=", "NULL")),
    "a > :v": ({":v": L()}, TYPE.format(">", "L")),
    ":v >= a": ({":v": SS("a")}, TYPE.format(">=", "SS")),
    "a BETWEEN :v AND b": ({":v": BS("YQ==")}, TYPE.format("BETWEEN", "BS")),
    "a BETWEEN :v AND :w": ({":v": TWO, ":w": ONE}, "The BETWEEN operator requires upper bound to be greater than or equal to "
                            "lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: "
                            "{N:1}"),
    "a BETWEEN :v AND :w ": ({":v": TWO, ":w": S("x")}, "The BETWEEN operator requires same data type for lower and upper "
                             "bounds; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {S:x}"),
    "a = a": (None, DISTINCT.format("=", "a")),
    "a.b[1] < a.b[1]": (None, DISTINCT.format("<", "a, b, [1]")),
    "a IN (b, a)": (None, DISTINCT.format("IN", "a")),
    "a BETWEEN b AND a": (None, DISTINCT.format("BETWEEN", "a")),
    "contains(a, a)": (None, DISTINCT.format("contains", "a")),
    "begins_with(a, a)": (None, DISTINCT.format("begins_with", "a")),
    "((a = b))": (None, "The expression has redundant parentheses;"),
    "a = b AND ((c = d))": (None, "The expression has redundant parentheses;"),
    "a[99999999999] = b": (None, "List index is not within the allowable range; index: [99999999999]"),
    "(a = b))": (None, TOKEN.format(")", "))")),
    "a =": (None, TOKEN.format("<EOF>", "=")),
    "a = b AND": (None, TOKEN.format("<EOF>", "AND")),
    "a": (None, TOKEN.format("<EOF>", "a")),
    "NOT": (None, TOKEN.format("<EOF>", "NOT")),
    "()": (None, TOKEN.format(")", "()")),
    "a IN ()": (None, TOKEN.format(")", "()")),
    "attribute_exists()": (None, TOKEN.format(")", "()")),
    "a IN :v": ({":v": L()}, TOKEN.format(":v", "IN :v")),
    "a AND b": (None, TOKEN.format("AND", "a AND b")),
    "a = b AND OR c = d": (None, TOKEN.format("OR", "AND OR c")),
    "a = b c = d": (None, TOKEN.format("c", "b c =")),
    "a == b": (None, TOKEN.format("=", "== b")),
    "a != b": (None, TOKEN.format("!", "a !=")),
    "a-b = c": (None, TOKEN.format("-", "a-b")),
    "a = 1": (None, TOKEN.format("1", "= 1")),
    "a = 'x'": (None, TOKEN.format("'", "= 'x")),
    "1a = b": (None, TOKEN.format("1", "1a")),
    "a..b = c": (None, TOKEN.format(".", "..b")),
    "a. = b": (None, TOKEN.format("=", ". = b")),
    "a[x] = b": (None, TOKEN.format("x", "[x]")),
    "a[-1] = b": (None, TOKEN.format("-", "[-1")),
    "(a = b": (None, TOKEN.format("<EOF>", "b")),
    "a = b;": (None, TOKEN.format(";", "b;")),
}

UPDATES = {
    "": (None, "The expression can not be empty;"),
    "SET": (None, TOKEN.format("<EOF>", "SET")),
    "SET a": (None, TOKEN.format("<EOF>", "a")),
    "SET a =": (None, TOKEN.format("<EOF>", "=")),
    "SET a = b,": (None, TOKEN.format("<EOF>", ",")),
    "REMOVE": (None, TOKEN.format("<EOF>", "REMOVE")),
    "REMOVE a,": (None, TOKEN.format("<EOF>", ",")),
    "ADD a b": (None, TOKEN.format("b", "a b")),
    "FOO a": (None, TOKEN.format("FOO", "FOO a")),
    "SET a + b": (None, TOKEN.format("+", "a + b")),
    "SET a = b + c + d": (None, TOKEN.format("+", "c + d")),
    "SET a = -b": (None, TOKEN.format("-", "= -b")),
    "SET a = b * c": (None, TOKEN.format("*", "b * c")),
    "SET :v = a": ({":v": ONE}, TOKEN.format(":v", "SET :v =")),
    "SET a = :v :v": ({":v": ONE}, TOKEN.format(":v", ":v :v")),
    "SET a = :v": (None, "An expression attribute value used in expression is not defined; attribute value: :v"),
    "SET #a = b": (None, "An expression attribute name used in the document path is not defined; attribute name: #a"),
    "SET select = a": (None, "Attribute name is a reserved keyword; reserved keyword: select"),
    "REMOVE a.Values": (None, "Attribute name is a reserved keyword; reserved keyword: Values"),
    "SET a = foo(b)": (None, "Invalid function name; function: foo"),
    "SET a = size(b)": (None, "The function is not allowed in an update expression; function: size"),
    "SET a = attribute_exists(b)": (None, "The function is not allowed in an update expression; function: attribute_exists"),
    "SET a = if_not_exists(b)": (None, COUNT.format("if_not_exists", 1)),
    "SET a = list_append(b)": (None, COUNT.format("list_append", 1)),
    "SET a = if_not_exists(:v, b)": ({":v": ONE}, "Operator or function requires a document path; operator or function: "
                                                  "if_not_exists"),
    "SET a = list_append(b, :v)": ({":v": ONE}, TYPE.format("list_append", "N")),
    "SET a = b + :v": ({":v": S("x")}, TYPE.format("+", "S")),
    "SET a = :v - b": ({":v": S("x")}, TYPE.format("-", "S")),
    "ADD a :v": ({":v": S("x")}, "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
                                 "typeSet: ALLOWED_FOR_ADD_OPERAND"),
    "ADD a :v ": ({":v": L()}, "Incorrect operand type for operator or function; operator: ADD, operand type: LIST, "
                               "typeSet: ALLOWED_FOR_ADD_OPERAND"),
    "DELETE a :v": ({":v": ONE}, "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, "
                                 "typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    "SET a = b SET c = d": (None, 'The "SET" section can only be used once in an update expression;'),
    "REMOVE a SET b = c REMOVE d": (None, 'The "REMOVE" section can only be used once in an update expression;'),
    "SET a = b, a = c": (None, OVERLAP.format("[a]", "[a]")),
    "SET a = b REMOVE a": (None, OVERLAP.format("[a]", "[a]")),
    "SET a.b = c, a = d": (None, OVERLAP.format("[a, b]", "[a]")),
    "SET a[0] = b, a[0].c = d": (None, OVERLAP.format("[a, [0]]", "[a, [0], c]")),
    "SET a.b = c, a[0] = d": (None, CONFLICT.format("[a, b]", "[a, [0]]")),
}

PROJECTIONS = {
    "": "The expression can not be empty;",
    "a, a": OVERLAP.format("[a]", "[a]"),
    "a, a.b": OVERLAP.format("[a]", "[a, b]"),
    "a[1].b, a[1]": OVERLAP.format("[a, [1], b]", "[a, [1]]"),
    "a.b, a[0]": CONFLICT.format("[a, b]", "[a, [0]]"),
    "a,": TOKEN.format("<EOF>", ","),
    "a b": TOKEN.format("b", "a b"),
    "a + b": TOKEN.format("+", "a + b"),
    "!!!": TOKEN.format("!", "!!"),
    "size(a)": TOKEN.format("(", "size(a"),
    ":v": TOKEN.format(":v", ":v"),
    "#a": "An expression attribute name used in the document path is not defined; attribute name: #a",
    "a.select": "Attribute name is a reserved keyword; reserved keyword: select",
}

# what is wrong with names and values: (members, message)
PLACEHOLDERS = {
    "no names": ({"ExpressionAttributeNames": {}}, "ExpressionAttributeNames must not be empty"),
    "no values": ({"UpdateExpression": "REMOVE a", "ExpressionAttributeValues": {}}, "ExpressionAttributeValues must not be empty"),
    "a name without #": ({"ExpressionAttributeNames": {"a": "b"}},
                         'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
    "a name of other characters": ({"ExpressionAttributeNames": {"#a-b": "b"}},
                                   'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'),
    "a name that is only #": ({"ExpressionAttributeNames": {"#": "b"}},
                              'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
    "an empty name": ({"UpdateExpression": "SET #a = :v", "ExpressionAttributeNames": {"#a": ""}},
                      "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
    "a name that nobody uses": ({"ExpressionAttributeNames": {"#a": "b"}},
                                "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"),
    "a value without :": ({"ExpressionAttributeValues": {":v": ONE, "x": ONE}},
                          'ExpressionAttributeValues contains invalid key: Syntax error; key: "x"'),
    "a value that is only :": ({"ExpressionAttributeValues": {":v": ONE, ":": ONE}},
                               'ExpressionAttributeValues contains invalid key: Syntax error; key: ":"'),
    "a value that nobody uses": ({"ExpressionAttributeValues": {":v": ONE, ":w": ONE}},
                                 "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"),
    "a value that is no number": ({"ExpressionAttributeValues": {":v": N("x")}},
                                  "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a "
                                  "numeric value: x for key :v"),
    "an empty value": ({"ExpressionAttributeValues": {":v": {}}},
                       "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain "
                       "exactly one of the supported datatypes for key :v"),
    "an empty set": ({"ExpressionAttributeValues": {":v": SS()}},
                     "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string "
                     "set  may not be empty for key :v"),
    "a value of two types": ({"ExpressionAttributeValues": {":v": {"S": "x", "N": "1"}}},
                             "ExpressionAttributeValues contains invalid value: Supplied AttributeValue has more than one "
                             "datatypes set, must contain exactly one of the supported datatypes for key :v"),
}


def with_values(values):
    return {"ExpressionAttributeValues": values} if values else {}


@pytest.mark.parametrize("expression, values, said", [(e, *rest) for e, rest in CONDITIONS.items()], ids=CONDITIONS)
def test_wrong_condition(db, table, key, expression, values, said):
    assert db.error("PutItem", TableName=table, Item=key, ConditionExpression=expression, **with_values(values)) == validation(
        f"Invalid ConditionExpression: {said}")
    assert db.get(table, key) is None


@pytest.mark.parametrize("expression, values, said", [(e, *rest) for e, rest in UPDATES.items()], ids=UPDATES)
def test_wrong_update(db, table, key, expression, values, said):
    assert db.error("UpdateItem", TableName=table, Key=key, UpdateExpression=expression, **with_values(values)) == validation(
        f"Invalid UpdateExpression: {said}")
    assert db.get(table, key) is None


@pytest.mark.parametrize("expression, said", PROJECTIONS.items(), ids=PROJECTIONS)
def test_wrong_projection(db, table, key, expression, said):
    assert db.error("GetItem", TableName=table, Key=key, ProjectionExpression=expression) == validation(
        f"Invalid ProjectionExpression: {said}")


@pytest.mark.parametrize("expression, values, said", [("a", None, TOKEN.format("<EOF>", "a")),
                                                      ("a = :v", None, CONDITIONS["a = :v"][1]),
                                                      ("foo(a)", None, CONDITIONS["foo(a)"][1])])
def test_a_wrong_filter_is_called_by_its_name(db, table, expression, values, said):
    assert db.error("Scan", TableName=table, FilterExpression=expression) == validation(f"Invalid FilterExpression: {said}")


@pytest.mark.parametrize("members, message", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_wrong_placeholder(db, table, key, members, message):
    whole = {"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": ONE}, **members}
    assert db.error("UpdateItem", TableName=table, Key=key, **whole) == validation(message)


def test_the_type_of_attribute_type_must_exist(db, table, key):
    error = db.error("PutItem", TableName=table, Item=key, ConditionExpression="attribute_type(a, :v)",
                     ExpressionAttributeValues={":v": S("X")})
    assert error.type == "ValidationException"
    assert error.message.startswith("Invalid ConditionExpression: Invalid attribute type name found; type: X, valid types: {")


@pytest.mark.parametrize("operation, members, said", [
    ("PutItem", {"Item": {"h": S("a")}}, "ConditionExpression is null"),
    ("DeleteItem", {"Key": {"h": S("a")}}, "ConditionExpression is null"),
    ("UpdateItem", {"Key": {"h": S("a")}}, "UpdateExpression and ConditionExpression are null"),
    ("Scan", {}, "FilterExpression is null"),
])
def test_values_need_an_expression(db, table, operation, members, said):
    error = db.error(operation, TableName=table, ExpressionAttributeValues={":v": ONE}, **members)
    assert error == validation(f"ExpressionAttributeValues can only be specified when using expressions: {said}")


@pytest.mark.parametrize("operation, members", [
    ("PutItem", {"Item": {"h": S("a")}}), ("DeleteItem", {"Key": {"h": S("a")}}), ("UpdateItem", {"Key": {"h": S("a")}}),
    ("GetItem", {"Key": {"h": S("a")}}), ("Scan", {})])
def test_names_need_an_expression(db, table, operation, members):
    error = db.error(operation, TableName=table, ExpressionAttributeNames={"#a": "a"}, **members)
    assert error == validation("ExpressionAttributeNames can only be specified when using expressions")


MIXED = {
    "PutItem": ({"Item": {"h": S("a")}, "Expected": {"a": {"Exists": False}}, "ConditionExpression": "a = b"},
                "Expected", "ConditionExpression"),
    "DeleteItem": ({"Key": {"h": S("a")}, "Expected": {"a": {"Exists": False}}, "ConditionExpression": "a = b"},
                   "Expected", "ConditionExpression"),
    "UpdateItem": ({"Key": {"h": S("a")}, "AttributeUpdates": {"a": {"Value": ONE}}, "UpdateExpression": "REMOVE a"},
                   "AttributeUpdates", "UpdateExpression"),
    "UpdateItem with Expected": ({"Key": {"h": S("a")}, "Expected": {"a": {"Exists": False}}, "UpdateExpression": "REMOVE a"},
                                 "Expected", "UpdateExpression"),
    "GetItem": ({"Key": {"h": S("a")}, "AttributesToGet": ["a"], "ProjectionExpression": "a"},
                "AttributesToGet", "ProjectionExpression"),
    "Scan": ({"ScanFilter": {"a": {"ComparisonOperator": "NULL"}}, "FilterExpression": "a = b"},
             "ScanFilter", "FilterExpression"),
    "Scan with a projection": ({"AttributesToGet": ["a"], "FilterExpression": "a = b"}, "AttributesToGet", "FilterExpression"),
}


@pytest.mark.parametrize("operation", MIXED)
def test_old_and_new_parameters_do_not_mix(db, table, operation):
    members, old, new = MIXED[operation]
    assert db.error(operation.split()[0], TableName=table, **members) == validation(
        "Can not use both expression and non-expression parameters in the same request: "
        f"Non-expression parameters: {{{old}}} Expression parameters: {{{new}}}")
