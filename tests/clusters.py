"""PostgreSQL servers of our own: one, or a primary with a hot standby, to be killed at will.

They listen on sockets in a folder that only we may enter, and on no port: they are in nobody's
way, and nobody else can reach them.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ENCODING = "--encoding=UTF8", "--locale=C"


class Server:
    """A PostgreSQL in a folder of its own; nothing of it is left once it is removed."""

    def __init__(self, programs: Path) -> None:
        """Make its folder: a socket's path may have about 100 characters, and TMPDIR be closed."""
        self.programs = programs
        # The server refuses to run as root.
        self.account = _ordinary_account() if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="sahel-", dir="/tmp"))
        self.data = self.folder / "data"
        if self.account:
            shutil.chown(self.folder, self.account)

    @property
    def pid(self) -> int | None:
        """The number of its first process; None where it does not run."""
        path = self.data / "postmaster.pid"
        return int(path.read_text().split()[0]) if path.exists() else None

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; RuntimeError with all it said where it fails."""
        with (self.folder / "log").open("a") as log:
            done = subprocess.run(
                [self.programs / program, *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                # A server that inherited our output would keep its reader waiting.
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"},
                user=self.account,
                group=self.account and pwd.getpwnam(self.account).pw_gid,
                extra_groups=[] if self.account else None,
            )
        if done.returncode:
            said = "".join(path.read_text() for path in self.folder.glob("*log"))
            raise RuntimeError(f"{program} failed:\n{said}")

    def create(self) -> None:
        """Make an empty cluster."""
        self.run(
            "initdb", "--username=sahel", "--auth=trust", "--no-sync", *ENCODING, f"-D{self.data}"
        )

    def follow(self, primary: "Server") -> None:
        """Copy a primary, to be its standby once it is started."""
        to = f"-D{self.data}", f"-h{primary.folder}", "-Usahel"
        self.run("pg_basebackup", *to, "-R", "-Xstream", "-cfast", "--no-sync")

    def start(self, **settings: str) -> None:
        """Start it. What a crash of the machine would cost is of no matter here."""
        known = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self.folder}'",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            **settings,
        }
        options = " ".join(f"-c {name}={value}" for name, value in known.items())
        log = f"-l{self.folder}/server.log"
        self.run("pg_ctl", "start", "--wait", f"-D{self.data}", log, f"-o{options}")

    def promote(self) -> None:
        """Make a standby the primary."""
        self.run("pg_ctl", "promote", "--wait", f"-D{self.data}")

    def kill(self) -> None:
        """Kill all its processes at once, with no chance to end anything."""
        first = self.pid
        assert first is not None
        found = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, check=False)
        processes = [first, *map(int, found.stdout.split())]
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in processes):
            assert time.monotonic() < end, "they are still there"
            time.sleep(0.01)  # its memory is shared by them until the last has ended
        (self.data / "postmaster.pid").unlink()

    def empty(self) -> None:
        """Remove what is in it, once it was killed."""
        shutil.rmtree(self.data)

    def remove(self) -> None:
        """Stop it, if it runs, and remove all of it."""
        if self.pid:
            self.run("pg_ctl", "stop", "--wait", "--mode=immediate", f"-D{self.data}")
        shutil.rmtree(self.folder)


@contextmanager
def cluster(programs: Path, **settings: str) -> Iterator[str]:
    """Run a PostgreSQL and give its address."""
    server = Server(programs)
    try:
        server.create()
        server.start(**settings)
        yield f"postgres://sahel@/postgres?host={server.folder}"
    finally:
        server.remove()


@contextmanager
def pair(programs: Path, **settings: str) -> Iterator[tuple[Server, Server, str]]:
    """Run a primary and its hot standby; give both, and the address that names both.

    Synchronous, what is committed is on both: settings of the primary, not of the standby.
    """
    primary, standby = Server(programs), Server(programs)
    # A hostname would do as well: of sockets each folder is a host.
    url = f"postgres:///postgres?user=sahel&host={primary.folder},{standby.folder}"
    try:
        primary.create()
        primary.start()
        standby.follow(primary)
        standby.start(synchronous_commit="on")
        primary.run("pg_ctl", "stop", "--wait", f"-D{primary.data}")
        primary.start(synchronous_commit="on", **settings)
        yield primary, standby, url
    finally:
        primary.remove()
        standby.remove()


def _ordinary_account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
