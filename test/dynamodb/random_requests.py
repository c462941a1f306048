"""Random requests for the differential tester. A request is (operation, members, how): `how` says how its answers are gathered,
"one" (as it is), "pages" (all pages, one after the other) or "segments" (all segments of a scan)."""

from random_expressions import Expressions, Placeholders
from random_values import ATTRIBUTES, KEY_VALUES, Values

COMPARE = ["EQ", "NE", "LT", "LE", "GT", "GE", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH", "NULL", "NOT_NULL", "IN", "BETWEEN"]
SCALAR_COMPARE = ["EQ", "LT", "LE", "GT", "GE", "BETWEEN", "BEGINS_WITH"]


class Requests:
    def __init__(self, chance, without=()):
        self.v = Values(chance)
        self.expressions = Expressions(self.v)
        self.kinds = [(self.put, 22), (self.get, 10), (self.update, 24), (self.delete, 6), (self.query, 16), (self.scan, 5),
                      (self.batch_get, 4), (self.batch_write, 4), (self.transact_write, 5), (self.transact_get, 2), (self.partiql, 4)]
        self.kinds = [(make, weight) for make, weight in self.kinds if make.__name__ not in without]
        self.weights = [weight for _, weight in self.kinds]

    def any(self, schemas):
        make, = self.v.chance.choices([make for make, _ in self.kinds], self.weights)
        return make(schemas)

    def condition_into(self, request, schema, p):
        if self.v.one_in(3):
            request["ConditionExpression"] = self.expressions.damaged(self.expressions.condition(schema, p))
            if self.v.one_in(3):
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"

    # --- the older parameters

    def old_condition(self, attribute, operators=COMPARE):
        operator = self.v.pick(operators)
        count = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2, "IN": 2}.get(operator, 1)
        if self.v.one_in(60):
            count += self.v.pick([-1, 1])
        values = [self.v.member() if operator.endswith("CONTAINS") else self.v.natural(attribute) for _ in range(max(count, 0))]
        return {"ComparisonOperator": operator, **({"AttributeValueList": values} if values else {})}

    def expected_into(self, request):
        if self.v.one_in(3):
            expected = {}
            for attribute in self.v.chance.sample(ATTRIBUTES, self.v.pick([1, 1, 2])):
                expected[attribute] = self.v.pick([
                    lambda: {"Exists": False}, lambda: {"Value": self.v.natural(attribute)}, lambda: self.old_condition(attribute)])()
            request["Expected"] = expected
            if len(expected) > 1 and self.v.one_in(2):
                request["ConditionalOperator"] = self.v.pick(["AND", "OR"])

    # --- single items

    def put(self, schemas):
        schema = self.v.pick(schemas)
        request = {"TableName": schema.table, "Item": self.v.item(schema)}
        if self.v.one_in(4):
            request["ReturnValues"] = self.v.pick(["ALL_OLD", "ALL_OLD", "NONE", "ALL_NEW"] if self.v.one_in(9) else ["ALL_OLD"])
        if self.v.one_in(6):
            self.expected_into(request)
        else:
            p = Placeholders(self.v)
            self.condition_into(request, schema, p)
            p.into(request)
        return "PutItem", request, "one"

    def get(self, schemas):
        schema = self.v.pick(schemas)
        request = {"TableName": schema.table, "Key": self.v.key(schema), "ConsistentRead": self.v.one_in(2)}
        if self.v.one_in(8):
            request["AttributesToGet"] = self.v.chance.sample(ATTRIBUTES, 2)
        elif self.v.one_in(2):
            p = Placeholders(self.v)
            request["ProjectionExpression"] = self.expressions.projection(p)
            p.into(request)
        return "GetItem", request, "one"

    def update(self, schemas):
        schema = self.v.pick(schemas)
        request = {"TableName": schema.table, "Key": self.v.key(schema)}
        whole = True
        if self.v.one_in(6):
            updates = {"a": {"Value": self.v.natural("a")}}
            for attribute in self.v.chance.sample(ATTRIBUTES[1:], 2):
                updates[attribute] = self.v.pick([
                    lambda: {"Action": "PUT", "Value": self.v.natural(attribute)}, lambda: {"Action": "DELETE"},
                    lambda: {"Action": "ADD", "Value": self.v.pick([{"N": self.v.number()}, self.v.set()])},
                    lambda: {"Action": "DELETE", "Value": self.v.set()}])()
            request["AttributeUpdates"] = updates
            self.expected_into(request)
        else:
            p = Placeholders(self.v)
            request["UpdateExpression"], whole = self.expressions.update(schema, p)
            self.condition_into(request, schema, p)
            p.into(request)
        if self.v.one_in(2):
            request["ReturnValues"] = self.v.pick(["ALL_OLD", "ALL_NEW", "NONE", *(["UPDATED_OLD", "UPDATED_NEW"] if whole else [])])
        return "UpdateItem", request, "one"

    def delete(self, schemas):
        schema = self.v.pick(schemas)
        request = {"TableName": schema.table, "Key": self.v.key(schema)}
        if self.v.one_in(2):
            request["ReturnValues"] = "ALL_OLD"
        p = Placeholders(self.v)
        self.condition_into(request, schema, p)
        return "DeleteItem", p.into(request), "one"

    # --- many items

    def filter_into(self, request, schema, p, without):
        """A filter that does not speak of the attributes `without`."""
        if self.v.one_in(3):
            text = self.expressions.condition(schema if not without else None, p)
            request["FilterExpression"] = self.expressions.damaged(text)

    def query(self, schemas):
        schema = self.v.pick(schemas)
        index = self.v.pick(schema.indexes) if schema.indexes and self.v.one_in(2) else None
        keys = index.keys if index else schema.keys
        request = {"TableName": schema.table}
        if index:
            request["IndexName"] = index.name
        hash_value = self.v.pick(KEY_VALUES[keys[0][1]][:6]) if not self.v.one_in(100) else self.v.value()
        p = Placeholders(self.v)
        if self.v.one_in(6):
            request["KeyConditions"] = {keys[0][0]: {"ComparisonOperator": "EQ", "AttributeValueList": [hash_value]}}
            if len(keys) == 2 and self.v.one_in(2):
                operator = self.v.pick(SCALAR_COMPARE)
                values = sorted((self.v.pick(KEY_VALUES[keys[1][1]]) for _ in range(2 if operator == "BETWEEN" else 1)), key=str)
                request["KeyConditions"][keys[1][0]] = {"ComparisonOperator": operator, "AttributeValueList": values}
            if self.v.one_in(3):
                request["QueryFilter"] = {attribute: self.old_condition(attribute) for attribute in self.v.chance.sample(ATTRIBUTES, 1)}
        else:
            request["KeyConditionExpression"] = self.expressions.key_condition(keys, p, hash_value)
            self.filter_into(request, schema, p, without=True)
            if self.v.one_in(5):
                request["ProjectionExpression"] = self.expressions.projection(p)
            p.into(request)
        if self.v.one_in(3):
            request["ScanIndexForward"] = False
        if self.v.one_in(4) and (not index or index.local):
            request["ConsistentRead"] = True
        filtered = index and index.projection != "ALL" and ("FilterExpression" in request or "QueryFilter" in request)
        if self.v.one_in(8) and "ProjectionExpression" not in request and not filtered:  # is a filter then on the table's items?
            request["Select"] = self.v.pick(["COUNT", "ALL_ATTRIBUTES"] if index is None or index.local or index.projection == "ALL"
                                            else ["COUNT", "ALL_PROJECTED_ATTRIBUTES"])
        if self.v.one_in(2):
            request["Limit"] = self.v.pick([1, 2, 3, 5, 100])
        return "Query", request, "pages"

    def scan(self, schemas):
        schema = self.v.pick(schemas)
        request = {"TableName": schema.table}
        index = self.v.pick(schema.indexes) if schema.indexes and self.v.one_in(3) else None
        if index:
            request["IndexName"] = index.name
        if index and index.projection != "ALL":
            pass  # the emulator's filter sees what the index does not hold
        elif self.v.one_in(6):
            request["ScanFilter"] = {attribute: self.old_condition(attribute) for attribute in self.v.chance.sample(ATTRIBUTES, 1)}
        else:
            p = Placeholders(self.v)
            self.filter_into(request, schema, p, without=index is not None)
            if self.v.one_in(4):
                request["ProjectionExpression"] = self.expressions.projection(p)
            p.into(request)
        if self.v.one_in(4):
            request["Limit"] = self.v.pick([1, 4, 7, 50])
        if self.v.one_in(6) and "ProjectionExpression" not in request:
            request["Select"] = "COUNT"
        if self.v.one_in(6):
            return "Scan", {**request, "TotalSegments": self.v.pick([1, 2, 3])}, "segments"
        return "Scan", request, "pages"

    # --- batches and transactions

    def unlike_keys(self, schemas, count):
        """(schema, key), mostly all different."""
        found = {}
        for _ in range(count):
            schema = self.v.pick(schemas)
            key = self.v.key(schema)
            found[(schema.table, str(sorted(key.items())) if not self.v.one_in(60) else self.v.chance.random())] = (schema, key)
        return list(found.values())

    def batch_get(self, schemas):
        asked = {}
        for schema, key in self.unlike_keys(schemas, self.v.pick([1, 3, 6])):
            asked.setdefault(schema.table, {"Keys": []})["Keys"].append(key)
        for each in asked.values():
            if self.v.one_in(3):
                p = Placeholders(self.v)
                each["ProjectionExpression"] = self.expressions.projection(p)
                p.into(each)
                each.pop("ExpressionAttributeValues", None)
            each["ConsistentRead"] = True
        return "BatchGetItem", {"RequestItems": asked}, "one"

    def batch_write(self, schemas):
        asked = {}
        for schema, key in self.unlike_keys(schemas, self.v.pick([1, 3, 8])):
            request = {"PutRequest": {"Item": self.v.item(schema, key)}} if not self.v.one_in(3) else {"DeleteRequest": {"Key": key}}
            asked.setdefault(schema.table, []).append(request)
        return "BatchWriteItem", {"RequestItems": asked}, "one"

    def transact_write(self, schemas):
        items = []
        for schema, key in self.unlike_keys(schemas, self.v.pick([1, 2, 4])):
            p = Placeholders(self.v)
            kind = self.v.pick(["Put", "Put", "Update", "Delete", "ConditionCheck"])
            action = {"TableName": schema.table}
            if kind == "Put":
                action["Item"] = self.v.item(schema, key)
            else:
                action["Key"] = key
            if kind == "Update":
                action["UpdateExpression"], _ = self.expressions.update(schema, p, simple=True)
            if kind == "ConditionCheck":
                action["ConditionExpression"] = self.expressions.condition(schema, p)
            else:
                self.condition_into(action, schema, p)
            items.append({kind: p.into(action)})
        return "TransactWriteItems", {"TransactItems": items}, "one"

    def transact_get(self, schemas):
        items = []
        for schema, key in self.unlike_keys(schemas, self.v.pick([1, 2, 4])):
            action = {"TableName": schema.table, "Key": key}
            if self.v.one_in(3):
                p = Placeholders(self.v)
                action["ProjectionExpression"] = self.expressions.projection(p)
                p.into(action)
                action.pop("ExpressionAttributeValues", None)
            items.append({"Get": action})
        return "TransactGetItems", {"TransactItems": items}, "one"

    # --- PartiQL

    def partiql(self, schemas):
        schema = self.v.pick(schemas)
        key = {name: self.v.pick(KEY_VALUES[kind][:6] if name == "h" else KEY_VALUES[kind]) for name, kind in schema.keys}
        where = " AND ".join(f"{name} = ?" for name in key)
        values = list(key.values())
        table = f'"{schema.table}"'
        kind = self.v.chance.randrange(5)
        attribute = self.v.pick(ATTRIBUTES)
        if kind == 0:
            names = self.v.chance.sample(ATTRIBUTES, 2)
            members = ", ".join(f"'{name}': ?" for name in [*key, *names])
            return self.statement(f"INSERT INTO {table} VALUE {{{members}}}", values + [self.v.natural(name) for name in names])
        if kind == 1:
            returning = self.v.pick(["", " RETURNING ALL OLD *", " RETURNING ALL NEW *", " RETURNING MODIFIED NEW *"])
            return self.statement(f"UPDATE {table} SET {attribute} = ? WHERE {where}{returning}",
                                  [self.v.natural(attribute), *values])
        if kind == 2:
            return self.statement(f"DELETE FROM {table} WHERE {where}{self.v.pick(['', ' RETURNING ALL OLD *'])}", values)
        if kind == 3:
            return self.statement(f"SELECT * FROM {table} WHERE {where} AND {attribute} {self.v.pick(['=', '<>'])} ?",
                                  [*values, self.v.scalar()])
        return self.statement(f"SELECT {attribute} FROM {table} WHERE h = ?", values[:1])

    def statement(self, text, parameters):
        return "ExecuteStatement", {"Statement": text, "Parameters": parameters}, "one"
