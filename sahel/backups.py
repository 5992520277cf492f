"""Backups: the whole database in one file, with a manifest by which any change of it is found.

SQLite copies itself (`VACUUM INTO`: a copy of the file alone would lack what its log holds);
PostgreSQL is asked by `pg_dump`, in the same snapshot in which its rows are counted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo

from sahel.databases import PRIMARY, STANDBY

NAMED = re.compile(r"sahel-\d{8}T\d{6}Z\.(sqlite3|pgdump)", re.ASCII)
ENDINGS = {"sqlite": "sqlite3", "postgresql": "pgdump"}
# What libpq takes of Django's parameters; a password is never an argument.
LIBPQ = {"dbname", "user", "host", "port", "target_session_attrs", "sslmode", "connect_timeout"}

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
    alias = STANDBY if STANDBY in connections.settings else PRIMARY
    vendor = connections[alias].vendor
    made = datetime.now(UTC).replace(microsecond=0)
    name = f"sahel-{made:%Y%m%dT%H%M%SZ}.{ENDINGS[vendor]}"
    with TemporaryDirectory(dir=into, prefix=".unfinished-") as unfinished:
        new = Path(unfinished) / name
        sums = {"sqlite": _write_sqlite, "postgresql": _write_postgresql}[vendor](alias, new)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        told = {
            "file": name,
            "database": vendor,
            "made": made.isoformat(),
            "bytes": new.stat().st_size,
            "sha256": _sha256(new),
            "tables": sums,
        }
        manifest(new).write_text(f"{json.dumps(told, indent=1)}\n")
        for path in (manifest(new), new):  # what has its name is whole
            path.chmod(0o600)
            os.replace(path, into / path.name)
    return into / name


def _write_sqlite(alias: str, new: Path) -> Sums:
    with connections[alias].cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(new)])
    return _sums_of_sqlite(new)


def _sums_of_sqlite(path: Path) -> Sums:
    """Check a file of SQLite's through and through, and give the sums of its tables."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
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
    """Run a program of PostgreSQL's; it must be at least as new as the server."""
    parameters = connections[alias].get_connection_params()
    known = {name: value for name, value in parameters.items() if name in LIBPQ}
    to = [f"--dbname={make_conninfo(**known)}"] if connect else []
    secret = {"PGPASSWORD": parameters["password"]} if parameters.get("password") else {}
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
    return sum(number for number, _sum in sums.values())


@contextmanager
def _into_sqlite(path: Path) -> Iterator[Sums]:
    place = Path(connections[PRIMARY].settings_dict["NAME"])
    for each in (place, *(place.with_name(f"{place.name}{end}") for end in ("-wal", "-shm"))):
        if each.exists():
            raise BackupError(f"{each} is there already: restore into an empty place.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".unfinished-") as unfinished:
        new = Path(unfinished) / place.name
        shutil.copyfile(path, new)
        new.chmod(0o600)
        yield _sums_of_sqlite(new)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(new, place)


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
