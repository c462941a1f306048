"""The second counter checker: by definition instead of by cleverness, and sharing nothing with the first one in
src/torture/counter_checker.cc. test_checkers_agree.py holds the two against each other.

A history of one counter is right if there is an order of all acknowledged operations, and of as many lost increments as
one likes, in which the counter counts up step by step from its start, every increment is answered the value that it makes
and every read the value that stands, and in which nothing stands before what had returned before it began. A lost
increment stands before everything that began after the last moment at which it could take effect.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Operation:
    kind: str  # increment, read
    invoked: int
    returned: int | None  # None: open
    outcome: str  # acked, indeterminate, failed
    value: int | None = None

    def line(self):
        end = "-" if self.returned is None else self.returned
        return f"{self.kind} {self.invoked} {end} {self.outcome}" + (f" {self.value}" if self.outcome == "acked" else "")


def as_text(name, start, step, history):
    return "\n".join([f"counter {name} {start} {step}", *(operation.line() for operation in history)]) + "\n"


def is_right_by_search(history, start=0, step=1):
    """Tries every order, one operation after the other. For a dozen operations."""
    taking_part = [o for o in history if o.outcome == "acked" or (o.outcome == "indeterminate" and o.kind == "increment")]
    must_stand = frozenset(i for i, o in enumerate(taking_part) if o.outcome == "acked")
    seen = set()

    def go_on(done, value, latest_start):
        if must_stand <= done:
            return True
        if done in seen:
            return False
        seen.add(done)
        for i, operation in enumerate(taking_part):
            if i in done:
                continue
            if operation.returned is not None and operation.returned < latest_start:
                continue  # something that began after its end stands already
            after = value + step if operation.kind == "increment" else value
            if operation.outcome == "acked" and operation.value != after:
                continue
            if go_on(done | {i}, after, max(latest_start, operation.invoked)):
                return True
        return False

    return go_on(frozenset(), start, float("-inf"))


def what_is_wrong(history, start=0, step=1):
    """Compares every pair, and matches missing values to lost increments by augmenting paths. None if all is right.
    For some thousand operations."""
    end = float("inf")
    acked = [o for o in history if o.outcome == "acked"]
    lost = [o for o in history if o.outcome == "indeterminate" and o.kind == "increment"]
    increments = [o for o in acked if o.kind == "increment"]
    place = {}
    for o in acked:
        steps, rest = divmod(o.value - start, step)
        if rest or steps < (o.kind == "increment"):
            return f"impossible value: {o}"
        place[o] = steps if o.kind == "increment" else steps + 0.5
    if len(increments) != len({o.value for o in increments}):
        return "a value was given twice"
    for earlier in acked:
        for later in acked:
            if place[earlier] < place[later] and later.returned is not None and later.returned < earlier.invoked:
                return f"{later} returned before {earlier} began"

    made = {int(place[o]) for o in increments}
    highest = max((int(place[o]) for o in acked), default=0)
    if highest - len(made) > len(lost):
        return f"{highest} values were made by {len(made)} increments and at most {len(lost)} lost ones"
    missing = [rank for rank in range(1, highest + 1) if rank not in made]

    def fits(increment, rank):
        before = max((o.invoked for o in acked if place[o] < rank), default=-end)
        after = min((end if o.returned is None else o.returned for o in acked if place[o] > rank), default=end)
        last = end if increment.returned is None else increment.returned
        return increment.invoked <= after and before <= last

    owner = {}

    def find(rank, tried):
        for i, increment in enumerate(lost):
            if i in tried or not fits(increment, rank):
                continue
            tried.add(i)
            if i not in owner or find(owner[i], tried):
                owner[i] = rank
                return True
        return False

    for rank in missing:
        if not find(rank, set()):
            return f"value {start + rank * step} was made by nobody"
    return None
