"""Under concurrent clients every answer fits one order of all operations: single items, transactions over several, and both over
a kill -9. The checker is tested first, with histories that are right and histories that are not."""

import http.client
import itertools
import math
import os
import random
import threading
import time
import uuid

import pytest

from dynamodb_client import DynamoDB, N, S
from linearizability import UNKNOWN, Operation, accounts_step, order_exists, register_step
from quipu_server import wait_until
from table_maker import creation

SEED = int(os.environ.get("QUIPU_TEST_SEED", "1"))
CLIENTS = 6
ACCOUNTS = 3
START = 10  # on each account


# --- the checker


def op(kind, arguments, answer, invoked, returned):
    return Operation(kind, arguments, answer, invoked, returned)


RIGHT = {
    "nothing": [],
    "one after the other": [op("put", (1,), None, 0, 1), op("get", (), 1, 2, 3)],
    "a read during a write may see either": [op("put", (1,), None, 0, 9), op("get", (), None, 1, 2), op("get", (), 1, 3, 4)],
    "two writes at once, in either order": [op("put", (1,), 2, 0, 9), op("put", (2,), None, 1, 8), op("get", (), 1, 10, 11)],
    "counting": [op("add", (1,), 2, 0, 5), op("add", (1,), 1, 0, 5), op("add", (1,), 3, 6, 7)],
    "a compare that fails": [op("put", (1,), None, 0, 1), op("compare", (2, 3), False, 2, 3), op("get", (), 1, 4, 5)],
    "an unknown write that happened": [op("put", (1,), UNKNOWN, 0, float("inf")), op("get", (), 1, 5, 6)],
    "an unknown write that did not": [op("put", (1,), UNKNOWN, 0, float("inf")), op("get", (), None, 5, 6)],
    "an unknown write that happened late": [op("put", (1,), UNKNOWN, 0, float("inf")), op("get", (), None, 5, 6),
                                            op("get", (), 1, 7, 8)],
    "an unknown write before its server died": [op("put", (1,), UNKNOWN, 0, 4), op("get", (), 1, 5, 6)],
    "an unknown write that died with its server": [op("put", (1,), UNKNOWN, 0, 4), op("get", (), None, 5, 6)],
}
WRONG = {
    "a stale read": [op("put", (1,), None, 0, 1), op("put", (2,), 1, 2, 3), op("get", (), 1, 4, 5)],
    "a lost write": [op("put", (1,), None, 0, 1), op("get", (), None, 2, 3)],
    "a read that goes back": [op("put", (1,), None, 0, 9), op("get", (), 1, 1, 2), op("get", (), None, 3, 4)],
    "a number given twice": [op("add", (1,), 1, 0, 5), op("add", (1,), 1, 0, 5)],
    "a lost count": [op("add", (1,), 1, 0, 1), op("add", (1,), 2, 2, 3), op("get", (), 1, 4, 5)],
    "two compares that both held": [op("put", (1,), None, 0, 1), op("compare", (1, 2), True, 2, 9), op("compare", (1, 3), True, 3, 8)],
    "a value from nowhere": [op("get", (), 7, 0, 1)],
    "a write seen before it was sent": [op("get", (), 1, 0, 1), op("put", (1,), None, 2, 3)],
    "an unknown write that came back": [op("put", (1,), UNKNOWN, 0, float("inf")), op("put", (2,), 1, 1, 2), op("get", (), 1, 3, 4)],
    "an unknown write after its server died": [op("put", (1,), UNKNOWN, 0, 4), op("get", (), None, 5, 6), op("get", (), 1, 7, 8)],
    "a delete that left the item": [op("put", (1,), None, 0, 1), op("delete", (), 1, 2, 3), op("get", (), 1, 4, 5)],
}


@pytest.mark.parametrize("history", RIGHT.values(), ids=RIGHT)
def test_the_checker_takes_what_is_right(history):
    assert order_exists(history, None, register_step)


@pytest.mark.parametrize("history", WRONG.values(), ids=WRONG)
def test_the_checker_sees_what_is_wrong(history):
    assert not order_exists(history, None, register_step)


