"""How a server ends when the disk is so slow that it cannot wait for all answers."""

import os
import re
import subprocess
import threading

import pytest

from quipu_server import wait_until

# Longer than a server waits for its requests when it is told to stop (app/serve.cc).
SYNC_S = 13

SLOW_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int file) {
  if (access(getenv("SLOW_DISK"), F_OK) == 0) {
    close(creat(getenv("SLOW_DISK_BEGAN"), 0600));
    sleep(%d);
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(file);
}
"""


@pytest.fixture
def slow_disk(tmp_path):
    """The environment of a server whose syncs take long while the file SLOW_DISK is there."""
    source = tmp_path / "slow_disk.c"
    source.write_text(SLOW_DISK % SYNC_S)
    library = tmp_path / "slow_disk.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_DISK": str(tmp_path / "slow"), "SLOW_DISK_BEGAN": str(tmp_path / "began")}


# Workers went on in the key ring that was gone: a crash at the very end.
@pytest.mark.preloads
def test_what_is_given_up_ends_before_what_it_uses(fresh_server, slow_disk, tmp_path):
    server = fresh_server(dev=False, env=slow_disk).start()
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
