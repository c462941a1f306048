"""MariaDB for tests: alone, or as nodes of a Galera cluster. Each keeps its files in a directory of its own, and its port."""

import contextlib
import os
import shutil
import subprocess

from store_process import StoreProcess, free_port

DATABASE = "shop"
GALERA_LIBRARY = "/usr/lib/galera/libgalera_smm.so"
INSTALL_SECONDS_MAX = 120


def missing_programs():
    """What is not installed, or nothing."""
    return [name for name in ("mariadbd", "mariadb-install-db", "mariadb") if not shutil.which(name)]


class MariaDB(StoreProcess):
    user = "root"  # if we are; mariadbd wants to be told that it may

    def __init__(self, directory, flags=(), port=None):
        self.flags = list(flags)
        super().__init__("mariadbd", directory, lambda server: server.command_line(), port, lambda server: server.answers())
        self.data = self.directory / "data"

    def _user(self):
        return [f"--user={self.user}"] if os.geteuid() == 0 else []

    def start(self):
        if not self.data.exists():
            self.install()
        return super().start()

    def install(self):
        subprocess.run(["mariadb-install-db", "--no-defaults", *self._user(), f"--datadir={self.data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.STDOUT, timeout=INSTALL_SECONDS_MAX)

    def command_line(self):
        # Small, but with the settings that make an answer durable: the defaults.
        return ["mariadbd", "--no-defaults", *self._user(), f"--datadir={self.data}", f"--port={self.port}",
                "--bind-address=127.0.0.1", f"--socket={self.directory}/s", f"--pid-file={self.directory}/pid",
                "--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=32M",
                "--max-connections=400", *self.flags]

    def ask(self, sql, database=DATABASE):
        """The rows, as lists of texts."""
        asked = subprocess.run(["mariadb", "--no-defaults", "-uroot", "-h127.0.0.1", f"-P{self.port}", "-N", "-B", "-e", sql,
                                *([database] if database else [])], capture_output=True, text=True, timeout=60)
        if asked.returncode != 0:
            raise RuntimeError(asked.stderr)
        return [line.split("\t") for line in asked.stdout.splitlines()]

    def answers(self):
        with contextlib.suppress(RuntimeError):
            return bool(self.ask("SELECT 1", database=None))

    def value(self, counter):
        rows = self.ask(f"SELECT counter_value FROM counters WHERE counter_id = x'{counter.encode().hex()}'")
        return int(rows[0][0]) if rows else 0


class GaleraNode(MariaDB):
    """One node of `ports`, the ports at which the nodes talk to each other. The first one founds the cluster.

    A joining node gets its data through rsync's daemon, which as root turns into nobody and then may not write: so as root
    the nodes run as Debian's user mysql, in a directory that this user can reach."""

    user = "mysql"

    def __init__(self, directory, number, ports):
        self.number = number
        self.founds = number == 0
        self.ports = ports
        super().__init__(directory)
        if os.geteuid() == 0:
            shutil.chown(self.directory, self.user)

    def command_line(self):
        peers = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        address = "gcomm://" if self.founds else f"gcomm://{peers}"
        mine = self.ports[self.number]
        return [*super().command_line(), "--binlog-format=ROW", "--default-storage-engine=InnoDB",
                "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON", f"--wsrep-provider={GALERA_LIBRARY}",
                f"--wsrep-cluster-address={address}", "--wsrep-cluster-name=test", f"--wsrep-node-name=node{self.number}",
                f"--wsrep-node-address=127.0.0.1:{mine}",
                f"--wsrep-provider-options=base_host=127.0.0.1;base_port={mine};gmcast.listen_addr=tcp://127.0.0.1:{mine};"
                f"ist.recv_addr=127.0.0.1:{free_port()};gcache.size=16M",
                f"--wsrep-sst-receive-address=127.0.0.1:{free_port()}", "--wsrep-sst-method=rsync"]

    def answers(self):
        with contextlib.suppress(RuntimeError):
            return self.ask("SHOW STATUS LIKE 'wsrep_ready'", database=None)[0][1] == "ON"

    def size(self):
        """How many nodes it sees."""
        with contextlib.suppress(RuntimeError):
            return int(self.ask("SHOW STATUS LIKE 'wsrep_cluster_size'", database=None)[0][1])
