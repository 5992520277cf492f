"""`manage.py migrate`: Django's own, which gives up rather than making readers wait."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

PATIENCE = "2s"  # for a lock: whoever asks after us waits behind us


class Command(migrate.Command):
    """Migrate; on PostgreSQL a table that is in use for longer is left, and the command fails."""

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        """Wait for locks no longer than readers may wait, then do as Django does."""
        connection = connections[database]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        super().handle(*args, database=database, **options)
