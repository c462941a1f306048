"""Two independent checkers, one verdict: on thousands of small histories, right ones and spoiled ones. The seed of a
history is its name; QUIPU_TEST_SEED moves all of them."""

import os
import random
import subprocess

import pytest

from counter_checker import Operation, as_text, is_right_by_search, what_is_wrong
from quipu_server import binary, clean_environment

HISTORIES = int(os.environ.get("QUIPU_TEST_HISTORIES", "20000"))


def simulate(chance, operations_max):
    """A right history: a real counter, asked by clients whose requests overlap; some answers are lost."""
    start, step = chance.choice([(0, 1), (0, 1), (0, 10), (-3, 1), (5, -2)])
    effects = []
    for _ in range(chance.randint(0, operations_max)):
        invoked = chance.randint(0, 30)
        effect = invoked + chance.randint(0, 8)
        returned = effect + chance.randint(0, 8)
        effects.append((effect, chance.random(), invoked, returned, chance.choice(["increment"] * 3 + ["read"])))
    value, history = start, []
    for _, _, invoked, returned, kind in sorted(effects):
        fate = chance.random()
        if kind == "increment" and fate < 0.1:
            history.append(Operation(kind, invoked, returned, "failed"))
            continue
        lost = kind == "increment" and fate < 0.35
        if kind == "increment" and not (lost and fate < 0.2):
            value += step
        if lost:
            history.append(Operation(kind, invoked, chance.choice([None, returned]), "indeterminate"))
        else:
            history.append(Operation(kind, invoked, returned, "acked", value))
    chance.shuffle(history)
    return start, step, history


def spoil(chance, step, history):
    """One small lie; most make the history wrong, some do not."""
    history = list(history)
    if not history:
        return [Operation("increment", 0, 1, "acked", step * 2)]
    i = chance.randrange(len(history))
    o = history[i]
    lie = chance.randrange(6)
    if lie == 0 and o.outcome == "acked":
        history[i] = Operation(o.kind, o.invoked, o.returned, o.outcome, o.value + chance.choice([-1, 1, step, -step]))
    elif lie == 1:
        shift = chance.randint(-20, 20)
        history[i] = Operation(o.kind, o.invoked + shift, None if o.returned is None else o.returned + shift, o.outcome, o.value)
    elif lie == 2:
        del history[i]
    elif lie == 3:
        history.append(o)
    elif lie == 4 and o.outcome == "indeterminate":
        history[i] = Operation(o.kind, o.invoked, o.invoked, o.outcome)
    else:
        others = [other for other in history if other.outcome == "acked" and other.kind == o.kind]
        if o.outcome == "acked":
            other = chance.choice(others)
            j = history.index(other)
            history[i] = Operation(o.kind, o.invoked, o.returned, o.outcome, other.value)
            history[j] = Operation(o.kind, other.invoked, other.returned, other.outcome, o.value)
    return history


def ask_first_checker(text):
    done = subprocess.run([str(binary()), "torture", "check-history", "-"], input=text, capture_output=True, text=True,
                          env=clean_environment(), timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def test_the_two_checkers_agree(quipu_binary):
    base = int(os.environ.get("QUIPU_TEST_SEED", "0"))
    histories = {}
    for seed in range(base, base + HISTORIES):
        chance = random.Random(seed)
        start, step, history = simulate(chance, operations_max=8)
        spoiled = seed % 3 != 0
        if spoiled:
            for _ in range(chance.randint(1, 3)):
                history = spoil(chance, step, history)
        histories[f"seed-{seed}"] = (start, step, history, spoiled)

    first = ask_first_checker("".join(as_text(name, start, step, history)
                                      for name, (start, step, history, _) in histories.items()))
    assert len(first) == len(histories)
    wrong = 0
    for name, (start, step, history, spoiled) in histories.items():
        right = is_right_by_search(history, start, step)
        wrong += not right
        text = as_text(name, start, step, history)
        assert right or spoiled, f"a simulated history is called wrong by the search:\n{text}"
        assert (first[name] == "ok") == right, f"{first[name]}, but the search says {right}:\n{text}"
        pairs = what_is_wrong(history, start, step)
        assert (pairs is None) == right, f"{pairs}, but the search says {right}:\n{text}"
    assert HISTORIES / 5 < wrong < HISTORIES * 4 / 5, "both kinds of history must be there in numbers"


def test_they_agree_on_longer_histories_too(quipu_binary):
    histories = {}
    for seed in range(60):
        chance = random.Random(1_000_000 + seed)
        start, step, history = simulate(chance, operations_max=120)
        if seed % 2:
            history = spoil(chance, step, history)
        histories[f"seed-{seed}"] = (start, step, history)
    first = ask_first_checker("".join(as_text(name, *history) for name, history in histories.items()))
    for name, (start, step, history) in histories.items():
        pairs = what_is_wrong(history, start, step)
        assert (pairs is None) == (first[name] == "ok"), (first[name], pairs, as_text(name, start, step, history))


# What each must see, whatever the other says.
PLANTED = {
    "a value given twice": (False, ["increment 0 1 acked 1", "increment 2 3 acked 1"]),
    "a smaller value after a larger one": (False, ["increment 0 1 acked 2", "increment 2 3 acked 1"]),
    "a hole that nothing explains": (False, ["increment 0 1 acked 1", "increment 2 3 acked 3"]),
    "a hole that a lost increment explains": (True, ["increment 0 1 acked 1", "increment 1 - indeterminate",
                                                     "increment 2 3 acked 3"]),
    "a hole that a refused increment does not explain": (False, ["increment 0 1 failed", "increment 2 3 acked 2"]),
    "a lost increment of an earlier life": (False, ["increment 0 1 acked 1", "increment 0 2 indeterminate",
                                                    "read 5 6 acked 1", "increment 7 8 acked 3"]),
    "a read too small": (False, ["increment 0 1 acked 1", "read 2 3 acked 0"]),
    "a read too large": (False, ["read 0 1 acked 1", "increment 2 3 acked 1"]),
    "a value lost at a restart": (False, ["increment 0 1 acked 1", "increment 2 3 acked 2", "read 4 5 acked 1"]),
    "a retry that counted twice": (False, ["increment 0 5 acked 1", "read 6 7 acked 2"]),
    "a retry that counted once": (True, ["increment 0 5 acked 1", "read 6 7 acked 1"]),
}


def parse(line):
    kind, invoked, returned, outcome, *value = line.split()
    return Operation(kind, int(invoked), None if returned == "-" else int(returned), outcome, int(value[0]) if value else None)


@pytest.mark.parametrize("name", PLANTED)
def test_planted(quipu_binary, name):
    right, lines = PLANTED[name]
    history = [parse(line) for line in lines]
    assert is_right_by_search(history) == right
    assert (what_is_wrong(history) is None) == right
    assert (ask_first_checker(as_text("c", 0, 1, history))["c"] == "ok") == right


def test_a_broken_history_is_an_error_and_no_verdict(quipu_binary):
    done = subprocess.run([str(binary()), "torture", "check-history", "-"], input="counter c 0 1\nincrement 1\n",
                          capture_output=True, text=True, env=clean_environment(), timeout=60)
    assert done.returncode not in (0,)
    assert "line 2" in done.stderr
    assert done.stdout == ""
