"""Who has which form of the admin open at the moment, for colleagues to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Model, UniqueConstraint
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

STAYS = timedelta(minutes=3)  # that an open form is told of after it was last heard of


class Opening(models.Model):
    """That somebody has the form of something open; heard of again each minute, then forgotten."""

    kind = models.CharField(max_length=20)  # the name of the model, in small letters
    key = models.PositiveBigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    heard = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["kind", "key", "user"], name="opening_once_each"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.key}"

    def told(self) -> str:
        """Say who opened the form how long ago."""
        words = {"who": self.user, "time": timesince(self.since)}
        if timezone.now() - self.since < timedelta(minutes=1):
            return gettext("%(who)s opened this just now.") % words
        return gettext("%(who)s opened this %(time)s ago.") % words

    @classmethod
    def note(cls, of: Model, user: Any) -> None:
        """Note that somebody has the form open now; forget forms of which nothing was heard."""
        now = timezone.now()
        cls.objects.filter(heard__lt=now - STAYS).delete()
        cls.objects.update_or_create(
            kind=of._meta.model_name, key=of.pk, user=user, defaults={"heard": now}
        )

    @classmethod
    def by_others(cls, of: Model, user: Any) -> list[Opening]:
        """Give who else has it open, the first to open it first."""
        there = cls.objects.filter(kind=of._meta.model_name, key=of.pk)
        there = there.filter(heard__gte=timezone.now() - STAYS).exclude(user=user)
        return list(there.select_related("user").order_by("since"))
