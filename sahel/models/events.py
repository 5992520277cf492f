"""Events, and who takes part in them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sahel.fields import (
    DerivedDate,
    EDTFField,
    Slugged,
    Translated,
    address,
    folded,
    in_one_language,
)
from sahel.models.names import Actor, Place
from sahel.models.selection import EventQuerySet
from sahel.models.workflow import RESTRICTED, Reviewed


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    """Finds events, also by slug as fixtures do."""

    def get_by_natural_key(self, slug: str) -> Event:
        """Find what a fixture names."""
        event: Event = self.get(slug=slug)
        return event


class Event(Reviewed, Slugged):
    """Something that happened, was said, is disputed or is expected, as far as it is known."""

    class Kind(models.TextChoices):
        """What sort of event: a closed vocabulary."""

        COUP = "coup", _("Coup d’état")
        MILITARY_OPERATION = "military-operation", _("Military operation")
        STRIKE = "strike", _("Strike")
        ATTACK = "attack", _("Attack")
        DEPLOYMENT = "deployment", _("Deployment")
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        SANCTION = "sanction", _("Sanction")
        PROTEST = "protest", _("Protest")
        DIPLOMACY = "diplomacy", _("Diplomacy")
        NEGOTIATION = "negotiation", _("Negotiation")
        POLITICS = "politics", _("Politics")
        ANNOUNCEMENT = "announcement", _("Announcement")
        STATEMENT = "statement", _("Statement")
        ASSESSMENT = "assessment", _("Assessment")
        REPORT = "report", _("Report or finding")

    class Status(models.TextChoices):
        """How it stands with the event itself: a closed vocabulary."""

        HAPPENED = "happened", _("Happened")
        REPORTED = "reported", _("Reported")
        DISPUTED = "disputed", _("Disputed")
        PLANNED = "planned", _("Planned or expected")

    class DateBasis(models.TextChoices):
        """On what the date rests: a closed vocabulary."""

        STATED = "stated", _("stated by the source")
        INFERRED = "inferred", _("inferred from the source")
        CORROBORATED = "corroborated", _("corroborated by another page")

    title_en = models.CharField(_("title in English"), max_length=200, blank=True)
    title_fr = models.CharField(_("title in French"), max_length=200, blank=True)
    summary_en = models.TextField(
        _("summary in English"), blank=True, help_text=_("Neutral, in your own words.")
    )
    summary_fr = models.TextField(
        _("summary in French"), blank=True, help_text=_("Neutral, in your own words.")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.HAPPENED)
    date = EDTFField(
        _("date"),
        help_text=_(
            "As exactly as it is known and no more: 2021-01-03, 2021-01, 2021, 2013~ (about), "
            "2021? (uncertain), 2022-02-17/2022-02-18 (from, to), ../2026 (by)."
        ),
    )
    date_basis = models.CharField(_("basis of the date"), max_length=15, choices=DateBasis)
    date_words = models.CharField(
        _("the source's words for the date"),
        max_length=200,
        blank=True,
        help_text=_("Letter by letter, for example: last June."),
    )
    date_note_en = models.TextField(_("how we know the date, in English"), blank=True)
    date_note_fr = models.TextField(_("how we know the date, in French"), blank=True)
    earliest = DerivedDate(
        _("earliest day"), compute=lambda self: _day(self, "earliest"), null=True, db_index=True
    )
    latest = DerivedDate(
        _("latest day"), compute=lambda self: _day(self, "latest"), null=True, db_index=True
    )
    sort_date = DerivedDate(_("date it is sorted by"), compute=lambda self: _day(self, "sort_date"))
    position = models.PositiveSmallIntegerField(
        _("order within the day"),
        default=0,
        help_text=_("Smaller numbers come first among events that begin on the same day."),
    )
    places = models.ManyToManyField(
        Place, verbose_name=_("places"), blank=True, related_name="events"
    )
    note_en = models.TextField(
        _("note in English"),
        blank=True,
        help_text=_("What a reader must know: a garbled passage, what came of it later."),
    )
    note_fr = models.TextField(_("note in French"), blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    folded = folded("title_en", "title_fr", "summary_en", "summary_fr")

    title = Translated()
    summary = Translated()
    note = Translated()
    date_note = Translated()

    objects = EventManager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["sort_date", "position", "pk"]
        permissions = [
            ("review_event", "Can approve events and send them back"),
            ("publish_event", "Can publish and withdraw events, and change what is public"),
        ]
        indexes = [
            models.Index(fields=["sort_date", "position", "id"], name="event_in_order"),
            models.Index(fields=["updated", "id"], name="event_by_change"),
            # What editors' lists are counted by, apart from the long texts.
            models.Index(
                fields=["publication", "status", "kind", "date_basis", "sort_date"],
                name="event_in_lists",
            ),
        ]
        constraints = [
            in_one_language("title"),
            CheckConstraint(
                condition=~Q(publication="withdrawn") | ~Q(withdrawal_en="") | ~Q(withdrawal_fr=""),
                name="event_withdrawn_for_a_reason",
                violation_error_message=_("Say why it is withdrawn, in English or in French."),
            ),
            CheckConstraint(
                condition=Q(publish_at=None) | Q(publication="review"),
                name="event_scheduled_in_review",
                violation_error_message=_("Only what is in review can be scheduled."),
            ),
            CheckConstraint(
                condition=~Q(publication="published") | Q(restricted=""),
                name="event_restricted_is_not_public",
                violation_error_message=RESTRICTED,
            ),
            CheckConstraint(
                condition=Q(date_basis__in=["stated", "inferred", "corroborated"]),
                name="event_date_has_a_basis",
            ),
            CheckConstraint(
                condition=Q(earliest__isnull=False) | Q(latest__isnull=False),
                name="event_has_a_date",
            ),
            CheckConstraint(
                condition=Q(earliest=None) | Q(latest=None) | Q(earliest__lte=F("latest")),
                name="event_earliest_before_latest",
                violation_error_message=_("The date ends before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return address("event", self.slug)

    def slug_words(self) -> str:
        """Give its title."""
        return self.title_en or self.title_fr


def _day(event: Event, name: str) -> date | None:
    day: date | None = getattr(event.date, name, None)
    return day


class Involvement(models.Model):
    """Ties an actor to an event, in a role."""

    class Role(models.TextChoices):
        """As what an actor takes part: a closed vocabulary."""

        AGENT = "agent", _("carried it out")
        LEADER = "leader", _("led it")
        SPEAKER = "speaker", _("speaking")
        PARTICIPANT = "participant", _("took part")
        SUPPORTER = "supporter", _("in support")
        OPPONENT = "opponent", _("opposed")
        TARGET = "target", _("aimed at")
        VICTIM = "victim", _("victim")
        CONCERNED = "concerned", _("concerned")

    event = models.ForeignKey(
        Event, verbose_name=_("event"), on_delete=models.CASCADE, related_name="involvements"
    )
    actor = models.ForeignKey(
        Actor, verbose_name=_("actor"), on_delete=models.PROTECT, related_name="involvements"
    )
    role = models.CharField(_("role"), max_length=15, choices=Role)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class InvolvementManager(models.Manager["Involvement"]):
        """Finds by event, actor and role, as fixtures do."""

        def get_by_natural_key(self, event: str, actor: str, role: str) -> Involvement:
            """Find what a fixture names."""
            return self.get(event__slug=event, actor__slug=actor, role=role)

    objects: ClassVar[InvolvementManager] = InvolvementManager()

    class Meta:
        verbose_name = _("involvement")
        verbose_name_plural = _("involvements")
        ordering = ["event", "order", "pk"]
        constraints = [
            UniqueConstraint(
                fields=["event", "actor", "role"],
                name="involvement_once_per_role",
                violation_error_message=_("This actor has that role in this event already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.get_role_display()}"

    def natural_key(self) -> tuple[str, str, str]:
        """Name it in a fixture."""
        return (self.event.slug, self.actor.slug, self.role)