WRONG_ACCOUNTS = {
    "half a transfer": [op("transfer", (0, 1, 5), True, 0, 9), op("read", (), (5, 10, 10), 1, 2)],
    "the other half": [op("transfer", (0, 1, 5), True, 0, 9), op("read", (), (10, 15, 10), 1, 2)],
    "a transfer undone": [op("transfer", (0, 1, 5), True, 0, 1), op("read", (), (10, 10, 10), 2, 3)],
    "more than there was": [op("transfer", (0, 1, 11), True, 0, 1)],
    "spent twice": [op("transfer", (0, 1, 10), True, 0, 5), op("transfer", (0, 2, 10), True, 1, 6)],
    "two readers that disagree": [op("transfer", (0, 1, 5), True, 0, 9), op("transfer", (1, 2, 3), True, 0, 9),
                                  op("read", (), (5, 15, 10), 1, 2), op("read", (), (10, 7, 13), 3, 4)],
}


@pytest.mark.parametrize("history", WRONG_ACCOUNTS.values(), ids=WRONG_ACCOUNTS)
def test_the_checker_sees_half_a_transaction(history):
    assert not order_exists(history, (START,) * ACCOUNTS, accounts_step)


def test_the_checker_takes_transfers_at_once():
    history = [op("transfer", (0, 1, 5), True, 0, 9), op("transfer", (0, 2, 10), False, 1, 8), op("read", (), (5, 15, 10), 2, 3),
               op("read", (), (5, 15, 10), 10, 11)]
    assert order_exists(history, (START,) * ACCOUNTS, accounts_step)


# --- clients


class Recorder(threading.Thread):
    """Does what `choose` says until told to stop or until its server is gone, and writes down what happened when."""

    def __init__(self, client, choose, perform, operations_max, invocation_ids=False):
        super().__init__()
        self.client = client
        self.choose = choose
        self.perform = perform
        self.operations_max = operations_max
        self.invocation_ids = invocation_ids
        self.seen = []  # (subject, Operation)
        self.unanswered = None  # (subject, kind, arguments, invoked, headers) of the operation that got no answer
        self.server_gone = math.inf  # when its server was certainly dead
        self.failure = None

    def run(self):
        try:
            for _ in range(self.operations_max):
                subject, kind, arguments = self.choose()
                headers = {"amz-sdk-invocation-id": str(uuid.uuid4())} if self.invocation_ids else {}
                invoked = time.monotonic_ns()
                try:
                    answer = self.perform(self.client, subject, kind, arguments, headers)
                except (OSError, http.client.HTTPException):
                    self.unanswered = (subject, kind, arguments, invoked, headers)
                    return
                self.seen.append((subject, Operation(kind, arguments, answer, invoked, time.monotonic_ns())))
        except Exception as failure:  # pylint: disable=broad-except  # shown by the test, in its own thread
            self.failure = failure
        finally:
            self.client.close()


def run_all(recorders):
    for each in recorders:
        each.start()
    for each in recorders:
        each.join(120)
        assert each.failure is None, each.failure


def checked(answer, *refusals):
    """The answer's body, or None if it is one of these refusals."""
    if answer.status == 200:
        return answer.json()
    assert answer.json()["__type"].rpartition("#")[2] in refusals, answer
    return None


# --- single items


def number(body, member):
    item = body.get(member)
    return item and int(item["v"]["N"])


class Registers:
    """Operations on items {h, v}."""

    def __init__(self, table, names):
        self.table = table
        self.names = names
        self.values = itertools.count(1000)  # each written once, so that a read tells which write it saw

    def chooser(self, chance):
        last = {}

        def choose():
            name = chance.choice(self.names)
            kind = chance.choice(["put", "get", "get", "add", "add", "compare", "delete"] if chance.random() < 0.8 else ["compare"])
            value = next(self.values) * 1000
            arguments = {"put": (value,), "add": (chance.randint(1, 5),), "compare": (last.get(name, 1), value)}.get(kind, ())
            if kind in ("put", "compare"):
                last[name] = value
            return name, kind, arguments

        return choose

    def perform(self, client, name, kind, arguments, headers):
        key = {"TableName": self.table, "Key": {"h": S(name)}}
        if kind == "get":
            return number(checked(client.call("GetItem", {**key, "ConsistentRead": True}, headers)), "Item")
        if kind == "put":
            item = {"h": S(name), "v": N(arguments[0])}
            request = {"TableName": self.table, "Item": item, "ReturnValues": "ALL_OLD"}
            return number(checked(client.call("PutItem", request, headers)), "Attributes")
        if kind == "delete":
            return number(checked(client.call("DeleteItem", {**key, "ReturnValues": "ALL_OLD"}, headers)), "Attributes")
        if kind == "add":
            request = {**key, "UpdateExpression": "ADD v :n", "ExpressionAttributeValues": {":n": N(arguments[0])},
                       "ReturnValues": "UPDATED_NEW"}
            return number(checked(client.call("UpdateItem", request, headers)), "Attributes")
        old, new = arguments
        request = {**key, "UpdateExpression": "SET v = :new", "ConditionExpression": "v = :old",
                   "ExpressionAttributeValues": {":new": N(new), ":old": N(old)}}
        return checked(client.call("UpdateItem", request, headers), "ConditionalCheckFailedException") is not None


