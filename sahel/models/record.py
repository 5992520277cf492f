"""The record as a whole: its version, and when the fixtures came in."""

from django.db import models
from django.utils import timezone


class Record(models.Model):
    """One row: the version of the record, which triggers raise at every change, however made."""

    version = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def current_version(cls) -> int:
        """Give the number of changes that the record has seen."""
        return cls.objects.values_list("version", flat=True).first() or 0


class Loading(models.Model):
    """One row for each time that the fixtures were loaded into this database."""

    loaded_at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.loaded_at:%Y-%m-%d %H:%M}"
