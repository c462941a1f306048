"""Crashes, damage and full disks, seen from outside. The long runs are `quipu torture`."""

import base64
import http.client
import itertools
import json
import os
import random
import re
import subprocess
import threading
import time

import pytest

from counter_checker import Operation, what_is_wrong
from quipu_server import RefusedToStart, live_log, run_quipu, wait_until


# --- kill -9 under load


class Recorder(threading.Thread):
    """A client that counts until its server is gone, and remembers everything."""

    def __init__(self, server, counters, seed):
        super().__init__()
        self.client = server.new_client(timeout_s=10)
        self.counters = counters
        self.chance = random.Random(seed)
        self.seen = []  # (counter, operation)

    def run(self):
        while True:
            counter = self.chance.choice(self.counters)
            kind = "read" if self.chance.random() < 0.2 else "increment"
            invoked = time.monotonic_ns()
            try:
                value = self.client.value(counter) if kind == "read" else self.client.next_value(counter)
            except (OSError, http.client.HTTPException):
                if kind == "increment":
                    self.seen.append((counter, invoked, None))
                return
            self.seen.append((counter, Operation(kind, invoked, time.monotonic_ns(), "acked", value)))


def test_nothing_acknowledged_is_lost_or_given_twice_over_kills(fresh_server):
    seed = int(os.environ.get("QUIPU_TEST_SEED", "1"))
    counters = [f"c{i}" for i in range(6)]
    histories = {counter: [] for counter in counters}
    server = fresh_server().start()
    lost = 0
    for life in range(4):
        clients = [Recorder(server, counters, seed * 1000 + life * 10 + i) for i in range(6)]
        for client in clients:
            client.start()
        wait_until(lambda: sum(len(client.seen) for client in clients) > 150, what="some load")
        server.kill()
        dead_at = time.monotonic_ns()
        for client in clients:
            client.join()
            for counter, what, *rest in client.seen:
                if rest:
                    lost += 1
                    what = Operation("increment", what, max(dead_at, what), "indeterminate")
                histories[counter].append(what)
        server.start()
        for counter in counters:
            invoked = time.monotonic_ns()
            value = server.client.value(counter)
            histories[counter].append(Operation("read", invoked, time.monotonic_ns(), "acked", value))
    assert lost > 0, "no kill interrupted anything"
    for counter, history in histories.items():
        assert what_is_wrong(history) is None, (counter, seed)


# --- a disk that fails


def test_after_a_failed_sync_it_says_that_nobody_knows_exits_and_recovers(fresh_server):
    server = fresh_server().start()
    server.client.set("x", 100)
    assert server.terminate() == 0
    server.start(more_flags=["--simulated-disk", "fault:at=12,kind=eio,calls=sync,for=ever"])
    acked, unknown = 100, 0
    try:
        for _ in range(1000):
            answer = server.client.increment("x")
            if answer.status != 200:
                assert answer.status == 500, answer
                assert answer.json()["error_code"]
                assert answer.json()["error_description"]
                unknown += 1
                break
            acked = answer.json()["new_value"]
    except (OSError, EOFError):
        unknown += 1
    assert unknown == 1, "the fault did fire"
    assert server.wait_for_end() != 0
    server.start()
    assert acked <= server.client.value("x") <= acked + unknown


def test_a_failing_disk_at_the_start_is_refused(fresh_server):
    server = fresh_server()
    with pytest.raises(RefusedToStart):
        server.start(more_flags=["--simulated-disk", "fault:at=1,kind=eio"])


# --- a power cut


def test_what_was_acknowledged_survives_power_cuts(fresh_server):
    server = fresh_server()
    expected = 0
    for cut in range(5):
        server.start(more_flags=["--simulated-disk", f"power-loss:seed={cut}"])
        assert server.client.value("x") == expected
        for _ in range(20):
            expected = server.client.next_value("x")
        server.kill()
    server.start(more_flags=["--simulated-disk", "power-loss:seed=99"])
    assert server.client.value("x") == expected == 100


# --- damage


