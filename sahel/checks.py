"""What Django's system checks ask of a database besides its own questions."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)
def in_unicode(databases: Iterable[str] | None = None, **_about: Any) -> list[CheckMessage]:
    """Ask that PostgreSQL counts letters, not bytes: quotations are found by their letters.

    Where the machine's language was not set, `createdb` makes a database of another kind.
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_encoding")
            (encoding,) = cursor.fetchone()
        if encoding != "UTF8":
            found.append(
                Error(
                    f"The database is in {encoding}.",
                    hint="Make it anew: createdb --encoding=UTF8 --template=template0",
                    id="sahel.E001",
                )
            )
    return found
