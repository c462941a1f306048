#!/usr/bin/env python3
"""Fuzzes every target of fuzz/CMakeLists.txt: replays fuzz/corpus/TARGET/, then searches on for a while.

What the search finds goes to build/fuzz/corpus/TARGET/ (worth adding to fuzz/corpus if it reaches new code) and a crash to
build/fuzz/TARGET-crash-HASH; run build/asan/fuzz/TARGET_fuzz on that file to see it again.
One line a target, then 'N passed, N failed'.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/asan"
FOUND = ROOT / "build/fuzz"
INPUT_BYTES_MAX = 64 * 1024
INPUT_SECONDS_MAX = 10
MEMORY_MB_MAX = 2048


def programs():
    return [pathlib.Path(line) for line in (BUILD / "fuzz_targets.txt").read_text().split()]


def fuzz(program, seconds):
    """(passed, one line about it, its whole output)"""
    name = program.name.removesuffix("_fuzz")
    seeds = ROOT / "fuzz/corpus" / name
    if not seeds.is_dir() or not any(seeds.iterdir()):
        return False, f"FAIL {name}: fuzz/corpus/{name}/ has no seeds: write some by hand", ""
    start = time.monotonic()
    # Inputs found by earlier runs are replayed too; a crash among them stays visible until it is fixed.
    found = FOUND / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    limits = [
        f"-max_len={INPUT_BYTES_MAX}",
        f"-timeout={INPUT_SECONDS_MAX}",
        f"-rss_limit_mb={MEMORY_MB_MAX}",
        f"-artifact_prefix={FOUND}/{name}-",
    ]
    replay = [program, seeds, found, "-runs=0", *limits]
    search = [program, found, seeds, f"-max_total_time={seconds}", "-print_final_stats=1", *limits]
    output = ""
    for command in [replay, search] if seconds > 0 else [replay]:
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds * 2 + 300
            )
        except subprocess.TimeoutExpired as late:
            return False, f"FAIL {name}: did not end", output + (late.stdout or b"").decode(errors="replace")
        output += done.stdout.decode(errors="replace")
        if done.returncode != 0:
            crash = re.search(r"Test unit written to (\S+)", output)
            where = crash.group(1).replace(f"{ROOT}/", "") if crash else "its output"
            return False, f"FAIL {name}: status {done.returncode}, see {where}", output
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    executed = f"{int(runs.group(1)):,} inputs" if runs else "corpus replayed"
    return True, f"ok   {name}: {executed} ({time.monotonic() - start:.0f} s)", output


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="time for each target after the replay (60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time")
    parser.add_argument("--only", help="targets, comma separated")
    arguments = parser.parse_args()
    if subprocess.run(["tools/build.sh", "asan", "fuzz_targets"], cwd=ROOT).returncode != 0:
        return 1
    chosen = [p for p in programs() if not arguments.only or p.name.removesuffix("_fuzz") in arguments.only.split(",")]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for ended in concurrent.futures.as_completed([pool.submit(fuzz, p, arguments.seconds) for p in chosen]):
            ok, line, output = ended.result()
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print(output[-6000:].rstrip())
            print(line, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
