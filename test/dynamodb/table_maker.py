"""Tables for tests, from short words: make_table("h:S", "r:N", local={"by_a": "a:N"}, indexes={"by_b": ("b:S", "r:N")})."""

import uuid

from quipu_server import wait_until

ACTIVE_SECONDS_MAX = 120


def _words(keys):
    return [keys] if isinstance(keys, str) else list(keys)


def key_schema(*keys):
    return [{"AttributeName": key.split(":")[0], "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))]


def projection(what):
    """"ALL", "KEYS_ONLY", or the names of the attributes that are included."""
    if isinstance(what, str):
        return {"ProjectionType": what}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(what)}


def definitions(*keys):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in sorted({tuple(key.split(":")) for key in keys})]


def creation(table, *keys, local=None, indexes=None, projections=None, **more):
    """The request of CreateTable. `local` and `indexes` are {index: key or keys}; `projections` is {index: what}."""
    local = {index: (keys[0], *_words(words)) for index, words in (local or {}).items()}
    indexes = {index: tuple(_words(words)) for index, words in (indexes or {}).items()}
    shape = lambda all_of_a_kind: [
        {"IndexName": index, "KeySchema": key_schema(*words), "Projection": projection((projections or {}).get(index, "ALL"))}
        for index, words in all_of_a_kind.items()]
    every_key = [*keys, *(word for words in [*local.values(), *indexes.values()] for word in words)]
    request = {"TableName": table, "KeySchema": key_schema(*keys), "AttributeDefinitions": definitions(*every_key),
               "BillingMode": "PAY_PER_REQUEST"}
    if local:
        request["LocalSecondaryIndexes"] = shape(local)
    if indexes:
        request["GlobalSecondaryIndexes"] = shape(indexes)
    return {**request, **more}


class TableMaker:
    def __init__(self, db):
        self.db = db
        self.made = []

    def name(self):
        """A new name; whatever the test makes of it is deleted in the end."""
        self.made.append(f"quipu_test_{uuid.uuid4().hex[:16]}")
        return self.made[-1]

    def __call__(self, *keys, **more):
        table = self.name()
        self.db("CreateTable", **creation(table, *keys, **more))
        return self.wait(table)

    def describe(self, table):
        return self.db("DescribeTable", TableName=table)["Table"]

    def wait(self, table):
        """Until the table and its indexes are active."""

        def active():
            found = self.describe(table)
            return all(each["TableStatus" if "TableStatus" in each else "IndexStatus"] == "ACTIVE"
                       for each in [found, *found.get("GlobalSecondaryIndexes", [])])

        wait_until(active, ACTIVE_SECONDS_MAX, f"{table} is active", every_s=0.02)
        return table

    def delete_all(self):
        for table in self.made:
            self.db.call("DeleteTable", {"TableName": table})
