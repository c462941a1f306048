"""What an item measures, as the service counts: names and values, in UTF-8 bytes, with a little for each list and map."""

import base64
from decimal import Context, Decimal

ITEM_BYTES_MAX = 400 * 1024
NESTED_BYTES = 3  # a list or a map
MEMBER_BYTES = 1  # each value in it


def number_bytes(text):
    """1, and 1 for two digits on either side of the point, without zeros at the ends; 1 for a minus. Nothing costs 1."""
    sign, digits, exponent = Decimal(text).normalize(Context(prec=40)).as_tuple()
    if digits == (0,):
        return 1
    whole = max(len(digits) + exponent, 0) if exponent < 0 else len(digits)
    fraction = len(digits) - whole
    return 1 + (whole + 1) // 2 + (fraction + 1) // 2 + sign


def value_bytes(value):
    (kind, inside), = value.items()
    if kind == "S":
        return len(inside.encode())
    if kind == "N":
        return number_bytes(inside)
    if kind == "B":
        return len(base64.b64decode(inside))
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in ("SS", "NS", "BS"):
        return sum(value_bytes({kind[0]: member}) for member in inside)
    if kind == "L":
        return NESTED_BYTES + sum(MEMBER_BYTES + value_bytes(member) for member in inside)
    return NESTED_BYTES + sum(MEMBER_BYTES + len(name.encode()) + value_bytes(member) for name, member in inside.items())


def item_bytes(item):
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def item_of_bytes(item, size, name="p"):
    """The item with an attribute that fills it up to exactly `size`."""
    padding = size - item_bytes(item) - len(name)
    assert padding >= 0
    return {**item, name: {"S": "x" * padding}}
