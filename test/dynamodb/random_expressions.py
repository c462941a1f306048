"""Random expressions over the attributes of random_values.py: most are right, some are not."""

import re

from random_values import ATTRIBUTES, KEY_VALUES, RESERVED

CONDITION_DEPTH_MAX = 3
FUNCTIONS = ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"]
JUNK = ["(", ")", ",", "AND", "=", "<>", "#", ":", "SET", "NOT", "+", "a", "foo(a)", "size", "'x'", "1", "IN", "BETWEEN",
        "if_not_exists(a, b)", "-", "%"]


class Placeholders:
    """The names and values that an expression uses."""

    def __init__(self, values):
        self.values_of = values
        self.names = {}
        self.values = {}

    def name(self, attribute):
        if attribute not in RESERVED and not self.values_of.one_in(4):
            return attribute
        self.names.setdefault(f"#{attribute}", attribute)
        return f"#{attribute}"

    def value(self, value):
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def into(self, request):
        v = self.values_of
        names, values = dict(self.names), dict(self.values)
        if v.one_in(60):
            v.pick([lambda: values.popitem() if values else None, lambda: names.popitem() if names else None,
                    lambda: values.update({":unused": {"N": "1"}}), lambda: names.update({"#unused": "x"}),
                    lambda: values.update({"bad": {"N": "1"}}), lambda: names.update({"bad": "x"}),
                    lambda: values.clear()])()
        if names or v.one_in(300):
            request["ExpressionAttributeNames"] = names
        if values or v.one_in(300):
            request["ExpressionAttributeValues"] = values
        return request


