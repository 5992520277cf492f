"""Backups: the whole database in one file, with a manifest by which any change of it is found.

SQLite copies itself (`VACUUM INTO`: a copy of the file alone would lack what its log holds);
PostgreSQL is asked by `pg_dump`, in the same snapshot in which its rows are counted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from sahel.databases import PRIMARY, STANDBY
from sahel.models import Record

NAMED = re.compile(r"sahel-\d{8}T\d{6}Z\.(sqlite3|pgdump)", re.ASCII)
ENDINGS = {"sqlite": "sqlite3", "postgresql": "pgdump"}
# Django's parameters are libpq's and psycopg's. A password is never an argument.
LIBPQ = {option.keyword.decode() for option in Conninfo.get_defaults()}
LIBPQ -= {"hostaddr", "target_session_attrs", "options"}
LIBPQ = {name for name in LIBPQ if not name.endswith(("password", "secret"))}
UNFINISHED = ".unfinished-backup-"

type Sums = dict[str, tuple[int, str]]  # by table: how many rows, and a sum of all


class BackupError(Exception):
    """There is no backup, or it is not what was written; the message says what to do."""


def folder() -> Path:
    """Give the folder of the backups."""
    return Path(settings.DATA_DIR) / "backups"


def manifest(path: Path) -> Path:
    """Give the path of the manifest of a backup."""
    return path.with_name(f"{path.name}.json")


def checksum(rows: Iterable[Sequence[Any]]) -> tuple[int, str]:
    """Count rows and add up their hashes (BLAKE2b): the same in whatever order they come."""
    number, total = 0, 0
    for row in rows:
        told = "\x1f".join(map(_told, row)).encode(errors="surrogatepass")
        total += int.from_bytes(hashlib.blake2b(told, digest_size=16).digest())
        number += 1
    return number, f"{total % 2**128:032x}"


def _told(value: Any) -> str:
    if value is None:
        return "\x00"
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


# Writing ------------------------------------------------------------------------------------------


def write(into: Path) -> Path:
    """Write a backup of the database, checked before it has its name, and give its path.

    Of PostgreSQL it is taken from a standby, where there is one.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(into):
        return _written(into)


@contextmanager
def _alone_in(into: Path) -> Iterator[None]:
    """Let one backup at a time be written there, and clear away what a killed one has left."""
    held = os.open(into, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in into.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        yield
    except BlockingIOError as error:
        raise BackupError(f"Another backup is being written to {into}.") from error
    finally:
        os.close(held)


def _written(into: Path) -> Path:
    alias = STANDBY if STANDBY in connections.settings else PRIMARY
    vendor = connections[alias].vendor
    made = datetime.now(UTC).replace(microsecond=0)
    name = f"sahel-{made:%Y%m%dT%H%M%SZ}.{ENDINGS[vendor]}"
    with TemporaryDirectory(dir=into, prefix=UNFINISHED) as unfinished:
        new = Path(unfinished) / name
        sums = {"sqlite": _write_sqlite, "postgresql": _write_postgresql}[vendor](alias, new)
        told = {
            "file": name,
            "database": vendor,
            "made": made.isoformat(),
            "bytes": new.stat().st_size,
            "sha256": _sha256(new),
            "migrations": _migrations(alias),
            "tables": sums,
        }
        manifest(new).write_text(f"{json.dumps(told, indent=1)}\n")
        for path in (manifest(new), new):  # what has its name is whole
            path.chmod(0o600)
            _to_disk(path)
            os.replace(path, into / path.name)
        _to_disk(into)
    return into / name


def _to_disk(path: Path) -> None:
    """Return once a file, or the names in a folder, would outlive a loss of power."""
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _migrations(alias: str) -> list[str]:
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _write_sqlite(alias: str, new: Path) -> Sums:
    with connections[alias].cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(new)])
    return _sums_of_sqlite(new)


