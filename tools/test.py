#!/usr/bin/env python3
"""Everything that a change must pass: `make test`. Stages, their order and what they need are in plan(), at the end.

A stage has a log, build/test-logs/NAME.log; the end of it is printed when the stage fails. The very last line counts single
tests, checks and runs: 'N passed, N failed' (', N skipped' if any, with the reasons above).

Environment: FUZZ_SECONDS for each fuzz target (60), KILL_CYCLES (300), POWER_LOSS_CYCLES (1000),
DIFFERENTIAL_OPERATIONS (50000).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/test-logs"
CORES = os.cpu_count() or 1
LOG_TAIL_LINES = 60
FAILURE_LINES_MAX = 12
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
KILL_CYCLES = int(os.environ.get("KILL_CYCLES", "300"))
POWER_LOSS_CYCLES = int(os.environ.get("POWER_LOSS_CYCLES", "1000"))
DIFFERENTIAL_OPERATIONS = int(os.environ.get("DIFFERENTIAL_OPERATIONS", "50000"))
# Far above what anything here takes, on a slow machine too; a test that hangs must not hang the run.
TEST_SECONDS_MAX = 900  # one program
MANY_TESTS_SECONDS_MAX = 3600  # all of pytest's, which install and build other stores where nobody did yet
BUILD_SECONDS_MAX = 2400

STORES = "test/stores"
WITHOUT_FAULTS = "not Faults and not whatever_breaks and not bad_day and not dead and not killed"
OWN = ("test", f"--ignore={STORES}")

stopping = threading.Event()
running = set()
running_lock = threading.Lock()


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: list[str] = dataclasses.field(default_factory=list)  # the reasons
    failures: list[str] = dataclasses.field(default_factory=list)  # names, and what they said

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (
            f", {len(self.skipped)} skipped" if self.skipped else ""
        )


@dataclasses.dataclass
class Stage:
    name: str
    group: str  # what --only names
    work: typing.Callable[["Stage"], Count]
    needs: tuple[str, ...] = ()
    cores: int = 1  # a stage that fills the machine, or measures time, takes all
    state: str = "waiting"  # then running, passed, failed, dropped
    count: Count = dataclasses.field(default_factory=Count)
    seconds: float = 0.0

    @property
    def log(self):
        return LOGS / f"{self.name}.log"

    def run(self, command, seconds_max, environment=None, directory=ROOT):
        """Runs a command into the log. Returns its status, or None when it ran too long and was killed with its children."""
        with open(self.log, "a", encoding="utf-8", errors="replace") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n")
            log.flush()
            process = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
            with running_lock:
                running.add(process)
            try:
                return process.wait(0 if stopping.is_set() else seconds_max)
            except subprocess.TimeoutExpired:
                log.write(f"did not end within {seconds_max} s and was killed\n")
                return None
            finally:
                with running_lock:
                    running.discard(process)
                kill_group(process)

    def note(self, text):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(text + "\n")

    def tail(self):
        return (
            self.log.read_text(encoding="utf-8", errors="replace").split("\n")[-LOG_TAIL_LINES:]
            if self.log.exists()
            else []
        )


def kill_group(process):
    """A stage leaves nothing running: what it started has the process group of the command."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


# ---- work


def build(preset, targets, directory=None, arguments=""):
    def work(stage):
        environment = {"BUILD_DIR": directory or f"build/{preset}", "CMAKE_ARGS": arguments}
        ok = stage.run(["tools/build.sh", preset, *targets], BUILD_SECONDS_MAX, environment) == 0
        return Count() if ok else Count(failed=1)

    return work