class Expressions:
    def __init__(self, values):
        self.v = values

    def damaged(self, text):
        """Now and then something is missing or too much."""
        if not self.v.one_in(40):
            return text
        tokens = re.findall(r"\s+|\w+|[^\w\s]", text)
        if not tokens:
            return text
        at = self.v.chance.randrange(len(tokens))
        if self.v.one_in(2):
            tokens[at:at + 1] = []
        else:
            tokens.insert(at, " " + self.v.pick(JUNK) + " ")
        return "".join(tokens)

    # --- parts

    def attribute(self, schema):
        names = [*ATTRIBUTES, *schema.types()] if schema else ATTRIBUTES
        return self.v.pick(RESERVED) if self.v.one_in(30) else self.v.pick(names)

    def path(self, schema, p, nested=3):
        attribute = self.attribute(schema)
        text = p.name(attribute)
        if schema and attribute in schema.types():
            return text  # the emulator has words of its own for paths below keys
        while self.v.one_in(nested):
            text += f"[{self.v.chance.randrange(4)}]" if self.v.one_in(2) else "." + p.name(self.v.pick(["x", "y", "z"]))
        return text

    def like(self, path, p):
        """A value of the type that the attribute mostly has."""
        attribute = p.names.get(path, path)
        return p.value(self.v.natural(attribute) if attribute in ATTRIBUTES else self.v.value())

    def operand(self, schema, p, other=None):
        kind = self.v.chance.randrange(10)
        if kind < 6 and other:
            return self.like(other, p)
        if kind == 9:
            return f"size({self.path(schema, p)})"
        return self.path(schema, p)

    # --- conditions

    def condition(self, schema, p, depth=0):
        kind = self.v.chance.randrange(14)
        if kind < 3 and depth < CONDITION_DEPTH_MAX:
            joined = f" {self.v.pick(['AND', 'OR', 'and'])} ".join(
                self.condition(schema, p, depth + 1) for _ in range(self.v.pick([2, 2, 3])))
            return f"({joined})" if depth and self.v.one_in(2) else joined
        if kind == 3 and depth < CONDITION_DEPTH_MAX:
            return f"NOT {self.condition(schema, p, depth + 1)}"
        path = self.path(schema, p)
        if kind < 8:
            left, right = path, self.operand(schema, p, path)
            if self.v.one_in(6):
                left, right = right, left
            return f"{left} {self.v.pick(['=', '<>', '<', '<=', '>', '>='])} {right}"
        if kind == 8:
            return f"{path} BETWEEN {self.operand(schema, p, path)} AND {self.operand(schema, p, path)}"
        if kind == 9:
            return f"{path} IN ({', '.join(self.operand(schema, p, path) for _ in range(self.v.pick([1, 2, 3])))})"
        return self.function(schema, p, path)

    def function(self, schema, p, path):
        name = self.v.pick(FUNCTIONS)
        if name == "size":
            return f"size({path}) {self.v.pick(['=', '<', '>='])} {p.value({'N': str(self.v.chance.randrange(4))})}"
        if name.endswith("exists"):
            return f"{name}({path})"
        if name == "attribute_type":
            return f"{name}({path}, {p.value({'S': self.v.pick(['S', 'N', 'B', 'SS', 'NS', 'L', 'M', 'BOOL', 'NULL'])})})"
        if name == "begins_with":
            return f"{name}({path}, {p.value(self.v.pick(KEY_VALUES['S'] + KEY_VALUES['B']))})"
        return f"{name}({path}, {self.operand(schema, p, path) if self.v.one_in(3) else p.value(self.v.member())})"

    def key_condition(self, keys, p, hash_value):
        """Mostly one that a query takes."""
        (hash_name, _), *rest = keys
        text = f"{p.name(hash_name)} = {p.value(hash_value)}"
        if rest and self.v.one_in(2):
            (name, kind), = rest
            value = lambda: p.value(self.v.pick(KEY_VALUES[kind]) if not self.v.one_in(60) else self.v.value())
            shape = self.v.pick(["{} = {}", "{} < {}", "{} <= {}", "{} > {}", "{} >= {}", "BETWEEN", "begins_with"])
            if shape == "BETWEEN":
                text += f" AND {p.name(name)} BETWEEN {value()} AND {value()}"
            elif shape == "begins_with" and kind != "N":
                text += f" AND begins_with({p.name(name)}, {value()})"
            else:
                text += " AND " + (shape if "{}" in shape else "{} = {}").format(p.name(name), value())
        return self.damaged(text)

    # --- updates and projections

    def set_value(self, schema, p, attribute):
        path = p.name(attribute)
        kind = self.v.chance.randrange(8)
        if kind == 0:
            return f"{path} {self.v.pick('+-')} {p.value({'N': self.v.number()})}"
        if kind == 1:
            return f"if_not_exists({path}, {p.value({'N': self.v.number()})}) + {p.value({'N': str(self.v.chance.randrange(9))})}"
        if kind == 2:
            return f"if_not_exists({self.path(schema, p)}, {self.like(path, p)})"
        if kind == 3:
            return f"list_append({self.v.pick([path, p.name('e')])}, {p.value({'L': [self.v.scalar()]})})"
        if kind == 4:
            return self.path(schema, p)
        return self.like(path, p)

    def update(self, schema, p, simple=False):
        """(text, whether it changes whole attributes only). Never one that only removes: there the emulator makes an item."""
        types, keys = schema.types(), dict(schema.keys)
        free = self.v.chance.sample(ATTRIBUTES, 4)
        sets, whole = [], True
        for attribute in free[:self.v.pick([1, 1, 2])]:
            target = p.name(attribute)
            if not simple and self.v.one_in(4):
                target += self.v.pick([".x", ".y", "[0]", "[1]", "[7]", ".x.y"])
                whole = False
            sets.append(f"{target} = {p.value(self.v.natural(attribute)) if simple else self.set_value(schema, p, attribute)}")
        for name, kind in types.items():
            if name not in keys and self.v.one_in(4):
                sets.append(f"{p.name(name)} = {p.value(self.v.index_value(kind))}")
        if self.v.one_in(100):
            sets.append(f"{p.name(self.v.pick(sorted(keys)))} = {p.value(self.v.value())}")
        clauses = ["SET " + ", ".join(sets)]
        if not simple and self.v.one_in(4):
            clauses.append(f"REMOVE {p.name(free[2])}{self.v.pick(['', '', '.x', '[0]'])}")
            whole = whole and clauses[-1][-1] not in "x]"
        if not simple and self.v.one_in(4):
            kind = self.v.pick(["ADD", "DELETE"])
            operand = {"N": self.v.number()} if kind == "ADD" and self.v.one_in(2) else self.v.set()
            clauses.append(f"{kind} {p.name(free[3])} {p.value(operand if not self.v.one_in(40) else self.v.value())}")
        self.v.chance.shuffle(clauses)
        return self.damaged(" ".join(clauses)), whole

    def projection(self, p):
        paths = {self.path(None, p) for _ in range(self.v.pick([1, 2, 3]))}
        if self.v.one_in(3):
            paths.add("h")
        return self.damaged(", ".join(sorted(paths)))
