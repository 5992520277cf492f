"""Which events hold a word, asked of the database's own index of words.

Both databases are given the same words, folded and separated by us, and look for the same
beginnings: FTS5 on SQLite, a `tsvector` with a GIN index on PostgreSQL.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from django.db import connection

# The keys of a word come as one value: a row for each would take longer than to find them.
FTS5 = "SELECT %s, group_concat(rowid) FROM sahel_words WHERE sahel_words MATCH"
# FTS5 takes thrice as long for all words with a beginning as for the same words one by one: if they
# are few, we ask for these. (Of two or three letters it keeps the beginnings, as words.)
FEW = 16
BEGINNING = (
    "(SELECT CASE WHEN count(*) BETWEEN 1 AND %s "
    "THEN group_concat('\"' || term || '\"', ' OR ') ELSE %s END "
    "FROM sahel_vocabulary WHERE term BETWEEN %s AND %s)"
)
TSVECTOR = (
    "SELECT %s, string_agg(int8send(event_id), '') FROM sahel_words WHERE words @@ %s::tsquery"
)


def keys_saying(terms: Sequence[str]) -> dict[str, Sequence[int]]:
    """Give, for each word, the primary keys of the events that hold it or a word it begins.

    In one query. A single letter must stand alone (see `filters.beginning()`).
    """
    if not terms:
        return {}
    on_postgresql = connection.vendor == "postgresql"
    spelt, read = (_tsvector, _from_bytes) if on_postgresql else (_fts5, _from_text)
    asked = [spelt(number, term) for number, term in enumerate(terms)]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _parameters in asked),
            [value for _sql, parameters in asked for value in parameters],
        )
        return {terms[number]: read(keys) for number, keys in cursor.fetchall()}


def _from_text(keys: str | None) -> Sequence[int]:
    found: list[int] = json.loads(f"[{keys or ''}]")
    return found


def _from_bytes(keys: bytes | None) -> Sequence[int]:
    found = array("q")
    found.frombytes(bytes(keys or b""))
    if sys.byteorder == "little":
        found.byteswap()
    return found


# A term is letters and digits alone, so that there is nothing in it to escape.


def _fts5(number: int, term: str) -> tuple[str, list[Any]]:
    if len(term) == 1:
        return f"{FTS5} %s", [number, f'"{term}"']
    if len(term) <= 3:
        return f"{FTS5} %s", [number, f'"{term}"*']
    return f"{FTS5} {BEGINNING}", [number, FEW, f'"{term}"*', term, f"{term}\U0010ffff"]


def _tsvector(number: int, term: str) -> tuple[str, list[Any]]:
    return TSVECTOR, [number, f"'{term}':*" if len(term) > 1 else f"'{term}'"]
