"""In what do two answers to one request differ? After what may differ has been made equal:

- the order of a scan, of items that are equal in an index's key, of the members of a set, of names in a message;
- consumed capacity, sizes and dates;
- how DynamoDB Local words its refusals (known_differences.py), that it sometimes fails with 500, writes some numbers with zeros
  at their end, and refuses a transaction as a whole for what the service gives as the reason of one item.
"""

import os
import json
import re
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from known_differences import KEY, same_message, same_refusal

SETS = {"SS", "NS", "BS"}
NOT_COMPARED = {"ConsumedCapacity", "ItemCollectionMetrics"}


def is_self_check():
    """Both are DynamoDB Local, to see that the tester itself finds nothing."""
    return "DIFFERENTIAL_SELF_CHECK" in os.environ


class Answer(NamedTuple):
    """Of one request: what was refused, or all pages."""
    status: int
    type: str
    message: str
    pages: list  # bodies; of a refusal one

    @property
    def refusal(self):
        return (self.type, self.message, self.status)


def plain_number(text):
    """As the service writes it."""
    number = Decimal(text)
    if not number:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical(value, oracle):
    """Sets in order, and numbers of the oracle as the service writes them."""
    if isinstance(value, list):
        return [canonical(each, oracle) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (kind, inside), = value.items()
        if oracle and kind == "N" and isinstance(inside, str):
            return {"N": plain_number(inside)}
        if kind in SETS and isinstance(inside, list):
            members = [plain_number(each) for each in inside] if oracle and kind == "NS" else inside
            return {kind: sorted(members)}
    return {name: canonical(each, oracle) for name, each in value.items() if name not in NOT_COMPARED}


def ordered_names(message):
    """Lists of names in order: the service and the emulator list them as they come out of a hash map."""
    message = re.sub(r"keys: \{([^}]*)\}", lambda m: "keys: {" + ", ".join(sorted(m[1].split(", "))) + "}", message)
    return re.sub(r"(project|filter attributes:) \[([^]]*)\]", lambda m: f"{m[1]} [{', '.join(sorted(m[2].split(', ')))}]", message)


def as_counter(items):
    return Counter(repr(sorted(item.items(), key=str)) for item in items)


def differing_items(ours, theirs):
    ours, theirs = as_counter(ours), as_counter(theirs)
    if ours != theirs:
        return f"items: only ours {list((ours - theirs).elements())[:3]}, only theirs {list((theirs - ours).elements())[:3]}"


def stops_at_the_bound(operation, members):
    """The emulator ends a query of an index when a page ends at the sort key's upper bound, although other items have the
    same keys in that index."""
    asked = json.dumps([members.get("KeyConditions"), members.get("KeyConditionExpression")])
    bounded = re.search(r'"(LE|BETWEEN)"|<=|between', asked, re.IGNORECASE) or asked.count("EQ") > 1 or asked.count(" = ") > 1
    return operation == "Query" and "IndexName" in members and "Limit" in members and bounded


def differing_pages(operation, members, how, ours, theirs):
    def all_of(pages, name):
        return [item for page in pages for item in page.get(name, [])]

    if "IndexName" in members and "Limit" in members and re.search(r'"B": "(/|f4)', json.dumps(members)):
        # The emulator takes bytes above 0x7f for negative when it goes on behind one, and loses items of an index.
        return None if all(item in all_of(ours, "Items") for item in all_of(theirs, "Items")) else "items that only theirs has"
    if stops_at_the_bound(operation, members) and len(theirs) < len(ours):
        return None if all(item in all_of(ours, "Items") for item in all_of(theirs, "Items")) else "items that only theirs has"
    for name in ("Count", "ScannedCount"):
        sums = [sum(page[name] for page in pages) for pages in (ours, theirs)]
        if sums[0] != sums[1]:
            return f"{name}: ours {sums[0]}, theirs {sums[1]}"
    if len(ours) != len(theirs) and how != "segments":
        longer = max(ours, theirs, key=len)
        if abs(len(ours) - len(theirs)) > 1 or longer[-1]["ScannedCount"]:
            return f"number of pages: ours {len(ours)}, theirs {len(theirs)}"
        return differing_items(all_of(ours, "Items"), all_of(theirs, "Items"))  # one knows that there is no more
    if operation == "Query" and "IndexName" not in members:
        return f"pages: ours {ours}, theirs {theirs}" if ours != theirs else None
    return differing_items(all_of(ours, "Items"), all_of(theirs, "Items"))


def differing_reasons(ours, theirs):
    if len(ours) != len(theirs):
        return f"reasons: ours {ours}, theirs {theirs}"
    wrong_by_itself = any(reason["Code"] == "ValidationError" for reason in ours)
    for one, other in zip(ours, theirs):
        if wrong_by_itself and one["Code"] == "None":
            continue  # what is wrong whatever is stored is told without a look at what is stored
        same = one["Code"] == other["Code"] and one.get("Item") == other.get("Item") and same_message(
            one.get("Message", "").rstrip("."), other.get("Message", "").rstrip("."))
        if "Cannot update attribute" in one.get("Message", "") and other["Code"] == "ConditionalCheckFailed":
            continue  # the emulator looks at the condition first
        if not same:
            return f"reason: ours {one}, theirs {other}"


def entries(members):
    """How many requests are in this one."""
    asked = members.get("RequestItems", {}).values()
    return max(1, len(members.get("TransactItems", [])), sum(len(each) for each in asked))


# A value that is none: the service sees it before anything else, the emulator when it comes to it.
VALUE = re.compile("(ExpressionAttributeValues contains invalid value: )?("
                   "The parameter cannot be converted to a numeric value.*|Number (over|under)flow.*|Attempting to store more than.*|"
                   "One or more parameter values were invalid: (An (string|number) set  may not be empty|Binary sets .*|Input "
                   "collection .*)|Input collection contains duplicates.*)( for key :\\w+)?")


def differing_refusals(ours, theirs, entries_count):
    (one,), (other,) = ours.pages, theirs.pages
    if entries_count > 1 and ours.type == theirs.type == "ValidationException":
        return None  # which of several is told
    if VALUE.fullmatch(ours.message):
        return None
    if (ours.type, theirs.type) == ("TransactionCanceledException", "ValidationException"):
        reasons = [reason.get("Message", "") for reason in one["CancellationReasons"] if reason["Code"] == "ValidationError"]
        if any(same_message(reason, theirs.message) for reason in reasons):
            return None
    if ours.type == theirs.type == "TransactionCanceledException":
        reasons = one.get("CancellationReasons", [])
        if any(reason["Code"] == "ValidationError" for reason in reasons) and len(other.get("CancellationReasons", [])) < len(reasons):
            return None  # the emulator stops at the first
        return differing_reasons(reasons, other.get("CancellationReasons", []))
    if (ours.type, theirs.type) == ("ValidationException", "TransactionCanceledException") and entries_count > 1:
        reasons = other.get("CancellationReasons", [])
        if any(reason["Code"] == "ValidationError" for reason in reasons):
            return None  # which of several is told
    if (ours.type, theirs.type) == ("ValidationException", "TransactionCanceledException") and re.match(KEY, theirs.message):
        return None  # an expression is looked at before the key
    if "Cannot update attribute" in ours.message and theirs.type == "ConditionalCheckFailedException":
        return None  # the emulator looks at the condition first
    if "Cannot update attribute" in ours.message + theirs.message and "TransactionCanceledException" in (ours.type, theirs.type):
        return None  # as the reason of one item, or of all: nothing tells which is right
    if "multiple operations on one item" in ours.message and theirs.type == "TransactionCanceledException":
        return None  # the emulator looks at the conditions first
    if ours.type == "TransactionCanceledException" and "multiple operations on one item" in theirs.message:
        return None  # and before what is wrong with one item by itself
    ours_said = (ours.type, ordered_names(ours.message), ours.status)
    theirs_said = (theirs.type, ordered_names(theirs.message), theirs.status)
    if not same_refusal(ours_said, theirs_said):
        return f"refusal: ours {ours.refusal}, theirs {theirs.refusal}"
    if one.get("Item") != other.get("Item"):
        return f"item: ours {one.get('Item')}, theirs {other.get('Item')}"


def difference(operation, members, how, ours, theirs):
    """A text, or None. `theirs` is the oracle's."""
    if theirs.status == 500:
        return None if ours.status < 500 or ours.message == theirs.message else f"ours fails: {ours.refusal}"
    ours = ours._replace(pages=canonical(ours.pages, is_self_check()))
    theirs = theirs._replace(pages=canonical(theirs.pages, True))
    if (ours.status == 200) != (theirs.status == 200):
        return (f"ours {ours.refusal if ours.status != 200 else 'succeeds'}, "
                f"theirs {theirs.refusal if theirs.status != 200 else 'succeeds'}")
    if ours.status != 200:
        return differing_refusals(ours, theirs, entries(members))
    if operation in ("Query", "Scan"):
        return differing_pages(operation, members, how, ours.pages, theirs.pages)
    (one,), (other,) = ours.pages, theirs.pages
    if operation == "BatchGetItem":
        one, other = dict(one), dict(other)
        for table in {*one["Responses"], *other["Responses"]}:
            found = differing_items(one["Responses"].get(table, []), other["Responses"].get(table, []))
            if found:
                return found
        one["Responses"] = other["Responses"] = {}
    if operation == "CreateTable":
        return None
    return f"answer: ours {one}, theirs {other}" if one != other else None
