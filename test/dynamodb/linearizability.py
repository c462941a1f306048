"""Is there an order of these operations, one after the other, that explains every answer and keeps to real time?

Exact: it tries the orders (Wing and Gong's search, remembering which sets of operations in which state led nowhere). An operation
whose answer nobody saw may have happened at any time from when it was sent until it `returned`, or never: a server that is dead
does nothing any more.
"""

import math
from typing import Any, NamedTuple

UNKNOWN = object()  # the answer of an operation that got none
STEPS_MAX = 5_000_000


class Operation(NamedTuple):
    kind: str
    arguments: tuple
    answer: Any
    invoked: float
    returned: float = math.inf

    def __str__(self):
        answer = "?" if self.answer is UNKNOWN else self.answer
        return f"{self.kind}{self.arguments} -> {answer} [{self.invoked}, {self.returned}]"


class TooHard(Exception):
    """More steps than anybody wants to wait for: make the history shorter, or less at once."""


def order_exists(history, initial, step):
    """`step(state, operation)` gives the states that can follow, or none if the answer does not fit. States are hashable."""
    operations = sorted(history, key=lambda operation: operation.invoked)
    wanted = sum(1 << i for i, operation in enumerate(operations) if operation.answer is not UNKNOWN)
    unknown = [(1 << i, operation.returned) for i, operation in enumerate(operations) if operation.answer is UNKNOWN]
    # Of each: those without an answer whose time was over when it was sent.
    over = [sum(bit for bit, returned in unknown if returned < operation.invoked) for operation in operations]
    stack = [(0, 0, initial)]  # what is done or will never be, the first that is not, the state
    seen = set()
    steps = 0
    while stack:
        done, first, state = stack.pop()
        if done & wanted == wanted:
            return True
        while done >> first & 1:
            first += 1
        if (done, state) in seen:
            continue
        seen.add((done, state))
        steps += 1
        if steps > STEPS_MAX:
            raise TooHard(f"{len(operations)} operations")
        for i in next_ones(operations, done, first):
            stack += [(done | 1 << i | over[i], first, after) for after in step(state, operations[i])]
    return False


def next_ones(operations, done, first):
    """Those that may come next: nobody that is not done yet had its answer before they were sent. What to try first comes last:
    what was answered first, and what nobody saw the answer of only if nothing else fits."""
    earliest = math.inf
    chosen = []
    for i in range(first, len(operations)):
        operation = operations[i]
        if operation.invoked > earliest:
            break
        if not done >> i & 1:
            chosen.append(i)
            if operation.answer is not UNKNOWN:
                earliest = min(earliest, operation.returned)
    return sorted((i for i in chosen if operations[i].invoked <= earliest),
                  key=lambda i: (operations[i].answer is not UNKNOWN, -operations[i].returned))


def register_step(value, operation):
    """An item with one number, or None if there is no item: put, get, add, delete tell the value, compare tells whether it held."""
    kind, arguments, answer = operation.kind, operation.arguments, operation.answer
    if kind == "get":
        told, after = value, value
    elif kind == "put":
        told, after = value, arguments[0]  # it tells the old one
    elif kind == "delete":
        told, after = value, None
    elif kind == "add":
        told = after = (value or 0) + arguments[0]
    else:
        old, new = arguments  # compare
        told = value == old
        after = new if told else value
    return [after] if answer is UNKNOWN or answer == told else []


def accounts_step(values, operation):
    """Several numbers that change together: transfer(from, to, amount) tells whether there was enough, read tells all."""
    kind, arguments, answer = operation.kind, operation.arguments, operation.answer
    told, after = values, values
    if kind == "transfer":
        source, destination, amount = arguments
        told = values[source] >= amount
        if told:
            changed = list(values)
            changed[source] -= amount
            changed[destination] += amount
            after = tuple(changed)
    elif kind == "get":
        told = values[arguments[0]]
    elif kind == "add":
        changed = list(values)
        changed[arguments[0]] += arguments[1]
        after = tuple(changed)
        told = after[arguments[0]]
    return [after] if answer is UNKNOWN or answer == told else []
