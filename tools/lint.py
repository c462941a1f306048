#!/usr/bin/env python3
"""House rules, their own test, clang-format and clang-tidy. One line a check, then 'N passed, N failed'.

Usage: tools/lint.py [--fix-format]. clang-tidy reads how files are compiled from the release preset, which is configured
(not built) for it. A file that passed is not looked at again until it, a header that it includes, .clang-tidy or its
compile command changes: build/clang-tidy-passed/ holds an empty file named by the hash of all these.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASSED = ROOT / "build/clang-tidy-passed"
CLANG_TIDY = "clang-tidy-19"
CLANG_FORMAT = "clang-format-19"
CODE_FOLDERS = ["src", "test", "bench", "fuzz"]


def run(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout


def code_files():
    return sorted(
        str(f.relative_to(ROOT))
        for folder in CODE_FOLDERS
        for kind in ("*.h", "*.cc")
        for f in (ROOT / folder).rglob(kind)
    )


def check_tidy():
    return run([sys.executable, "tools/tidy.py"])


def check_tidy_test():
    return run([sys.executable, "tools/tidy_test.py"])


def check_format():
    ok, output = run([CLANG_FORMAT, "--dry-run", "-Werror", *code_files()])
    first = {}
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: error", output, re.MULTILINE):
        first.setdefault(path, line)
    return ok, "\n".join(
        f"{p}:{n}: not as clang-format would write it: tools/lint.py --fix-format does it" for p, n in first.items()
    )


def headers_of(path, known):
    """The project's own files that a file reads, itself first; include paths are relative to src/ or to the file."""
    if path in known:
        return known[path]
    known[path] = set()
    found = {path}
    for name in re.findall(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', path.read_text(), re.MULTILINE):
        for candidate in (ROOT / "src" / name, path.parent / name):
            if candidate.exists():
                found |= headers_of(candidate.resolve(), known)
                break
    known[path] = found
    return found


def fingerprint(entry, settings, known):
    digest = hashlib.sha256(settings)
    digest.update(entry["command"].replace(str(ROOT), "").encode())
    for path in sorted(headers_of(pathlib.Path(entry["file"]).resolve(), known)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def tidy_one(path):
    """clang-tidy's own words about one file, empty when there is nothing to say."""
    done = subprocess.run(
        [CLANG_TIDY, "--quiet", "-p", "build/release", path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == 0:
        return ""
    lines = [
        line for line in done.stdout.split("\n") if not re.match(r"\d+ warnings? |Suppressed |Use -header-filter", line)
    ]
    return "\n".join(lines).strip().replace(f"{ROOT}/", "") or f"{path}: clang-tidy ended with status {done.returncode}"


def check_clang_tidy():
    ok, output = run(["tools/build.sh", "release", "build.ninja"])
    if not ok:
        return False, output
    commands = json.loads((ROOT / "build/release/compile_commands.json").read_text())
    # What a generator wrote is not ours to judge.
    entries = {e["file"]: e for e in commands if not e["file"].startswith(f"{ROOT}/build/")}
    settings = (ROOT / ".clang-tidy").read_bytes() + run([CLANG_TIDY, "--version"])[1].encode()
    PASSED.mkdir(parents=True, exist_ok=True)
    known = {}
    waiting = {}
    for path, entry in entries.items():
        mark = PASSED / fingerprint(entry, settings, known)
        if not mark.exists():
            waiting[path] = mark
    # The biggest first, so that no long one is left alone at the end.
    order = sorted(waiting, key=lambda p: -os.path.getsize(p))
    found = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, words in zip(order, pool.map(tidy_one, order)):
            if words:
                found.append(words)
            else:
                waiting[path].touch()
    return not found, "\n".join(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fix-format", action="store_true", help="let clang-format rewrite the files first")
    arguments = parser.parse_args()
    if arguments.fix_format:
        run([CLANG_FORMAT, "-i", *code_files()])
    passed = failed = 0
    for name, check in [
        ("tidy", check_tidy),
        ("tidy's own test", check_tidy_test),
        ("clang-format", check_format),
        ("clang-tidy", check_clang_tidy),
    ]:
        start = time.monotonic()
        ok, output = check()
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(output.rstrip())
        print(f"{'ok  ' if ok else 'FAIL'} {name} ({time.monotonic() - start:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
