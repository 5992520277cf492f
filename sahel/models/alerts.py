"""Who is told of news by e-mail: addresses encrypted, found again by a keyed hash of them."""

from __future__ import annotations

import base64
import hmac
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from sahel.filters import Filters

CONFIRM_WITHIN = timedelta(hours=48)
MOST_REFUSALS = 3  # of an address by mail servers, for good, after which it is forgotten


@lru_cache
def _key(secret: str, purpose: str) -> bytes:
    """Give the 32 bytes that a secret key stands for in one purpose."""
    info = f"sahel.alerts {purpose}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def keys_for(purpose: str) -> list[bytes]:
    """Give what the secret keys stand for in one purpose, 32 bytes each, the present one first."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_key(secret, purpose) for secret in secrets]


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys_for("addresses")])


def hashes(text: str) -> list[str]:
    """Give the keyed hashes of a text without regard to case: the present key's, former ones'."""
    return [
        hmac.new(key, text.lower().encode(), "sha256").hexdigest() for key in keys_for("hashes")
    ]


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """The subscriptions in words that chain."""

    def of(self, email: str) -> SubscriptionQuerySet:
        """Give those of an address."""
        return self.filter(address_hash__in=hashes(email))

    def confirmed(self) -> SubscriptionQuerySet:
        """Give those that whoever reads the address's mail wanted."""
        return self.filter(confirmed_at__isnull=False)

    def due(self) -> SubscriptionQuerySet:
        """Give those to look at today (UTC): daily ones each day, weekly ones each seventh."""
        today = datetime.now(UTC).date()
        weekly = Q(frequency=Subscription.Frequency.WEEKLY)
        daily = ~weekly & Q(looked_on__lt=today)
        return self.confirmed().filter(daily | weekly & Q(looked_on__lte=today - timedelta(days=7)))

    def lapsed(self) -> SubscriptionQuerySet:
        """Give those that nobody confirmed in time."""
        return self.filter(confirmed_at=None, asked_at__lt=timezone.now() - CONFIRM_WITHIN)


class Subscription(models.Model):
    """That somebody wants to be told what is new in a selection; pending until confirmed."""

    class Frequency(models.TextChoices):
        """How often there may be a digest: a closed vocabulary."""

        DAILY = "daily", _("once a day")
        WEEKLY = "weekly", _("once a week")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.TextField()  # encrypted
    address_hash = models.CharField(max_length=64, db_index=True)
    query = models.TextField(_("query"), blank=True)  # of the selection, with its question mark
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency)
    language = models.CharField(_("language"), max_length=10)
    site = models.CharField(max_length=300)  # at which it was asked for: scheme and host
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    looked_on = models.DateField(_("looked at"), null=True)  # when we last looked for news (UTC)
    told = models.PositiveBigIntegerField(default=0)  # the history's last entry at that time
    held = models.BinaryField(default=b"")  # the events that the selection held then
    refusals = models.PositiveSmallIntegerField(_("refusals"), default=0)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail digest")
        verbose_name_plural = _("e-mail digests")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_frequency_display()}: {self.query or '?'}"

    @property
    def email(self) -> str:
        """The address in clear; ValueError where no key of ours opens it."""
        try:
            return _cipher().decrypt(self.address).decode()
        except InvalidToken as error:
            raise ValueError("No SECRET_KEY, present or former, opens the address.") from error

    @email.setter
    def email(self, email: str) -> None:
        self.address = _cipher().encrypt(email.encode()).decode()
        self.address_hash = hashes(email)[0]

    @property
    def filters(self) -> Filters:
        """The selection."""
        return Filters.from_query(QueryDict(self.query.removeprefix("?")))

    @property
    def events(self) -> BitMap:
        """The primary keys of the events that the selection held when we last looked."""
        return BitMap.deserialize(bytes(self.held)) if self.held else BitMap()

    def looked(self, told: int, events: BitMap) -> None:
        """Note up to which entry of the history there is nothing left to tell; save it."""
        self.looked_on = datetime.now(UTC).date()
        self.told, self.held = told, events.serialize()
        if self.address_hash != hashes(email := self.email)[0]:  # under a former key
            self.email = email
        self.save()

    def confirm(self, told: int, events: BitMap) -> None:
        """Let it count from now on, in place of all others of that address and selection."""
        others = Subscription.objects.of(self.email).filter(query=self.query)
        others.exclude(pk=self.pk).delete()
        self.confirmed_at = self.confirmed_at or timezone.now()
        self.looked(told, events)

    def refused(self) -> None:
        """Note that a mail server will have no mail for the address; in the end, forget it."""
        self.refusals += 1
        self.looked_on = datetime.now(UTC).date()
        if self.refusals < MOST_REFUSALS:
            self.save()
        else:
            self.delete()


class Asking(models.Model):
    """How many confirming mails somebody caused on a day: known by a hash of that day alone."""

    who = models.CharField(max_length=64)
    day = models.DateField()
    number = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [UniqueConstraint(fields=["who", "day"], name="asking_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.number}"

    @classmethod
    def allows(cls, who: str, most: int) -> bool:
        """Count one more for somebody, unless that would be more than so many today (UTC)."""
        today = datetime.now(UTC).date()
        cls.objects.filter(day__lt=today).delete()
        mine, _new = cls.objects.get_or_create(who=hashes(f"{today} {who}")[0], day=today)
        rows = cls.objects.filter(pk=mine.pk, number__lt=most)
        return bool(rows.update(number=F("number") + 1))
