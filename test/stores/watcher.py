"""Counts on the store `local` until its standard input ends, then prints what it saw: {"seconds": [of each answer], "failed": N}.

A process of its own, because a thread beside those of a load would wait for them and not for the server.

    watcher.py URL COUNTER
"""

import json
import select
import sys
import time

from load_client import ACKED, LoadClient

PAUSE_S = 0.005


def main(url, counter):
    client = LoadClient(url, "local")
    seconds, failed = [], 0
    while not seconds or not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        start = time.monotonic()
        outcome, *_ = client(counter)
        seconds.append(time.monotonic() - start)
        failed += outcome != ACKED
    print(json.dumps({"seconds": seconds, "failed": failed}))


if __name__ == "__main__":
    main(*sys.argv[1:])
