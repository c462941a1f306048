"""The cache of test/stores/momento, which speaks Momento's protocol, and Momento's own client; both are Node's."""

import os
import shutil
import subprocess
import sys

import pytest

from quipu_server import ROOT
from store_process import StoreProcess

sys.path.insert(0, str(ROOT / "test/dynamodb"))
from dynamodb_local import NotInstalled, cached, install_npm  # noqa: E402

SOURCE = ROOT / "test/stores/momento"
SCRIPT_SECONDS_MAX = 120


def _installed():
    if not shutil.which("node"):
        pytest.skip("no node on this machine: tools/install_packages.sh test")
    try:
        return cached("momento", [SOURCE / "package.json", SOURCE / "package-lock.json"],
                      lambda to: install_npm(SOURCE, to))
    except NotInstalled as error:
        pytest.skip(f"Momento's client is not installed: {error}")


def _environment():
    return {"NODE_PATH": str(_installed() / "node_modules")}


def momento(directory, token=None):
    words = [token] if token else []
    return StoreProcess("momento", directory, lambda process: ["node", SOURCE / "server.js", process.port, *words],
                        env=_environment())


def run_script(name, *arguments):
    """What check.js or load.js prints."""
    done = subprocess.run(["node", str(SOURCE / name), *map(str, arguments)], env=os.environ | _environment(),
                          capture_output=True, text=True, timeout=SCRIPT_SECONDS_MAX)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