def by_subject(seen):
    histories = {}
    for subject, operation in seen:
        histories.setdefault(subject, []).append(operation)
    return histories


def assert_order(history, initial, step):
    if not order_exists(history, initial, step):
        raise AssertionError("no order explains these:\n" + "\n".join(str(each) for each in sorted(history, key=lambda o: o.invoked)))


@pytest.mark.differs_in_dynamodb_local("no order explains its answers to several clients")
def test_single_items_are_linearizable(db, table, name):
    registers = Registers(table, [f"{name}-{i}" for i in range(3)])
    recorders = [Recorder(db.another(), registers.chooser(random.Random(SEED * 100 + i)), registers.perform, 200) for i in range(CLIENTS)]
    run_all(recorders)
    histories = by_subject(each for recorder in recorders for each in recorder.seen)
    assert sum(map(len, histories.values())) == CLIENTS * 200
    for history in histories.values():
        assert_order(history, None, register_step)


# --- transactions


class Accounts:
    """Items {h, v} that change together."""

    def __init__(self, table, name):
        self.table = table
        self.name = name

    def key(self, account):
        return {"TableName": self.table, "Key": {"h": S(f"{self.name}-{account}")}}

    def open(self, client):
        for account in range(ACCOUNTS):
            client("PutItem", TableName=self.table, Item={**self.key(account)["Key"], "v": N(START)})

    def chooser(self, chance):
        def choose():
            if chance.random() < 0.5:
                return self.name, "read", ()
            if chance.random() < 0.2:
                account = chance.randrange(ACCOUNTS)
                return self.name, *chance.choice([("get", (account,)), ("add", (account, 1))])
            source, destination = chance.sample(range(ACCOUNTS), 2)
            return self.name, "transfer", (source, destination, chance.randint(1, 8))

        return choose

    def change(self, account, amount):
        values = {":n": N(amount)}
        update = {**self.key(account), "UpdateExpression": "SET v = v + :n", "ExpressionAttributeValues": values}
        if amount < 0:
            update["ConditionExpression"] = "v >= :least"
            values[":least"] = N(-amount)
        return {"Update": update}

    def perform(self, client, _, kind, arguments, headers):
        if kind == "get":
            return number(checked(client.call("GetItem", {**self.key(*arguments), "ConsistentRead": True}, headers)), "Item")
        if kind == "add":
            account, amount = arguments
            request = {**self.key(account), "UpdateExpression": "ADD v :n", "ExpressionAttributeValues": {":n": N(amount)},
                       "ReturnValues": "UPDATED_NEW"}
            return number(checked(client.call("UpdateItem", request, headers)), "Attributes")
        if kind == "read":
            request = {"TransactItems": [{"Get": self.key(account)} for account in range(ACCOUNTS)]}
            answer = self.until_no_conflict(lambda: client.call("TransactGetItems", request, headers))
            return tuple(number(each, "Item") for each in answer.json()["Responses"])
        source, destination, amount = arguments
        request = {"TransactItems": [self.change(source, -amount), self.change(destination, amount)]}
        answer = self.until_no_conflict(lambda: client.call("TransactWriteItems", request, headers))
        return checked(answer, "TransactionCanceledException") is not None

    @staticmethod
    def until_no_conflict(ask):
        """The original refuses what meets another transaction; then nothing has happened."""
        while True:
            answer = ask()
            reasons = [] if answer.status == 200 else answer.json().get("CancellationReasons", [])
            if not any(reason["Code"] == "TransactionConflict" for reason in reasons):
                return answer


