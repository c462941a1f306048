#!/usr/bin/env python3
"""How many instructions an increment costs, counted by callgrind: finer than a clock, and the same on a busy machine.

The server runs under valgrind twice, once for N and once for 2N requests of one connection; the difference leaves start and
stop out. Compares with bench/instructions.json and fails if one got heavier by more than 5 %; --update writes the new counts.
Counts hold for one compiler, one library version and one CPU family; the kernel's share is not in them.
"""

import argparse
import http.client
import json
import pathlib
import re
import shutil
import sys
import tempfile

import servers

RECORD = pathlib.Path(__file__).resolve().parent / "instructions.json"
HEAVIER_MAX = 1.05
VALGRIND_STARTS_SECONDS_MAX = 120
ARRAY = 100

ONE = ("POST", "/counter/increment?counter=orders", None)
MANY = ("POST", "/counter/increment", "[" + ",".join(f'{{"counter":"orders-{i:03}"}}' for i in range(ARRAY)) + "]")
KEYED = ("POST", "/counter/increment?counter=orders", None)
READ = ("GET", "/counter?counter=orders", None)
# name: (request, how many, units in one request, with an idempotency key)
MEASURED = {
    "increment": (ONE, 2000, 1, False),
    "increment_with_idempotency_key": (KEYED, 2000, 1, True),
    "increment_in_an_array_of_100": (MANY, 200, ARRAY, False),
    "read": (READ, 2000, 1, False),
}


def instructions(request, requests, keyed):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="callgrind-", dir=servers.WORK))
    out = directory / "callgrind.out"
    try:
        with servers.quipu(directory, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]) as server:
            method, path, body = request
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            for number in range(requests):
                headers = {"Idempotency-Key": f"request-{number:08}"} if keyed else {}
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"status {answer.status}: {text[:300]!r}")
            connection.close()
            if server.stop() != 0:
                raise RuntimeError(f"the server did not stop cleanly; {server.log_path} has its last words")
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE).group(1))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--update", action="store_true", help="write the new counts to bench/instructions.json")
    arguments = parser.parse_args()
    servers.START_SECONDS_MAX = VALGRIND_STARTS_SECONDS_MAX
    servers.STOP_SECONDS_MAX = VALGRIND_STARTS_SECONDS_MAX
    servers.WORK.mkdir(parents=True, exist_ok=True)
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    counted, heavier = {}, False
    for name, (request, requests, units, keyed) in MEASURED.items():
        once, twice = (instructions(request, n, keyed) for n in (requests, 2 * requests))
        counted[name] = round((twice - once) / requests / units)
        before = recorded.get(name)
        is_heavier = before is not None and counted[name] > before * HEAVIER_MAX
        heavier |= is_heavier
        compared = f"{counted[name] / before:.3f} of the recorded {before:,}" if before else "not recorded yet"
        print(f"{'FAIL' if is_heavier else 'ok  '} {name}: {counted[name]:,} instructions ({compared})", flush=True)
    if arguments.update:
        RECORD.write_text(json.dumps(counted, indent=2) + "\n")
        return 0
    if heavier:
        print(
            "Heavier than recorded. Find out why (callgrind_annotate); if it is worth it, --update and say so in the commit."
        )
    return 1 if heavier else 0


if __name__ == "__main__":
    sys.exit(main())
