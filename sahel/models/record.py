"""The record as a whole: its version, what changed last when, and when the fixtures came in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import models
from django.db.models import UniqueConstraint
from django.utils import timezone

from sahel.databases import reading


class State(NamedTuple):
    """How far the record is: numbers that triggers in the database raise at every change."""

    version: int = 0
    renamed: int = 0  # the version at which an actor, a place or a source last changed
    emptied: int = 0  # the version at which a table was last emptied at one stroke


class Record(models.Model):
    """One row: the state of the record, which triggers keep however a change is made."""

    version = models.PositiveBigIntegerField(default=1)
    renamed = models.PositiveBigIntegerField(default=0)
    emptied = models.PositiveBigIntegerField(default=0)
    entries = models.PositiveBigIntegerField(db_default=0)  # of the history
    approval = models.BooleanField(db_default=False)  # settings.APPROVAL, for the gate to know
    head = models.CharField(max_length=64, blank=True, db_default="")  # the hash of its last entry

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def state(cls) -> State:
        """Give the state of the record, in the one query that every page asks."""
        # Without the ORM, which takes five times as long to write this query as to ask it.
        with reading().cursor() as cursor:
            cursor.execute("SELECT version, renamed, emptied FROM sahel_record")
            row = cursor.fetchone()
        return State(*row) if row else State()

    @classmethod
    def noted(cls) -> str:
        """Give the version as readers note it down: the history's last entry, number and hash.

        A record without a history, as a generated one, gives the number of its version.
        """
        record = cls.objects.first() or cls(entries=0, head="")
        return f"{record.entries}:{record.head}" if record.head else str(record.version)


class ChangedDay(models.Model):
    """A day of the timeline, and the version of the record at which an event of it last changed.

    Triggers write it: what follows the record can thus take in what changed, whatever changed it.
    """

    day = models.DateField(primary_key=True)
    version = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.day}: {self.version}"


class FormerSlug(models.Model):
    """A slug that an event, an actor, a place or a source had before, for its addresses to go on.

    Triggers write it, whichever way the slug is changed; what once led to one thing never leads to
    another.
    """

    kind = models.CharField(max_length=10)  # the name of the model, in small letters
    slug = models.SlugField(max_length=100)
    key = models.PositiveBigIntegerField()  # the primary key of what had it

    class Meta:
        constraints = [UniqueConstraint(fields=["kind", "slug"], name="former_slug_of_one")]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


class Loading(models.Model):
    """One row for each time that the fixtures were loaded into this database."""

    loaded_at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.loaded_at:%Y-%m-%d %H:%M}"


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all that is read within be of one version of the record; it may stand within another."""
    connection: Any = reading()
    if connection.in_atomic_block or getattr(connection, "in_snapshot", False):
        yield  # it has a view of its own already
        return
    with connection.cursor() as cursor:
        # Django's atomic() would wait for, and then be, the one writer that SQLite allows.
        cursor.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            if connection.vendor == "postgresql"
            else "BEGIN"
        )
        connection.in_snapshot = True
        try:
            yield
        finally:
            connection.in_snapshot = False
            cursor.execute("ROLLBACK")