@pytest.fixture
def written(fresh_server):
    """A killed server's directory with a few hundred acknowledged increments in the log."""
    server = fresh_server().start()
    for i in range(300):
        server.client.next_value(f"c{i % 10}")
    # Long enough for the watermark, which is synced every 100 ms while there are writes.
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        server.client.next_value("late")
    server.late = server.client.value("late")
    server.kill()
    server.log, server.log_bytes = live_log(server.data)
    return server


def spoil(path, offset, change=lambda byte: byte ^ 0x10):
    content = bytearray(path.read_bytes())
    content[offset] = change(content[offset])
    path.write_bytes(content)


def refuses(server, *words):
    with pytest.raises(RefusedToStart) as refusal:
        server.start()
    for word in words:
        assert word in refusal.value.output, refusal.value.output
    return refusal.value.output


def test_a_flipped_bit_in_the_log_is_refused_with_file_and_offset(written):
    offset = written.log_bytes // 2
    spoil(written.log, offset)
    output = refuses(written, str(written.log.name), "--accept-loss")
    numbers = [int(word) for word in "".join(c if c.isdigit() else " " for c in output).split()]
    assert any(offset - 40_000 <= number <= offset for number in numbers), f"no offset near {offset} in: {output}"


def test_with_accept_loss_it_goes_on_with_what_is_left(written):
    spoil(written.log, written.log_bytes // 2)
    refuses(written)
    written.start(more_flags=["--accept-loss"])
    left = sum(written.client.value(f"c{i}") for i in range(10))
    assert 0 <= left <= 300
    assert "loss" in written.output()
    assert written.client.next_value("after") == 1
    written.restart()
    assert written.client.value("after") == 1, "and later starts need no flag"


def test_an_undamaged_directory_starts_without_a_word_of_loss(written):
    written.start()
    assert sum(written.client.value(f"c{i}") for i in range(10)) == 300
    assert written.client.value("late") == written.late
    assert "loss" not in written.output()


def test_a_log_that_was_cut_short_is_refused(written):
    """Recovery alone would take it for a torn tail, and open with the older half."""
    os.truncate(written.log, written.log_bytes // 2)
    refuses(written, "--accept-loss")


def test_a_torn_tail_that_was_never_acknowledged_is_no_damage(written):
    with open(written.log, "ab") as log:
        log.write(b"\x01" * 5)
    written.start()
    assert written.client.value("late") == written.late


def test_a_log_that_is_gone_is_refused(written):
    written.log.unlink()
    refuses(written)


@pytest.mark.parametrize("pattern", ["MANIFEST-*", "CURRENT"])
def test_a_missing_file_is_refused_by_name(written, pattern):
    missing = next(written.data.rglob(pattern))
    missing.unlink()
    refuses(written, pattern.rstrip("-*"))


def test_a_damaged_manifest_is_refused(written):
    manifest = next(written.data.rglob("MANIFEST-*"))
    spoil(manifest, manifest.stat().st_size // 3)
    refuses(written)


def test_a_damaged_watermark_is_refused(written):
    watermark = written.data / "WATERMARK"
    watermark.write_bytes(b"\xff" * watermark.stat().st_size)
    refuses(written, "WATERMARK")


def test_a_directory_of_a_later_version_is_refused(written):
    """The format file says which version wrote the directory."""
    file = written.data / "FORMAT"
    text = file.read_text()
    later = re.sub(r"\d+", "99", text, count=1)
    assert later != text
    file.write_text(later)
    refuses(written, "FORMAT")


def test_verify_and_start_agree_about_damage(written):
    assert run_quipu("verify", written.data).returncode == 0
    spoil(written.log, written.log_bytes // 3)
    assert run_quipu("verify", written.data).returncode == 1
    refuses(written)


# --- a full disk


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 96 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    mount = tmp_path / "disk"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", mount], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def fill(disk, leave_bytes):
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with open(disk / "ballast", "wb") as file:
        chunk = b"\x00" * 65536
        while free > leave_bytes:
            file.write(chunk[:min(len(chunk), free - leave_bytes)])
            file.flush()
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize


def test_on_a_full_disk_writes_are_refused_reads_go_on_and_it_recovers_by_itself(fresh_server, small_disk):
    server = fresh_server(directory=small_disk / "server", flags=["--free-space-floor-mib", "16"])
    server.start()
    client = server.client
    for _ in range(10):
        client.next_value("x")
    fill(small_disk, leave_bytes=8 * 1024 * 1024)

    refused = wait_until(lambda: (answer := client.increment("x")).status != 200 and answer, what="a refusal")
    assert refused.status == 507, refused
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["error_code"]
    value = client.value("x")
    assert value >= 10
    for attempt in (lambda: client.increment("x"), lambda: client.set("x", 0), lambda: client.erase("x"),
                    lambda: client.increment_many([{"counter": "x"}])):
        assert attempt().status == 507
    assert client.value("x") == value, "nothing changed"
    assert client.get("/counters").status == 200
    assert client.get("/healthz").status == 200
    assert client.get("/readyz").status == 503

    (small_disk / "ballast").unlink()
    # The refused attempts in between are not counted: the value goes on by one.
    after = wait_until(lambda: (answer := client.increment("x")).status == 200 and answer, deadline_s=15, every_s=0.1,
                       what="writes after space was freed")
    assert after.json()["new_value"] == value + 1
    assert client.get("/readyz").status == 200
    server.restart("kill")
    assert server.client.value("x") == value + 1


def test_a_full_disk_is_freed_by_dropping_a_table(fresh_server, small_disk):
    """Nobody has to find space elsewhere."""
    server = fresh_server(directory=small_disk / "server", flags=["--free-space-floor-mib", "32"])
    client = server.start().client
    kept, dropped = "kept", "dropped"
    for name in (kept, dropped):
        ask_dynamodb(client, "CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                     AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                     KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])

    def put(table, number):
        value = base64.b64encode(random.randbytes(250_000)).decode()
        return ask_dynamodb(client, "PutItem", TableName=table, Item={"id": {"S": f"{number}"}, "v": {"B": value}})

    assert put(kept, 0).status == 200
    numbers = itertools.count()
    refused = wait_until(lambda: (answer := put(dropped, next(numbers))).status != 200 and answer, deadline_s=60)
    assert refused.status == 500 and "disk" in refused.text, refused
    assert put(kept, 1).status == 500
    assert ask_dynamodb(client, "DeleteTable", TableName=dropped).status == 200
    wait_until(lambda: put(kept, 1).status == 200, deadline_s=30, every_s=0.1, what="writes after the drop")
    for number in range(2):
        key = {"id": {"S": f"{number}"}}
        assert len(ask_dynamodb(client, "GetItem", TableName=kept, Key=key).json()["Item"]) == 2
    server.restart("kill")
    assert ask_dynamodb(server.client, "ListTables").json()["TableNames"] == ["AtomicCounters", kept]


def test_below_the_floor_it_starts_and_keys_with_a_quota_read(fresh_server, small_disk):
    settings = ["--free-space-floor-mib", "32", "--plans", "small rate=10 quota=1000/day"]
    server = fresh_server(directory=small_disk / "server", flags=settings, dev=False)
    server.start()
    admin = server.new_client(headers={"x-api-key": re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)})
    key = admin.post("/keys", body=json.dumps({"name": "reader"})).json()["key"]
    fill(small_disk, leave_bytes=24 * 1024 * 1024)
    server.restart()
    reader = server.new_client(headers={"x-api-key": key})
    assert wait_until(lambda: reader.increment("x").status == 507, what="the floor is noticed")
    assert reader.read("x").status == 200


def ask_dynamodb(client, operation, **request):
    return client.post("/", body=json.dumps(request),
                       headers={"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"})


def test_a_retry_after_507_counts_once(fresh_server, small_disk):
    server = fresh_server(directory=small_disk / "server", flags=["--free-space-floor-mib", "16"])
    client = server.start().client
    fill(small_disk, leave_bytes=8 * 1024 * 1024)
    wait_until(lambda: client.increment("other").status == 507, what="a refusal")
    assert client.increment("x", key="k").status == 507
    (small_disk / "ballast").unlink()
    answer = wait_until(lambda: (answer := client.increment("x", key="k")).status == 200 and answer, deadline_s=15, every_s=0.1)
    assert answer.json()["new_value"] == 1
    assert client.increment("x", key="k").json()["new_value"] == 1
    assert client.value("x") == 1
