"""The test database as it was at some moment, put back in milliseconds.

To empty all tables and load the curated record anew takes seconds each time.
"""

import sqlite3

from django.db import connection, connections


class SQLiteCopies:
    """Copies of the database's file, in memory, by name."""

    def __init__(self) -> None:
        self._kept: dict[str, sqlite3.Connection] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def keep(self, name: str) -> None:
        """Keep the database as it is now."""
        self._kept[name] = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(self._kept[name])

    def put_back(self, name: str) -> None:
        """Make the database what it was; all its connections see that."""
        connection.ensure_connection()
        self._kept[name].backup(connection.connection)

    def forget(self) -> None:
        """Drop all copies."""
        for kept in self._kept.values():
            kept.close()


ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


class PostgreSQLCopies:
    """Databases beside the tests' own, by name; the server copies their files."""

    def __init__(self) -> None:
        self._ours = connection.settings_dict["NAME"]
        self._kept: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def keep(self, name: str) -> None:
        """Keep the database as it is now."""
        self._kept[name] = f"{self._ours}_{name}"
        self._copy(self._ours, self._kept[name])

    def put_back(self, name: str) -> None:
        """Make the database what it was; whoever is connected has to connect again."""
        self._copy(self._kept[name], self._ours)

    def forget(self) -> None:
        """Drop all copies, and send away whoever a thread left connected: ours is dropped next."""
        connections.close_all()
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(ENDED, [self._ours])
            for kept in self._kept.values():
                cursor.execute(f'DROP DATABASE "{kept}"')

    def _copy(self, source: str, target: str) -> None:
        connections.close_all()
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(ENDED, [source])  # nothing is copied while somebody is connected
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY file_copy')


Copies = SQLiteCopies | PostgreSQLCopies
