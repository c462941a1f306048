"""TiDB itself, built from its Go modules once. It is the newest whose modules the Go proxy has whole (5.4, of January 2022),
with its storage for one machine instead of TiKV."""

import os
import shutil
import subprocess

import pytest

from mysql_servers import MariaDB
from quipu_server import ROOT

SOURCE = ROOT / "test/stores/tidb"
PROGRAM = ROOT / "build/stores/tidb-server"
PACKAGE = "github.com/pingcap/tidb/tidb-server"
BUILD_SECONDS_MAX = 1800


def build_tidb():
    """Go's own cache knows whether there is anything to do."""
    if not shutil.which("go"):
        pytest.skip("no Go on this machine (1.26 at least)")
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    # It reads a variable of Go's runtime that newer Go keeps to itself.
    built = subprocess.run(["go", "build", "-buildvcs=false", "-trimpath", "-p", "2", "-ldflags=-checklinkname=0", "-o",
                            str(PROGRAM), PACKAGE], cwd=SOURCE, env={**os.environ, "GOFLAGS": "-mod=readonly"},
                           capture_output=True, text=True, timeout=BUILD_SECONDS_MAX)
    assert built.returncode == 0, built.stderr[-3000:]
    return PROGRAM


class TiDB(MariaDB):
    def install(self):
        self.program = build_tidb()
        self.data.mkdir(exist_ok=True)

    def command_line(self):
        return [self.program, "-host", "127.0.0.1", "-P", self.port, "-report-status=false", "-store", "unistore", "-path",
                self.data, "-socket", "", "-L", "error"]
