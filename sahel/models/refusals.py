"""How often somebody was refused at the door, to let them wait."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, UniqueConstraint
from django.utils import timezone

from sahel.models.alerts import hashes

WINDOW = timedelta(minutes=15)


class Refusal(models.Model):
    """How many wrong passwords and codes in a quarter of an hour: known by a hash of that alone."""

    who = models.CharField(max_length=64)
    since = models.DateTimeField()
    number = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [UniqueConstraint(fields=["who", "since"], name="refusal_once_a_window")]

    def __str__(self) -> str:
        return f"{self.since}: {self.number}"

    @classmethod
    def counted(cls, who: str) -> int:
        """Give how often somebody was refused in this window and the one before."""
        number = 0
        for since in (_window(), _window() - WINDOW):
            row = cls.objects.filter(who=hashes(f"{since} {who}")[0], since=since).first()
            number += row.number if row else 0
        return number

    @classmethod
    def count(cls, who: str) -> None:
        """Count one more."""
        since = _window()
        cls.objects.filter(since__lt=since - WINDOW).delete()
        mine, _new = cls.objects.get_or_create(who=hashes(f"{since} {who}")[0], since=since)
        cls.objects.filter(pk=mine.pk).update(number=F("number") + 1)


def _window() -> datetime:
    now = timezone.now()
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