def read_junit(path):
    """What GoogleTest and pytest agree on. None if the file is not there or cut short: the program died."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    count = Count()
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        failure = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
        if failure is not None:
            words = (failure.get("message") or failure.text or "").strip().splitlines()
            count.failures.append("\n    ".join([name, *words[:FAILURE_LINES_MAX]]))
            count.failed += 1
        elif skipped is not None or case.get("status") == "notrun":
            reason = (
                (skipped.get("message") or skipped.text or "").strip()
                if skipped is not None
                else "disabled in the code"
            )
            count.skipped.append(f"{name}: {reason.splitlines()[-1] if reason else 'no reason given'}")
        else:
            count.passed += 1
    return count


def sanitizer_environment(preset, stage):
    """Sanitizers write into files of their own, so that a server's report is seen although its test did not look."""
    if preset not in ("asan", "tsan"):
        return {}
    path = LOGS / f"{stage.name}.report"
    for old in LOGS.glob(f"{stage.name}.report.*"):
        old.unlink()
    return {
        "ASAN_OPTIONS": f"log_path={path}:detect_stack_use_after_return=1:strict_string_checks=1",
        "UBSAN_OPTIONS": f"log_path={path}:print_stacktrace=1",
        "TSAN_OPTIONS": f"log_path={path}:suppressions={ROOT}/tools/tsan.supp:second_deadlock_stack=1"
        # As long a memory as there is: a report whose other side is forgotten cannot be told from RocksDB's.
        ":history_size=7",
    }


def sanitizer_reports(stage):
    reports = sorted(LOGS.glob(f"{stage.name}.report.*"))
    for report in reports:
        stage.note(f"\n{report.name}:\n{report.read_text(errors='replace')}")
    return Count(failed=len(reports))


def unit(preset):
    def work(stage):
        environment = sanitizer_environment(preset, stage)
        count = Count()
        for program in (ROOT / f"build/{preset}/unit_tests.txt").read_text().split():
            result = LOGS / f"{stage.name}-{pathlib.Path(program).name}.xml"
            result.unlink(missing_ok=True)
            status = stage.run(
                [program, f"--gtest_output=xml:{result}", "--gtest_brief=1"], TEST_SECONDS_MAX, environment
            )
            found = read_junit(result)
            if found is None or (status != 0 and found.failed == 0):
                stage.note(f"{program} ended with status {status} and without a verdict")
                found = (found or Count()).add(Count(failed=1))
            elif found.passed + found.failed == 0:
                stage.note(f"{program} has no test")
                found.failed += 1
            count.add(found)
        # At the end, where the tail of the log shows them.
        for failure in count.failures:
            stage.note(f"failed: {failure}")
        return count.add(sanitizer_reports(stage))

    return work


def black_box(preset, *what):
    def work(stage):
        environment = sanitizer_environment(preset, stage)
        environment |= {"QUIPU_BINARY": str(ROOT / f"build/{preset}/quipu"), "QUIPU_PRESET": preset}
        # Sanitizers look for what random requests do inside; what they answer is compared in the release build.
        environment |= {"DIFFERENTIAL_OPERATIONS": str(DIFFERENTIAL_OPERATIONS if preset == "release" else 1000)}
        result = LOGS / f"{stage.name}.xml"
        result.unlink(missing_ok=True)
        status = stage.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--tb=short",
                "-p",
                "no:cacheprovider",
                f"--junitxml={result}",
                *what,
            ],
            MANY_TESTS_SECONDS_MAX,
            environment,
        )
        count = read_junit(result) or Count()
        if (status != 0 and count.failed == 0) or count.passed + count.failed == 0:
            stage.note(f"pytest ended with status {status} and without a verdict")
            count.failed += 1
        return count.add(sanitizer_reports(stage))

    return work


def torture(*arguments):
    def work(stage):
        ok = stage.run(["build/release/quipu", "torture", *arguments], TEST_SECONDS_MAX) == 0
        return Count(passed=int(ok), failed=int(not ok))

    return work


def summed(command, seconds_max):
    """A command whose last line counts."""

    def work(stage):
        status = stage.run(command, seconds_max)
        found = re.fullmatch(r"(\d+) passed, (\d+) failed", next((line for line in reversed(stage.tail()) if line), ""))
        count = Count(int(found.group(1)), int(found.group(2))) if found else Count()
        return count if (status == 0) == (found is not None and count.failed == 0) else count.add(Count(failed=1))

    return work


