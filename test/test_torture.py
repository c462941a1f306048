"""`quipu torture` itself: that it runs, judges, reports and cleans up. What it finds is its own business; that it finds
planted bugs is shown with planted_bugs.json."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from quipu_server import binary, clean_environment, die_with_parent, run_quipu, wait_until


def torture(*arguments, timeout_s=120, **more):
    return run_quipu("torture", *arguments, timeout_s=timeout_s, **more)


def figure(text, pattern):
    return int(re.search(pattern, text).group(1).replace(",", ""))


@pytest.mark.parametrize("flags", [[], ["--power-loss"]], ids=["kill", "power loss"])
def test_a_short_run_passes_and_gives_its_bound(quipu_binary, flags, tmp_path):
    # Long enough for some syncs of a slow disk, or little would be acknowledged and dropped before each kill.
    load = ("--load-min-ms", 100, "--load-max-ms", 200)
    done = torture("--cycles", 20, "--seed", 5, *load, *flags, env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED: none wrong in 20 cycles" in done.stdout
    assert "95 % confidence" in done.stdout
    assert "seed 5" in done.stdout
    assert figure(done.stdout, r"([\d,]+) increments acknowledged") > 100
    assert figure(done.stdout, r"([\d,]+) kills interrupted operations") >= 10
    assert figure(done.stdout, r"([\d,]+) answers dropped") > 0
    assert figure(done.stdout, r"([\d,]+) retries settled") > 0
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_the_directory_is_kept_if_asked_for(quipu_binary, tmp_path):
    directory = tmp_path / "kept"
    done = torture("--cycles", 2, "--data", directory, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(directory) in done.stdout
    assert (directory / "server.log").stat().st_size > 0
    assert run_quipu("verify", directory / "data").returncode == 0


def test_a_directory_with_something_in_it_is_refused_and_left_alone(quipu_binary, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = torture("--cycles", 2, "--data", tmp_path)
    assert done.returncode != 0
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_server_that_is_none_is_an_error_and_no_verdict(quipu_binary):
    done = torture("--cycles", 2, "--server", "/bin/false")
    assert done.returncode != 0
    assert "does not start" in done.stderr
    assert "PASSED" not in done.stdout


def processes_with(text):
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if text.encode() in (entry / "cmdline").read_bytes() and b"serve" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass
    return found


@pytest.fixture
def endless_run(quipu_binary, tmp_path):
    directory = tmp_path / "run"
    process = subprocess.Popen([str(binary()), "torture", "--cycles", "0", "--data", str(directory)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=clean_environment(), preexec_fn=die_with_parent)
    wait_until(lambda: processes_with(str(directory)), what="the server")
    yield process, directory
    process.kill()
    process.communicate()


def test_ctrl_c_ends_it_with_a_report(endless_run):
    process, directory = endless_run
    time.sleep(0.5)  # some cycles, so that there is something to report
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0, stdout + stderr
    assert "stopped before the end" in stdout
    assert processes_with(str(directory)) == []


def test_its_server_dies_with_it(endless_run):
    process, directory = endless_run
    process.kill()
    process.wait()
    wait_until(lambda: not processes_with(str(directory)), what="the server's end")
