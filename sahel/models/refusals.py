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
        return sum(cls._numbers(who))

    @classmethod
    def wait(cls, who: str, most: int) -> timedelta:
        """Give how long somebody has to wait who was refused so often, or more; zero if not at all.

        That is until what counts is less: the window before goes first, then this one.
        """
        now, before = cls._numbers(who)
        if now + before < most:
            return timedelta()
        return _window() + WINDOW * (2 if now >= most else 1) - timezone.now()

    @classmethod
    def count(cls, who: str) -> None:
        """Count one more."""
        since = _window()
        cls.objects.filter(since__lt=since - WINDOW).delete()
        mine, _new = cls.objects.get_or_create(who=_known(who, since), since=since)
        cls.objects.filter(pk=mine.pk).update(number=F("number") + 1)

    @classmethod
    def forget(cls, who: str) -> None:
        """Count none any more, of somebody who got in."""
        known = [_known(who, since) for since in _windows()]
        cls.objects.filter(who__in=known).delete()

    @classmethod
    def _numbers(cls, who: str) -> list[int]:
        known = [_known(who, since) for since in _windows()]
        numbers = dict(cls.objects.filter(who__in=known).values_list("who", "number"))
        return [numbers.get(each, 0) for each in known]


def _known(who: str, since: datetime) -> str:
    return hashes(f"{since} {who}")[0]


def _windows() -> tuple[datetime, datetime]:
    return (since := _window()), since - WINDOW


def _window() -> datetime:
    now = timezone.now()
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
