"""Random schemas, keys and values for the differential tester: few different ones, so that requests meet, and many edges."""

import base64
from dataclasses import dataclass, field

NUMBERS = ["0", "1", "-1", "2", "3", "5", "10", "-7", "0.5", "1.50", "-0", "1e2", "100", "99999999999999999999999999999999999999",
           "1E125", "-9.9999999999999999999999999999999999999E+125", "1e-130", "-1e-130", "0.1", "12345678901234567890.123456789"]
BAD_NUMBERS = ["", "x", "1e126", "1e-131", "9" * 39, "1 ", "--1", "0x1"]
TEXTS = ["", "a", "ab", "abc", "b", "B", "\u00e4", "\u2603", "\U0001d11e", "1", "true", "a" * 200]
BYTES = [b"", b"\x00", b"a", b"ab", b"\xff", b"\xff\x00", b"\x7f\x80"]
KEY_VALUES = {
    "S": [{"S": text} for text in TEXTS if text],
    "N": [{"N": number} for number in NUMBERS if number not in ("-0", "100")],  # the emulator compares the keys of a batch as texts
    "B": [{"B": base64.b64encode(data).decode()} for data in BYTES if data],
}
ATTRIBUTES = ["a", "b", "c", "d", "e", "f"]
RESERVED = ["name", "status", "values", "table", "count", "select"]
NESTING_MAX = 3


def encoded(data):
    return base64.b64encode(data).decode()


@dataclass
class Index:
    name: str
    keys: list  # (attribute, type): hash, then perhaps range
    local: bool
    projection: object  # "ALL", "KEYS_ONLY" or a list of attributes


@dataclass
class Schema:
    table: str
    keys: list
    indexes: list = field(default_factory=list)
    stream: bool = False

    def types(self):
        """Of all key attributes, those of the indexes too."""
        return dict([*self.keys, *(key for index in self.indexes for key in index.keys)])

    def creation(self):
        def shape(index):
            kind = index.projection
            projection = {"ProjectionType": kind} if isinstance(kind, str) else {"ProjectionType": "INCLUDE", "NonKeyAttributes": kind}
            return {"IndexName": index.name, "KeySchema": key_schema(index.keys), "Projection": projection}

        request = {"TableName": self.table, "KeySchema": key_schema(self.keys), "BillingMode": "PAY_PER_REQUEST",
                   "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in self.types().items()]}
        for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
            shapes = [shape(index) for index in self.indexes if index.local == local]
            if shapes:
                request[member] = shapes
        if self.stream:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        return request


def key_schema(keys):
    return [{"AttributeName": name, "KeyType": kind} for (name, _), kind in zip(keys, ("HASH", "RANGE"))]


class Values:
    def __init__(self, chance):
        self.chance = chance

    def one_in(self, n):
        return self.chance.randrange(n) == 0

    def pick(self, choices):
        return self.chance.choice(choices)

    # --- tables

    def schema(self, table):
        keys = [("h", self.pick("SNB"))] + ([("r", self.pick("SNB"))] if not self.one_in(3) else [])
        schema = Schema(table, keys, stream=self.one_in(2))
        if len(keys) == 2:
            for i in range(self.pick([0, 0, 1, 2])):
                schema.indexes.append(Index(f"local{i}", [keys[0], (f"i{i}", self.pick("SNB"))], True, self.projection()))
        for i in range(self.pick([0, 0, 1, 2])):
            types = {**dict(keys), **schema.types()}
            names = self.chance.sample(["i0", "i1", "i2", *[name for name, _ in keys]], self.pick([1, 2]))
            schema.indexes.append(Index(f"global{i}", [(name, types.setdefault(name, self.pick("SNB"))) for name in names], False,
                                        self.projection()))
        return schema

    def projection(self):
        return self.pick(["ALL", "ALL", "KEYS_ONLY", self.chance.sample(ATTRIBUTES, 2)])

    def key(self, schema):
        """Now and then one that does not fit."""
        key = {name: self.pick(KEY_VALUES[kind][:6] if name == "h" else KEY_VALUES[kind]) for name, kind in schema.keys}
        if self.one_in(80):
            damage = self.pick(["drop", "more", "type", "empty"])
            name = self.pick(sorted(key))
            if damage == "drop":
                del key[name]
            elif damage == "more":
                key["x"] = {"S": "x"}
            elif damage == "type":
                key[name] = self.value_of_another_type(dict(schema.keys)[name])
            elif dict(schema.keys)[name] != "N":
                key[name] = {dict(schema.keys)[name]: ""}
        return key

    def value_of_another_type(self, kind):
        while kind in (value := self.value()):
            pass
        return value

    def index_value(self, kind):
        return self.pick(KEY_VALUES[kind])

    # --- values

    def number(self):
        if self.one_in(150):
            return self.pick(BAD_NUMBERS)
        return self.pick(NUMBERS) if self.one_in(2) else str(self.chance.randint(-20, 20))

    def scalar(self):
        kind = self.pick(["S", "N", "N", "B", "BOOL", "NULL"])
        return {"S": lambda: {"S": self.pick(TEXTS)}, "N": lambda: {"N": self.number()}, "B": lambda: {"B": encoded(self.pick(BYTES))},
                "BOOL": lambda: {"BOOL": self.one_in(2)}, "NULL": lambda: {"NULL": True}}[kind]()

    def member(self):
        """What `contains` may look for. To the emulator all bytes above 0x7f are the same, so here are none."""
        value = self.scalar()
        return {"B": encoded(b"a")} if "B" in value else value

    def set(self, kind=None):
        kind = kind or self.pick(["SS", "NS", "BS"])
        size = self.pick([1, 1, 2, 3]) if not self.one_in(150) else 0
        # The same numbers in other words, and those that the emulator does not find again in a set that it stored (1e2: when
        # AttributeUpdates adds it once more).
        members = {"SS": TEXTS, "NS": [number for number in NUMBERS if number not in ("-0", "1e2", "1e-130", "-1e-130")],
                   "BS": [encoded(data) for data in BYTES]}[kind]
        chosen = self.chance.sample(members, size)
        if self.one_in(150):
            chosen += chosen[:1]
        return {kind: chosen}

    def value(self, depth=0):
        kind = self.chance.randrange(10)
        if kind < 6 or depth == NESTING_MAX:
            return self.scalar()
        if kind < 8:
            return self.set()
        if kind == 8:
            return {"L": [self.value(depth + 1) for _ in range(self.chance.randrange(4))]}
        return {"M": {name: self.value(depth + 1) for name in self.chance.sample(["x", "y", "z"], self.chance.randrange(4))}}

    def natural(self, attribute):
        """Most values of one attribute are of one type, so that most expressions fit."""
        if self.one_in(5):
            return self.value()
        return {"a": lambda: {"N": self.number()}, "b": lambda: {"S": self.pick(TEXTS)},
                "c": lambda: self.set(self.pick(["SS", "NS"])),
                "d": lambda: {"M": {name: self.value(2) for name in self.chance.sample(["x", "y", "z"], 2)}},
                "e": lambda: {"L": [self.value(2) for _ in range(self.chance.randrange(4))]},
                }.get(attribute, self.scalar)()

    def item(self, schema, key=None):
        item = dict(key or self.key(schema))
        for name in self.chance.sample(ATTRIBUTES, self.chance.randrange(len(ATTRIBUTES))):
            item[name] = self.natural(name)
        for name, kind in schema.types().items():
            if name not in dict(schema.keys) and not self.one_in(3):
                item[name] = self.index_value(kind) if not self.one_in(100) else self.value()
        return item
