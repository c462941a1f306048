"""FerretDB, built from its Go modules once, as the MongoDB of the tests."""

import os
import shutil
import subprocess

import pytest

from quipu_server import ROOT
from store_process import StoreProcess

SOURCE = ROOT / "test/stores/ferretdb"
PROGRAM = ROOT / "build/stores/ferretdb"
BUILD_SECONDS_MAX = 1200  # the first time: its SQLite is 200,000 lines of Go


def build_ferretdb():
    """Go's own cache knows whether there is anything to do."""
    if not shutil.which("go"):
        pytest.skip("no Go on this machine (1.22 at least; Debian 12 has 1.19)")
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["go", "build", "-buildvcs=false", "-trimpath", "-p", "2", "-o", str(PROGRAM), "."], cwd=SOURCE,
                           env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}, capture_output=True,
                           text=True, timeout=BUILD_SECONDS_MAX)
    assert built.returncode == 0, built.stderr[-3000:]
    return PROGRAM


def ferretdb(directory, as_it_is=False):
    """Behind the gate that makes its find-and-modify atomic, unless `as_it_is` (ferretdb/main.go)."""
    program = build_ferretdb()
    databases = directory / "databases"
    databases.mkdir(parents=True)

    def command(process):
        words = [program, "-listen", f"127.0.0.1:{process.port}", "-directory", databases]
        return [*words, "-as-it-is"] if as_it_is else words

    return StoreProcess("ferretdb", directory, command)
