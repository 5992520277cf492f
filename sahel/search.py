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

from django.db.models import Aggregate, BooleanField, Func, TextField
from django.db.models.expressions import RawSQL

from sahel.databases import reading

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

NAMED = """
{said}
UNION ALL SELECT event_id FROM sahel_involvement
    WHERE actor_id IN (SELECT id FROM sahel_actor WHERE folded LIKE %s)
UNION ALL SELECT event_id FROM sahel_quotation
    WHERE speaker_id IN (SELECT id FROM sahel_actor WHERE folded LIKE %s)
UNION ALL SELECT event_id FROM sahel_event_places
    WHERE place_id IN (SELECT id FROM sahel_place WHERE folded LIKE %s)
"""


def keys_saying(groups: Sequence[Sequence[str]]) -> list[Sequence[int]]:
    """Give, for each group of words, the primary keys of the events that hold all of them.

    A word is held where it or a word that it begins stands; a single letter must stand alone (see
    `filters.beginning()`). In one query.
    """
    if not groups:
        return []
    connection = reading()
    on_postgresql = connection.vendor == "postgresql"
    spelt, read = (_tsvector, _from_bytes) if on_postgresql else (_fts5, _from_text)
    asked = [spelt(number, terms) for number, terms in enumerate(groups)]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _parameters in asked),
            [value for _sql, parameters in asked for value in parameters],
        )
        return [read(keys) for _number, keys in sorted(cursor.fetchall())]


def saying(term: str) -> RawSQL:
    """Give the keys of the events, public or not, that hold a word, as a part of another query."""
    if reading().vendor == "postgresql":
        sql = "SELECT event_id FROM sahel_words WHERE words @@ %s::tsquery"
        return RawSQL(sql, [_tsvector_term(term)])  # noqa: S611 - our own
    sql, values = _fts5_term(term)
    found = f"SELECT rowid FROM sahel_words WHERE sahel_words MATCH {sql}"  # noqa: S608 - our own
    return RawSQL(found, values)  # noqa: S611


def telling_of(term: str, spaced: str) -> RawSQL:
    """Give the keys of the events that hold a word, or whose actors or places bear it.

    Other names count; `spaced` is the word as it stands in a folded text (`filters.beginning()`).
    """
    said, alike = saying(term), f"%{spaced}%"
    return RawSQL(NAMED.format(said=said.sql), [*said.params, alike, alike, alike])  # noqa: S611


class Gathered(Aggregate):
    """Many primary keys as one text, which `Among` takes: they need not be read on the way."""

    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """Give a JSON array."""
        return self.as_sql(compiler, connection, template="json_group_array(%(expressions)s)")

    def as_postgresql(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """Give an array as PostgreSQL writes it."""
        template = "coalesce(array_agg(%(expressions)s), '{}')::text"
        return self.as_sql(compiler, connection, template=template)


class Among(Func):
    """Whether a key is one of those gathered: a condition."""

    output_field = BooleanField()

    def __init__(self, key: Any, gathered: Any) -> None:
        """Take what gives the key, and the keys."""
        super().__init__(key, gathered)

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """Look it up in what JSON lists."""
        return self._compared(compiler, "{} IN (SELECT value FROM json_each({}))")

    def as_postgresql(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """Compare with an array, of which PostgreSQL makes a table of hashes."""
        return self._compared(compiler, "{} = ANY({}::bigint[])")

    def _compared(self, compiler: Any, template: str) -> Any:
        both = [compiler.compile(each) for each in self.get_source_expressions()]
        return template.format(*(sql for sql, _values in both)), [
            v for _sql, vs in both for v in vs
        ]


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


def _fts5(number: int, terms: Sequence[str]) -> tuple[str, list[Any]]:
    parts, values = zip(*map(_fts5_term, terms), strict=True)
    whole = " || ') AND (' || ".join(parts)
    return f"{FTS5} '(' || {whole} || ')'", [number, *(value for each in values for value in each)]


def _fts5_term(term: str) -> tuple[str, list[Any]]:
    if len(term) == 1:
        return "%s", [f'"{term}"']
    if len(term) <= 3:
        return "%s", [f'"{term}"*']
    return BEGINNING, [FEW, f'"{term}"*', term, f"{term}\U0010ffff"]


def _tsvector(number: int, terms: Sequence[str]) -> tuple[str, list[Any]]:
    query = " & ".join(map(_tsvector_term, terms))
    return TSVECTOR, [number, query]


def _tsvector_term(term: str) -> str:
    return f"'{term}':*" if len(term) > 1 else f"'{term}'"