def planted_bug(bug, test):
    """The named test must fail where the bug is built in, and pass where it is not. Its first word is a CMake target, or
    `pytest` for black-box tests, which run against the program that QUIPU_BINARY names."""
    words = test.split()
    target = "quipu" if words[0] == "pytest" else words[0]

    def run(stage, directory):
        if words[0] == "pytest":
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words[1:]]
        elif target == "quipu":
            command = [f"{directory}/quipu", *words[1:]]
        else:
            programs = (ROOT / directory / "unit_tests.txt").read_text().split()
            command = [next((p for p in programs if pathlib.Path(p).name == target), target), *words[1:]]
        status = stage.run(command, TEST_SECONDS_MAX, {"QUIPU_BINARY": str(ROOT / directory / "quipu")})
        return status, "\n".join(stage.tail())

    def work(stage):
        directory = f"build/bug-{bug}"
        if build("release", [target], directory, f"-DQUIPU_PLANTED_BUG={bug} -DQUIPU_BENCH=OFF")(stage).failed:
            return Count(failed=1)
        if build("release", [target])(stage).failed:
            return Count(failed=1)
        clean, words_of_it = run(stage, "build/release")
        if clean != 0 or re.search(r"\[==========\] Running 0 tests|no tests ran", words_of_it):
            stage.note(f"{test}: must pass without the bug, but ended with status {clean}, or ran no test at all")
            return Count(failed=1)
        caught, _ = run(stage, directory)
        if caught in (0, None):
            stage.note(
                f"{test}: must fail with -DQUIPU_PLANTED_BUG={bug}, but ended with status {caught}: it would not see this bug"
            )
            return Count(failed=1)
        return Count(passed=1)

    return work


# ---- running


class Progress:
    """One line a stage on a pipe; on a terminal, one more line at the bottom says what is going on."""

    def __init__(self):
        self.live = sys.stdout.isatty()
        self.start = time.monotonic()

    def elapsed(self):
        seconds = int(time.monotonic() - self.start)
        return f"{seconds // 60:2}:{seconds % 60:02}"

    def say(self, line):
        print(("\r\033[K" if self.live else "") + line, flush=True)

    def show(self, stages):
        if self.live:
            names = ", ".join(f"{s.name} {int(time.monotonic() - s.seconds)} s" for s in stages if s.state == "running")
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{self.elapsed()}  {names}"[:width], end="", flush=True)


def run_stage(stage, changed):
    stage.log.unlink(missing_ok=True)
    start = time.monotonic()
    try:
        stage.count = stage.work(stage)
    except Exception as error:  # a broken stage is a failed one; the others go on
        stage.note(f"{type(error).__name__}: {error}")
        stage.count = Count(failed=1)
    with changed:
        stage.seconds = time.monotonic() - start
        stage.state = "failed" if stage.count.failed else "passed"
        changed.notify()


def run_all(stages, progress):
    by_name = {s.name: s for s in stages}
    changed = threading.Condition()
    said = set()
    with changed:
        while True:
            for stage in stages:
                if stage.state == "waiting" and any(by_name[n].state in ("failed", "dropped") for n in stage.needs):
                    stage.state = "dropped"
                    stage.count = Count(failed=1)
                free = CORES - sum(s.cores for s in stages if s.state == "running")
                ready = stage.state == "waiting" and all(by_name[n].state == "passed" for n in stage.needs)
                if ready and (min(stage.cores, CORES) <= free):
                    stage.state, stage.seconds = "running", time.monotonic()
                    threading.Thread(target=run_stage, args=(stage, changed), daemon=True).start()
            for stage in stages:
                if stage.state in ("passed", "failed", "dropped") and stage.name not in said:
                    said.add(stage.name)
                    report(stage, progress)
            if len(said) == len(stages):
                return
            progress.show(stages)
            changed.wait(1.0)


def report(stage, progress):
    mark = {"passed": "ok  ", "failed": "FAIL", "dropped": "FAIL"}[stage.state]
    what = (
        "not run, what it needs failed"
        if stage.state == "dropped"
        else str(stage.count) if stage.count.passed or stage.count.failed else "done"
    )
    progress.say(f"{progress.elapsed()}  {mark} {stage.name:24} {what} ({stage.seconds:.0f} s)")
    if stage.state == "failed":
        progress.say(
            "\n".join(
                ["      | " + line for line in stage.tail()] + [f"      the whole log is {stage.log.relative_to(ROOT)}"]
            )
        )


