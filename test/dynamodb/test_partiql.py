"""PartiQL: statements alone, in batches and in transactions."""

import pytest

from dynamodb_client import L, M, N, NS, NULL, Refusal, S, SS, TRUE, validation


@pytest.fixture(scope="module")
def movies(db, make_table):
    """Key h, r; an index by a that holds only keys; four items below one key."""
    table = make_table("h:S", "r:N", indexes={"by_a": "a:S"}, projections={"by_a": "KEYS_ONLY"})
    for r in range(4):
        db.put(table, movie(r))
    return table


def movie(r, h="x"):
    return {"h": S(h), "r": N(r), "a": S("a"), "m": M(k=N(r)), "l": L(N(r), S("z")), "s": SS("p")}


def run(db, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return db("ExecuteStatement", Statement=statement, **more)


def refused(db, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return db.error("ExecuteStatement", Statement=statement, **more)


# --- SELECT

WHERE = {
    "h = 'x' AND r = 1": [1],
    "h = 'x' AND r > 1": [2, 3],
    "h = 'x' AND r >= 1 AND r <= 2": [1, 2],
    "h = 'x' AND r BETWEEN 1 AND 2": [1, 2],
    "h = 'x' AND r <> 1": [0, 2, 3],
    "h = 'x' AND m.k = 2": [2],
    "h = 'x' AND l[0] = 3": [3],
    "h = 'x' AND (r = 0 OR r = 3)": [0, 3],
    "h = 'x' AND NOT r < 2": [2, 3],
    "h = 'x' AND r IN [1, 3, 7]": [1, 3],
    "r IN [1, 3] AND h = 'x'": [1, 3],
    "h = 'x' AND begins_with(a, 'a') AND r = 1": [1],
    "h = 'x' AND contains(s, 'p')": [0, 1, 2, 3],
    "h = 'x' AND contains(s, 'q')": [],
    "h = 'x' AND attribute_type(m, 'M') AND r = 1": [1],
    "h = 'x' AND size(l) = 2 AND r < 1": [0],
    "h = 'x' AND gone IS MISSING AND r = 1": [1],
    "h = 'x' AND a IS NOT MISSING AND r = 1": [1],
    "h = 'x' AND a IS NOT NULL AND r = 1": [1],
    "h = 'nobody'": [],
}


@pytest.mark.parametrize("where, expected", WHERE.items(), ids=WHERE)
def test_select_where(db, movies, where, expected):
    items = run(db, f'SELECT r FROM "{movies}" WHERE {where}')["Items"]
    assert sorted(int(item["r"]["N"]) for item in items) == expected


def test_select_shows_whole_items(db, movies):
    assert run(db, f"SELECT * FROM \"{movies}\" WHERE h = 'x' AND r = 1") == {"Items": [movie(1)]}


def test_select_names_what_it_shows_by_the_last_part(db, movies):
    assert run(db, f"SELECT a, m.k, l[1] FROM \"{movies}\" WHERE h = 'x' AND r = 2")["Items"] == [
        {"a": S("a"), "k": N(2), "l[1]": S("z")}]


def test_words_may_be_written_in_any_case(db, movies):
    assert run(db, f"select r from \"{movies}\" where h = 'x' and r = 1")["Items"] == [{"r": N(1)}]


def test_a_table_without_quotes(db, movies):
    assert run(db, f"SELECT r FROM {movies} WHERE h = 'x' AND r = 1")["Items"] == [{"r": N(1)}]


def test_parameters(db, movies):
    assert run(db, f'SELECT r FROM "{movies}" WHERE h = ? AND r >= ?', S("x"), N(3))["Items"] == [{"r": N(3)}]


def test_select_from_an_index(db, movies):
    items = run(db, f"SELECT * FROM \"{movies}\".\"by_a\" WHERE a = 'a' AND r = 1")["Items"]
    assert items == [{"h": S("x"), "r": N(1), "a": S("a")}]


def test_items_of_a_key_come_in_order(db, movies):
    assert [item["r"]["N"] for item in run(db, f"SELECT r FROM \"{movies}\" WHERE h = 'x'")["Items"]] == ["0", "1", "2", "3"]


@pytest.mark.differs_in_dynamodb_local("it does not turn the order round")
def test_items_come_backwards_when_asked(db, movies):
    items = run(db, f"SELECT r FROM \"{movies}\" WHERE h = 'x' ORDER BY r DESC")["Items"]
    assert [item["r"]["N"] for item in items] == ["3", "2", "1", "0"]


def test_pages(db, movies):
    statement, found, token = f"SELECT r FROM \"{movies}\" WHERE h = 'x'", [], {}
    while True:
        page = run(db, statement, Limit=3, **token)
        found += page["Items"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [{"r": N(r)} for r in range(4)]


def test_all_kinds_of_values_in_a_statement(db, movies, name):
    run(db, f"INSERT INTO \"{movies}\" VALUE {{'h': '{name}', 'r': 1, 's': 'it''s', 'n': -1.5e3, 't': true, 'u': null, "
            "'l': [1, 'x', [2]], 'm': {'k': {'j': 1}}, 'ss': <<'b'>>, 'ns': <<1>>}")
    assert db.get(movies, {"h": S(name), "r": N(1)}) == {
        "h": S(name), "r": N(1), "s": S("it's"), "n": N(-1500), "t": TRUE, "u": NULL, "l": L(N(1), S("x"), L(N(2))),
        "m": M(k=M(j=N(1))), "ss": SS("b"), "ns": NS(1)}


# --- INSERT, UPDATE, DELETE


def test_insert(db, movies, name):
    assert run(db, f"INSERT INTO \"{movies}\" VALUE {{'h': ?, 'r': 1}}", S(name)) == {"Items": []}
    assert db.get(movies, {"h": S(name), "r": N(1)}) == {"h": S(name), "r": N(1)}


def test_insert_does_not_replace(db, movies):
    assert refused(db, f"INSERT INTO \"{movies}\" VALUE {{'h': 'x', 'r': 1}}") == Refusal(
        "DuplicateItemException", "Duplicate primary key exists in table")


def test_update(db, movies, name):
    db.put(movies, movie(1, name))
    statement = f"UPDATE \"{movies}\" SET a = 'b' SET m.k = 9 REMOVE l[0] WHERE h = '{name}' AND r = 1"
    assert run(db, statement) == {"Items": []}
    assert db.get(movies, {"h": S(name), "r": N(1)}) == {**movie(1, name), "a": S("b"), "m": M(k=N(9)), "l": L(S("z"))}


UPDATES = {
    "SET n = n + 1": {"n": N(6)}, "SET n = n - 1": {"n": N(4)}, "SET v = list_append(v, [2])": {"v": L(N(1), N(2))},
    "SET s = set_add(s, <<'y'>>)": {"s": SS("x", "y")}, "SET s = set_delete(s, <<'x'>>)": {"s": None},
    "SET k = if_not_exists(k, 7)": {"k": N(7)}, "REMOVE n": {"n": None}, "SET n = 1 SET k = 2": {"n": N(1), "k": N(2)},
}


@pytest.mark.parametrize("change, after", UPDATES.items(), ids=UPDATES)
def test_changes(db, movies, name, change, after):
    before = {"h": S(name), "r": N(1), "n": N(5), "v": L(N(1)), "s": SS("x")}
    db.put(movies, before)
    run(db, f"UPDATE \"{movies}\" {change} WHERE h = '{name}' AND r = 1")
    item = db.get(movies, {"h": S(name), "r": N(1)})
    if "SS" in item.get("s", {}):
        item["s"]["SS"].sort()
    assert item == {k: v for k, v in {**before, **after}.items() if v is not None}


RETURNED = {
    "ALL OLD": {"n": N(5), "k": N(1)}, "ALL NEW": {"n": N(6), "k": N(1)}, "MODIFIED OLD": {"n": N(5)}, "MODIFIED NEW": {"n": N(6)},
}


@pytest.mark.parametrize("what", RETURNED)
def test_an_update_returns_what_was_asked(db, movies, name, what):
    key = {"h": S(name), "r": N(1)}
    db.put(movies, {**key, "n": N(5), "k": N(1)})
    items = run(db, f"UPDATE \"{movies}\" SET n = n + 1 WHERE h = '{name}' AND r = 1 RETURNING {what} *")["Items"]
    assert items == [{**(key if what.startswith("ALL") else {}), **RETURNED[what]}]


FAILED = Refusal("ConditionalCheckFailedException", "The conditional request failed")


@pytest.mark.parametrize("statement", ["UPDATE \"{}\" SET n = 1 WHERE h = 'nobody' AND r = 1",
                                       "UPDATE \"{}\" SET n = 1 WHERE h = 'x' AND r = 1 AND a = 'other'",
                                       "DELETE FROM \"{}\" WHERE h = 'x' AND r = 1 AND a = 'other'"])
def test_a_condition_that_fails(db, movies, statement):
    assert refused(db, statement.format(movies)) == FAILED
    assert db.get(movies, {"h": S("x"), "r": N(1)}) == movie(1)


def test_delete(db, movies, name):
    key = {"h": S(name), "r": N(1)}
    db.put(movies, {**key, "n": N(5)})
    statement = f"DELETE FROM \"{movies}\" WHERE h = '{name}' AND r = 1"
    assert run(db, statement + " RETURNING ALL OLD *") == {"Items": [{**key, "n": N(5)}]}
    assert db.get(movies, key) is None
    assert run(db, statement) == {"Items": []}


WHOLE_KEY = "Where clause does not contain a mandatory equality on all key attributes"
WRONG = {
    "SELECT * FROM": "Statement wasn't well formed, can't be processed: SELECT * FROM",
    'SELECT * FROM "{t}" WHERE h = ?': "Number of parameters in request and statement don't match.",
    "SELECT * FROM \"{t}\" WHERE h = 'x' GROUP BY a": "Unsupported clause: GROUP BY",
    "SELECT a AS b FROM \"{t}\" WHERE h = 'x'": "Aliasing is not supported",
    "SELECT * FROM \"{t}\" WHERE h = 'x' ORDER BY a": "Variable reference a in ORDER BY clause must be part of the primary key",
    "UPDATE \"{t}\" SET n = 1 WHERE h = 'x'": WHOLE_KEY,
    "DELETE FROM \"{t}\" WHERE h = 'x'": WHOLE_KEY,
    "UPDATE \"{t}\" SET r = 2 WHERE h = 'x' AND r = 1": "One or more parameter values were invalid: Cannot update attribute r. This "
                                                        "attribute is part of the key",
    "DELETE FROM \"{t}\" WHERE h = 'x' AND r = 1 RETURNING ALL NEW *": "Invalid returning clause: RETURNING ALL NEW *. Only "
                                                                       "RETURNING ALL OLD * is allowed in DELETE statements.",
}


@pytest.mark.parametrize("statement, message", WRONG.items(), ids=WRONG)
def test_wrong_statement(db, movies, statement, message):
    assert refused(db, statement.format(t=movies)) == validation(message)


def test_an_index_that_is_not_there(db, movies):
    error = refused(db, f"SELECT * FROM \"{movies}\".\"nope\" WHERE h = 'x'")
    assert error.type == "ValidationException"
    assert error.message.startswith("The table does not have the specified index")


def test_a_table_that_is_not_there(db):
    assert refused(db, "SELECT * FROM quipu_test_nobody WHERE h = 'x'") == Refusal("ResourceNotFoundException",
                                                                                 "Requested resource not found")


# --- batches


def batch(db, *statements):
    return db("BatchExecuteStatement", Statements=[{"Statement": each} for each in statements])["Responses"]


def test_a_batch_of_reads(db, movies):
    assert batch(db, f"SELECT r FROM \"{movies}\" WHERE h = 'x' AND r = 1", f"SELECT r FROM \"{movies}\" WHERE h = 'x' AND r = 9") == [
        {"TableName": movies, "Item": {"r": N(1)}}, {"TableName": movies}]


def test_each_statement_of_a_batch_stands_alone(db, movies, name):
    answers = batch(db, f"INSERT INTO \"{movies}\" VALUE {{'h': '{name}', 'r': 1}}", f"INSERT INTO \"{movies}\" VALUE {{'h': 'x', 'r': 1}}",
                    f"DELETE FROM \"{movies}\" WHERE h = '{name}' AND r = 2")
    assert [each.get("Error", {}).get("Code") for each in answers] == [None, "DuplicateItem", None]
    assert db.get(movies, {"h": S(name), "r": N(1)}) is not None


def test_a_batch_reads_single_items(db, movies):
    answer, = batch(db, f"SELECT * FROM \"{movies}\" WHERE h = 'x'")
    assert answer["Error"]["Code"] == "ValidationError"


def test_a_batch_reads_or_writes(db, movies):
    assert db.error("BatchExecuteStatement", Statements=[
        {"Statement": f"SELECT * FROM \"{movies}\" WHERE h = 'x' AND r = 1"},
        {"Statement": f"INSERT INTO \"{movies}\" VALUE {{'h': 'x', 'r': 99}}"}]).type == "ValidationException"
    assert db.get(movies, {"h": S("x"), "r": N(99)}) is None


# --- transactions


def transact(db, *statements, **more):
    return db("ExecuteTransaction", TransactStatements=[{"Statement": each} for each in statements], **more)


def test_a_transaction_writes_all(db, movies, name):
    db.put(movies, movie(2, name))
    transact(db, f"INSERT INTO \"{movies}\" VALUE {{'h': '{name}', 'r': 1}}", f"UPDATE \"{movies}\" SET a = 'b' WHERE h = '{name}' AND r = 2")
    assert db.get(movies, {"h": S(name), "r": N(1)}) is not None
    assert db.get(movies, {"h": S(name), "r": N(2)})["a"] == S("b")


def test_a_transaction_writes_nothing_when_one_fails(db, movies, name):
    answer = db.call("ExecuteTransaction", {"TransactStatements": [
        {"Statement": f"INSERT INTO \"{movies}\" VALUE {{'h': '{name}', 'r': 1}}"},
        {"Statement": f"EXISTS(SELECT * FROM \"{movies}\" WHERE h = 'x' AND r = 1 AND a = 'other')"}]})
    assert db.refusal(answer).type == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer.json()["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert db.get(movies, {"h": S(name), "r": N(1)}) is None


def test_a_transaction_reads(db, movies):
    answer = transact(db, f"SELECT r FROM \"{movies}\" WHERE h = 'x' AND r = 1", f"SELECT a FROM \"{movies}\" WHERE h = 'x' AND r = 9")
    assert answer["Responses"] == [{"Item": {"r": N(1)}}, {}]


def test_a_transaction_reads_or_writes(db, movies):
    assert db.error("ExecuteTransaction", TransactStatements=[
        {"Statement": f"SELECT * FROM \"{movies}\" WHERE h = 'x' AND r = 1"},
        {"Statement": f"DELETE FROM \"{movies}\" WHERE h = 'x' AND r = 2"}]).type == "ValidationException"
    assert db.get(movies, {"h": S("x"), "r": N(2)}) is not None


def test_a_token_makes_it_happen_once(db, movies, name):
    db.put(movies, {"h": S(name), "r": N(1), "n": N(0)})
    for _ in range(2):
        transact(db, f"UPDATE \"{movies}\" SET n = n + 1 WHERE h = '{name}' AND r = 1", ClientRequestToken=f"t{abs(hash(name))}")
    assert db.get(movies, {"h": S(name), "r": N(1)})["n"] == N(1)