def test_transactions_are_seen_whole_and_in_one_order(db, table, name):
    accounts = Accounts(table, name)
    accounts.open(db)
    recorders = [Recorder(db.another(), accounts.chooser(random.Random(SEED * 100 + i)), accounts.perform, 120) for i in range(CLIENTS)]
    run_all(recorders)
    history = [operation for recorder in recorders for _, operation in recorder.seen]
    assert any(operation.kind == "transfer" and operation.answer for operation in history)
    assert_order(history, (START,) * ACCOUNTS, accounts_step)


# --- over kills and power cuts


def send_again(unanswered, recorder):
    """The operation, with the answer that the same request got now."""
    subject, kind, arguments, invoked, headers = unanswered
    answer = recorder.perform(recorder.client, subject, kind, arguments, headers)
    return subject, Operation(kind, arguments, answer, invoked, time.monotonic_ns())


def lives(server, make_recorders, enough, count=3, again=False):
    """Kills the server in the middle of each life but the last; gives all recorders. With `again`, what was cut off is sent again
    to the next life before anything else."""
    groups = []
    for life in range(count):
        recorders = make_recorders(life)
        for previous, recorder in zip(groups[-1] if groups and again else [], recorders):
            if previous.unanswered:
                previous.seen.append(send_again(previous.unanswered, recorder))
        groups.append(recorders)
        for each in recorders:
            each.start()
        if life < count - 1:
            wait_until(lambda: sum(len(each.seen) for each in recorders) >= enough, what="some load")
            server.kill()
        for each in recorders:
            each.join(120)
            assert each.failure is None, each.failure
        if life < count - 1:
            for each in recorders:
                each.server_gone = time.monotonic_ns()
            server.start()
    found = [each for group in groups for each in group]
    assert any(each.unanswered for each in found), "no kill interrupted anything"
    return found


def unknown(recorders):
    """What may have happened or not."""
    found = []
    for each in recorders:
        subject, kind, arguments, invoked, _ = each.unanswered or (None, "get", (), 0, None)
        if kind not in ("get", "read"):
            found.append((subject, Operation(kind, arguments, UNKNOWN, invoked, each.server_gone)))
    return found


@pytest.fixture(params=["kill", "power-loss"])
def killable(request, fresh_server):
    """A server whose kill() is that, or a power cut: everything that was never synced goes."""
    flags = [] if request.param == "kill" else ["--simulated-disk", f"power-loss:seed={SEED}"]
    server = fresh_server(flags=flags).start()
    client = DynamoDB(server.url)
    client("CreateTable", **creation("table", "h:S"))
    wait_until(lambda: client("DescribeTable", TableName="table")["Table"]["TableStatus"] == "ACTIVE")
    yield server
    client.close()


def recorders_of(server, subjects, seed, invocation_ids=False):
    """One group of clients for each life; the last life is short and ends by itself."""
    def make(life):
        return [Recorder(DynamoDB(server.url), subjects.chooser(random.Random(SEED * seed + life * 10 + i)), subjects.perform,
                         10**6 if life < 2 else 30, invocation_ids) for i in range(CLIENTS)]
    return make


@pytest.mark.only_quipu
def test_single_items_are_linearizable_over_kills_and_power_cuts(killable):
    found = lives(killable, recorders_of(killable, Registers("table", ["a", "b", "c"]), 1000), enough=300)
    seen = [each for recorder in found for each in recorder.seen] + unknown(found)
    for history in by_subject(seen).values():
        assert_order(history, None, register_step)


@pytest.mark.only_quipu
def test_what_was_cut_off_and_sent_again_happened_once(killable):
    """As the SDKs do: the same request with the same id, until it is answered. Then every answer is known, and still fits."""
    subjects = Registers("table", ["a", "b"])
    found = lives(killable, recorders_of(killable, subjects, 2000, invocation_ids=True), enough=300, again=True)
    for history in by_subject(each for recorder in found for each in recorder.seen).values():
        assert all(operation.answer is not UNKNOWN for operation in history)
        assert_order(history, None, register_step)


@pytest.mark.only_quipu
def test_transactions_are_whole_over_kills_and_power_cuts(killable):
    accounts = Accounts("table", "account")
    opener = DynamoDB(killable.url)
    accounts.open(opener)
    opener.close()
    found = lives(killable, recorders_of(killable, accounts, 3000), enough=200)
    history = [operation for recorder in found for _, operation in recorder.seen] + [operation for _, operation in unknown(found)]
    assert_order(history, (START,) * ACCOUNTS, accounts_step)