def table(stages, progress):
    progress.say("")
    groups = dict.fromkeys(s.group for s in stages)
    for group in groups:
        mine = [s for s in stages if s.group == group]
        count = Count()
        for stage in mine:
            count.add(stage.count)
        print(f"{group:10} {str(count):36} {sum(s.seconds for s in mine):5.0f} s")


def plan():
    stages = [
        Stage("lint", "lint", summed([sys.executable, "tools/lint.py"], BUILD_SECONDS_MAX), cores=CORES),
        Stage("build-release", "build", build("release", []), cores=CORES),
        Stage("unit-release", "unit", unit("release"), ("build-release",)),
        # It measures how long answers take while others are slow, so nothing else runs beside it.
        Stage("black-box-release", "blackbox", black_box("release", *OWN), ("build-release",), cores=CORES),
        # With real servers of other stores, and faults on the way to them.
        Stage("stores-release", "stores", black_box("release", STORES), ("build-release",), cores=CORES),
        Stage("kill-9", "gates", torture("--cycles", str(KILL_CYCLES)), ("build-release",)),
        Stage("power-loss", "gates", torture("--cycles", str(POWER_LOSS_CYCLES), "--power-loss"), ("build-release",)),
    ]
    for planted in json.loads((ROOT / "test/planted_bugs.json").read_text()):
        work = planted_bug(planted["bug"], planted["test"])
        stages.append(Stage(f"bug-{planted['bug']}", "bugs", work, ("build-release",), cores=CORES))
    for preset in ("asan", "tsan"):
        stages.append(Stage(f"build-{preset}", preset, build(preset, []), cores=CORES))
    for preset in ("asan", "tsan"):
        stages.append(Stage(f"unit-{preset}", preset, unit(preset), (f"build-{preset}",)))
        stages.append(Stage(f"black-box-{preset}", preset, black_box(preset, *OWN), (f"build-{preset}",)))
    # Not with the thread sanitizer, which knows nothing of the locks inside the stores' own libraries; and without the
    # faults, whose tests look at the clock.
    stages.append(
        Stage("stores-asan", "asan", black_box("asan", STORES, "-k", WITHOUT_FAULTS), ("build-asan",), cores=CORES)
    )
    seconds_max = FUZZ_SECONDS * 20 + BUILD_SECONDS_MAX
    stages += [
        Stage(
            "fuzz",
            "fuzz",
            summed([sys.executable, "tools/fuzz.py", "--seconds", str(FUZZ_SECONDS)], seconds_max),
            ("build-asan",),
            cores=CORES,
        ),
    ]
    return stages


def chosen(stages, only):
    """The stages of the named groups, or stages, and all that they need."""
    if not only:
        return stages
    words = only.split(",")
    unknown = [w for w in words if not any(w in (s.group, s.name) for s in stages)]
    if unknown:
        sys.exit(f"tools/test.py: no stage or group '{unknown[0]}'; --list names them")
    names = {s.name for s in stages if s.group in words or s.name in words}
    for stage in reversed(stages):
        if stage.name in names:
            names.update(stage.needs)
    return [s for s in stages if s.name in names]


def stop(*_):
    stopping.set()
    with running_lock:
        for process in list(running):
            kill_group(process)
    os._exit(130)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help="groups or stages, comma separated; what they need comes along")
    parser.add_argument("--list", action="store_true", help="name them")
    arguments = parser.parse_args()
    stages = chosen(plan(), arguments.only)
    if arguments.list:
        for stage in stages:
            print(f"{stage.group:10} {stage.name:24}" + (f" after {', '.join(stage.needs)}" if stage.needs else ""))
        return 0
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    progress = Progress()
    run_all(stages, progress)
    table(stages, progress)
    total = Count()
    for stage in stages:
        total.add(stage.count)
    for reason in total.skipped:
        print(f"skipped: {reason}")
    # Once more, where the end of a long log shows them.
    for stage in stages:
        for failure in stage.count.failures:
            print(f"failed in {stage.name}: {failure}")
    print(f"{progress.elapsed().strip()} min; logs in {LOGS.relative_to(ROOT)}")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
