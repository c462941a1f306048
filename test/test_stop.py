"""How a server ends when the disk is so slow that it cannot wait for all answers, or fails while it stops."""

import os
import re
import signal
import subprocess
import threading

import pytest

from quipu_server import wait_until

# Longer than a server waits for its requests when it is told to stop (app/serve.cc).
SYNC_S = 13

SLOW_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int file) {
  if (access(getenv("SLOW_DISK"), F_OK) == 0) {
    close(creat(getenv("SLOW_DISK_BEGAN"), 0600));
    sleep(%d);
    if (getenv("SLOW_DISK_FAILS") != NULL) {
      errno = EIO;
      return -1;
    }
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(file);
}
"""


def make_slow_disk(tmp_path, sync_s):
    """The environment of a server whose syncs take long while the file SLOW_DISK is there."""
    source = tmp_path / "slow_disk.c"
    source.write_text(SLOW_DISK % sync_s)
    library = tmp_path / "slow_disk.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_DISK": str(tmp_path / "slow"), "SLOW_DISK_BEGAN": str(tmp_path / "began")}


# Workers went on in the key ring that was gone: a crash at the very end.
@pytest.mark.preloads
def test_what_is_given_up_ends_before_what_it_uses(fresh_server, tmp_path):
    server = fresh_server(dev=False, env=make_slow_disk(tmp_path, SYNC_S)).start()
    headers = {"x-api-key": re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)}
    admin = server.new_client(headers=headers)
    (tmp_path / "slow").touch()

    def ask(number):
        client = server.new_client(headers=headers, timeout_s=60)
        try:
            if number % 2:
                client.request("PUT", f"/plans?name=p{number}", {"quota": {"limit": 5, "period": "day"}})
            else:
                client.increment("a")
        except OSError:
            pass  # it is given up

    def connections():
        return int(re.search(r"^quipu_http_connections (\d+)$", admin.get("/metrics").text, re.MULTILINE).group(1))

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for each in asking:
        each.start()
    wait_until((tmp_path / "began").exists)
    wait_until(lambda: connections() == len(asking) + 1, what="all requests are there")
    (tmp_path / "slow").unlink()
    assert server.terminate(deadline_s=60) == 0, server.output()
    for each in asking:
        each.join()
    assert "requests_given_up" in server.output()
    server.env = {}
    server.start()
    assert server.new_client(headers=headers).get("/plans").json()["plans"]


# It exited 0: who restarts what failed, and looks into it, was told that all was well.
@pytest.mark.preloads
def test_a_store_that_fails_while_the_server_stops_is_no_clean_stop(fresh_server, tmp_path):
    server = fresh_server(env={**make_slow_disk(tmp_path, 1), "SLOW_DISK_FAILS": "yes"}).start()
    (tmp_path / "slow").touch()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(server.new_client(timeout_s=60).increment("a")))
    asking.start()
    wait_until((tmp_path / "began").exists)
    assert server.terminate() == 70, server.output()
    asking.join()
    assert [answer.status // 100 for answer in answers] == [5]
    assert "signal=TERM" in server.output()
    assert "store_failed" in server.output()


# SIGUSR1 is what the failed store itself wakes the server with; from outside it ended a healthy one with code 70.
def test_a_sigusr1_from_outside_does_not_stop_it(fresh_server):
    server = fresh_server().start()
    server.process.send_signal(signal.SIGUSR1)
    for _ in range(10):
        server.client.next_value("x")
    assert server.terminate() == 0, server.output()
    assert "store failed" not in server.output()