def _sums_of_sqlite(path: Path) -> Sums:
    """Check a file of SQLite's through and through, and give the sums of its tables."""
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
        # Constraints ask for it; Django gives it to its own connections alone.
        database.create_function("REGEXP", 2, _regexp, deterministic=True)
        try:
            faults = [*database.execute("PRAGMA integrity_check")]
            faults += database.execute("PRAGMA foreign_key_check")
            if faults != [("ok",)]:
                raise BackupError(f"{path.name} is damaged: {faults[:3]}.")
            asked = (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
            names = [name for (name,) in database.execute(asked)]
            return {
                name: checksum(database.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
                for name in sorted(names)
            }
        except sqlite3.DatabaseError as error:
            raise BackupError(f"{path.name} is damaged: {error}.") from error


def _regexp(pattern: str, text: str | None) -> bool | None:
    return None if text is None else re.search(pattern, text) is not None


def _write_postgresql(alias: str, new: Path) -> Sums:
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            options = "--format=custom", "--no-owner", "--no-privileges", f"--file={new}"
            _run(alias, "pg_dump", *options, f"--snapshot={snapshot}")
            sums = _sums_of_postgresql(cursor)
        finally:
            cursor.execute("ROLLBACK")
    _run(alias, "pg_restore", "--file=/dev/null", str(new), connect=False)  # it reads all of it
    return sums


def _sums_of_postgresql(cursor: Any) -> Sums:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
    return {name: _sum_of(cursor, name) for (name,) in cursor.fetchall()}


def _sum_of(cursor: Any, name: str) -> tuple[int, str]:
    cursor.execute(f'DECLARE sums NO SCROLL CURSOR FOR SELECT * FROM "{name}"')  # noqa: S608
    try:
        return checksum(_fetched(cursor))
    finally:
        cursor.execute("CLOSE sums")


def _fetched(cursor: Any) -> Iterator[Sequence[Any]]:
    while True:
        cursor.execute("FETCH 2000 FROM sums")
        if not (rows := cursor.fetchall()):
            return
        yield from rows


def _run(alias: str, program: str, *arguments: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL's, at least as new as the server, on that very server."""
    info, parameters = (
        connections[alias].connection.info,
        connections[alias].get_connection_params(),
    )
    known = {name: value for name, value in parameters.items() if name in LIBPQ}
    # A snapshot is known to one of several hosts alone.
    known |= {"host": info.host, "port": info.port}
    to = [f"--dbname={make_conninfo(**known)}"] if connect else []
    secret = {"PGPASSWORD": info.password} if info.password else {}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [_program(alias, program), *to, *arguments],
        env={**os.environ, **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")


def _program(alias: str, name: str) -> str:
    major = connections[alias].pg_version // 10_000  # type: ignore[attr-defined]
    path = os.pathsep.join([f"/usr/lib/postgresql/{major}/bin", os.environ.get("PATH", "")])
    if found := shutil.which(name, path=path):
        return found
    raise BackupError(f"{name} was not found: install PostgreSQL's client programs ({major}).")


# Checking, and putting back -----------------------------------------------------------------------


def verify(path: Path) -> dict[str, Any]:
    """Give the manifest of a backup; BackupError where either is not as it was written."""
    try:
        told: dict[str, Any] = json.loads(manifest(path).read_bytes())
        size, sha256 = path.stat().st_size, _sha256(path)
        as_written = (told["file"], told["bytes"], told["sha256"]) == (path.name, size, sha256)
    except FileNotFoundError as error:
        raise BackupError(
            f"{error.filename} is not there: a backup is two files, the second ends with .json."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{manifest(path).name} is no manifest of a backup.") from error
    if not as_written:
        raise BackupError(f"{path.name} is not what was written: take an older backup.")
    return told


def restore(path: Path) -> int:
    """Put a backup into the empty place that DATABASE_URL names; give how many rows it has.

    BackupError where the place is not empty or the rows are others than were written: then
    nothing is left of it.
    """
    told = verify(path)
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(told.get("migrations", ())) - known):
        raise BackupError(f"It is of a newer release, which this one cannot serve: {newer}.")
    vendor = connections[PRIMARY].vendor
    if told["database"] != vendor:
        raise BackupError(
            f"This is a backup of {told['database']}, and DATABASE_URL names {vendor}: restore it "
            "there, then take it over by `manage.py move_database`."
        )
    with {"sqlite": _into_sqlite, "postgresql": _into_postgresql}[vendor](path) as sums:
        written = {name: tuple(each) for name, each in told["tables"].items()}
        if sums != written:
            others = [name for name in sums.keys() | written if sums.get(name) != written.get(name)]
            raise BackupError(f"The rows are others than were written: {sorted(others)}.")
    _leave_versions_behind()
    return sum(number for number, _sum in sums.values())


def _leave_versions_behind() -> None:
    """Raise the record's version above all that were given after the backup, and are lost.

    They would be given again, and browsers take a page of then for one of now: its ETag names the
    version. No record changes a thousand times a second, for years.
    """
    now = time.time_ns() // 10**6
    Record.objects.using(PRIMARY).filter(version__lt=now).update(version=now, emptied=now)


@contextmanager
def _into_sqlite(path: Path) -> Iterator[Sums]:
    place = Path(connections[PRIMARY].settings_dict["NAME"])
    beside = (place.with_name(f"{place.name}{end}") for end in ("-wal", "-shm", "-journal"))
    for each in (place, *beside):  # SQLite would take them for the restored file's own
        if each.exists():
            raise BackupError(f"{each} is there already: restore into an empty place.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".unfinished-") as unfinished:
        new = Path(unfinished) / place.name
        shutil.copyfile(path, new)
        new.chmod(0o600)
        yield _sums_of_sqlite(new)
        _to_disk(new)
        os.replace(new, place)
        _to_disk(place.parent)


@contextmanager
def _into_postgresql(path: Path) -> Iterator[Sums]:
    connection = connections[PRIMARY]
    with connection.cursor() as cursor:
        if _sums_of_nothing(cursor):
            raise BackupError("The database has tables already: restore into an empty one.")
        # In one transaction: of a backup that cannot be read to its end nothing is there.
        options = "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"
        _run(PRIMARY, "pg_restore", *options, str(path))
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield _sums_of_postgresql(cursor)
        finally:
            cursor.execute("ROLLBACK")


def _sums_of_nothing(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema())")
    (found,) = cursor.fetchone()
    return bool(found)


def remove_old(into: Path, keep: int) -> None:
    """Remove all backups but the last so many, and no other file."""
    found = sorted(path for path in into.iterdir() if NAMED.fullmatch(path.name))
    for path in found[:-keep]:
        path.unlink()
        with suppress(FileNotFoundError):
            manifest(path).unlink()


def newest(into: Path) -> datetime | None:
    """Give the time of the newest backup; None where there is none."""
    found = sorted(path.name for path in into.glob("sahel-*") if NAMED.fullmatch(path.name))
    told = found and datetime.strptime(found[-1].split(".")[0], "sahel-%Y%m%dT%H%M%SZ")
    return told.replace(tzinfo=UTC) if told else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
