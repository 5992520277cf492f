"""What this machine has for the tests: Chromium, Nu, TimelineJS, LibreOffice, PostgreSQL."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def chromium() -> str | None:
    """Give the path of Chromium: the one that CHROMIUM names, or one on PATH."""
    names = os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


def checker() -> list[str] | None:
    """Give the command of the Nu HTML checker: Java with the jar that VNU names, or `vnu`."""
    java, jar, vnu = shutil.which("java"), os.environ.get("VNU"), shutil.which("vnu")
    if java and jar and Path(jar).is_file():
        return [java, "-jar", jar]
    return [vnu] if vnu else None


def timelinejs() -> Path | None:
    """Give the folder of TimelineJS as it is published: `dist` in what TIMELINEJS names."""
    named = os.environ.get("TIMELINEJS")
    dist = Path(named) / "dist" if named else None
    return dist if dist and (dist / "js/timeline.js").is_file() else None


def soffice() -> str | None:
    """Give the path of LibreOffice, where it has its spreadsheets."""
    found = shutil.which("soffice")
    calc = Path(found).resolve().parent / "libsclo.so" if found else None
    return found if calc and calc.exists() else None


def postgres() -> Path | None:
    """Give the folder of PostgreSQL's server programs, the newest where there are several."""
    found = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        found.append(Path(asked.stdout.strip() or "/nonexistent"))
    # Debian and Ubuntu keep the server's programs of each version off PATH.
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    # Where a program on PATH is a link, what it needs lies beside what the link means.
    real = ((folder / "initdb").resolve().parent for folder in found)
    return next((f for f in real if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def _version(folder: Path) -> float:
    found = re.search(r"\d+(\.\d+)?", str(folder))
    return float(found[0]) if found else 0


@contextmanager
def cluster(programs: Path, **settings: str) -> Iterator[str]:
    """Run a PostgreSQL of our own and give its address; nothing of it is left behind.

    It listens on a socket in a folder that only we may enter, and on no port: it is in nobody's
    way, and nobody else can reach it.
    """
    # The server refuses to run as root.
    account = _ordinary_account() if os.geteuid() == 0 else None
    # Root's own TMPDIR may be closed to others; a socket's path may have about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="sahel-", dir="/tmp"))
    data = folder / "data"

    log = (folder / "log").open("w")

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            # A server that inherited our output would keep its reader waiting.
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            user=account,
            group=account and pwd.getpwnam(account).pw_gid,
            extra_groups=[] if account else None,
        )

    try:
        if account:
            shutil.chown(folder, account)
        encoding = "--encoding=UTF8", "--locale=C"
        run("initdb", "--username=sahel", "--auth=trust", "--no-sync", *encoding, f"-D{data}")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        options += " -c synchronous_commit=off -c full_page_writes=off"
        options += "".join(f" -c {name}={value}" for name, value in settings.items())
        run("pg_ctl", "start", "--wait", f"-D{data}", f"-l{folder}/server.log", f"-o{options}")
        yield f"postgres://sahel@/postgres?host={folder}"
    except subprocess.CalledProcessError as error:
        said = "".join(path.read_text() for path in folder.glob("*log"))
        raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "stop", "--wait", "--mode=immediate", f"-D{data}")
        log.close()
        shutil.rmtree(folder)


def _ordinary_account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
