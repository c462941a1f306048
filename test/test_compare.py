"""quipu compare and quipu store check, on what needs no other server; test/stores has the rest."""

import json

import pytest

from quipu_server import run_quipu


def compare(tmp_path, *arguments, **more):
    return run_quipu("compare", "--duration", "0.3", "--scratch", tmp_path, *arguments, cwd=tmp_path, timeout_s=120, **more)


def test_our_own_store_is_compared(quipu_binary, tmp_path):
    done = compare(tmp_path, "--stores", "local", "--json", "result.json", "--html", "page.html")
    assert done.returncode == 0, done.stderr
    assert "local" in done.stdout and "numbers given twice" in done.stdout
    (store,) = json.loads((tmp_path / "result.json").read_text())["stores"]
    assert store["store"] == "local" and all(store[load]["done"] > 0 for load in ("unconditional", "conditional", "many_counters"))
    verdict = store["verdict"]
    assert verdict["good"] and verdict["takes_keys"] and verdict["answers_lost"] > 0 and verdict["double_counted"] == 0
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!doctype html>") and "<svg" in page and "every number counted once" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "result.json"]  # nothing else is left


def test_json_can_be_written_to_standard_output(quipu_binary, tmp_path):
    done = compare(tmp_path, "--stores", "local", "--json", "-", "--html", "")
    assert json.loads(done.stdout)["clients"] == 64
    assert not list(tmp_path.iterdir())


def test_a_store_that_is_off_is_not_compared(quipu_binary, tmp_path):
    done = compare(tmp_path, "--stores", "redis")
    assert (done.returncode, "set REDIS_URL" in done.stderr) == (1, True)
    done = compare(tmp_path, "--stores", "oracle")
    assert (done.returncode, "there is no store" in done.stderr) == (1, True)


def test_check_says_how_to_turn_a_store_on(quipu_binary, tmp_path):
    done = run_quipu("store", "check", cwd=tmp_path)
    assert done.returncode == 0
    for store, hint in (("redis", "REDIS_URL"), ("dynamo", "TABLE_NAME"), ("tidb", "tidb_info.json")):
        assert f"{store:<9}off: " in done.stdout and hint in done.stdout


@pytest.mark.parametrize("arguments, code", [(["redis"], 1), (["--json"], 0)])
def test_check_of_one_store_wants_it_to_be_on(quipu_binary, tmp_path, arguments, code):
    done = run_quipu("store", "check", *arguments, cwd=tmp_path)
    assert done.returncode == code
    if code == 0:
        assert {each["store"]: each["on"] for each in json.loads(done.stdout)}["redis"] is False
