"""What an event rests on: quotations, and references to sources that are not quoted."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sahel.fields import Translated, folded, validate_language
from sahel.models.events import Event
from sahel.models.names import Actor
from sahel.models.sources import Source
from sahel.quotations import difference, find, plain_line_ends, surroundings


class Quotation(models.Model):
    """The exact words of a source on which an event rests.

    `start` and `end` count characters (code points) in the text of the source, as W3C's
    TextPositionSelector does; `prefix` and `suffix` are those of its TextQuoteSelector.
    """

    class Stance(models.TextChoices):
        """What the speaker does with these words: a closed vocabulary."""

        REPORTS = "reports", _("reported by")
        CLAIMS = "claims", _("claimed by")
        DENIES = "denies", _("denied or disputed by")
        ASSESSES = "assesses", _("assessed by")
        ANNOUNCES = "announces", _("announced by")

    event = models.ForeignKey(
        Event, verbose_name=_("event"), on_delete=models.CASCADE, related_name="quotations"
    )
    source = models.ForeignKey(
        Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="quotations"
    )
    exact = models.TextField(
        _("exact words"),
        help_text=_("Letter by letter as they stand in the source, its quotation marks included."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        validators=[validate_language],
        help_text=_("Its code, for example en, fr or ar."),
    )
    speaker = models.ForeignKey(
        Actor,
        verbose_name=_("speaker"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quotations",
        help_text=_("Whose words or claim it is; empty for the source itself."),
    )
    speaker_role_en = models.CharField(
        _("speaks as, in English"),
        max_length=200,
        blank=True,
        help_text=_("As the source has it, for example: French foreign minister."),
    )
    speaker_role_fr = models.CharField(_("speaks as, in French"), max_length=200, blank=True)
    stance = models.CharField(_("stance"), max_length=10, choices=Stance, default=Stance.REPORTS)
    start = models.PositiveIntegerField(
        _("start"),
        null=True,
        blank=True,
        help_text=_("Found by itself where the source's text is known."),
    )
    end = models.PositiveIntegerField(_("end"), null=True, blank=True, editable=False)
    prefix = models.CharField(_("words before"), max_length=100, blank=True, editable=False)
    suffix = models.CharField(_("words after"), max_length=100, blank=True, editable=False)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    folded = folded("exact", "speaker_role_en", "speaker_role_fr")

    speaker_role = Translated()

    class QuotationManager(models.Manager["Quotation"]):
        """Finds by event, source and place in its text, as fixtures do."""

        def get_by_natural_key(self, event: str, source: str, start: int) -> Quotation:
            """Find what a fixture names."""
            return self.get(event__slug=event, source__slug=source, start=start)

    objects: ClassVar[QuotationManager] = QuotationManager()

    class Meta:
        verbose_name = _("quotation")
        verbose_name_plural = _("quotations")
        ordering = ["event", "order", "pk"]
        constraints = [
            CheckConstraint(
                condition=Q(start=None, end=None)
                | Q(start__isnull=False, end__isnull=False, end=F("start") + Length("exact")),
                name="quotation_as_long_as_its_words",
                violation_error_message=_(
                    "The end must lie as many characters after the start as the words have."
                ),
            ),
            CheckConstraint(condition=~Q(exact=""), name="quotation_has_words"),
            UniqueConstraint(
                fields=["event", "source", "start"],
                name="quotation_once_per_passage",
                violation_error_message=_("This event quotes that passage already."),
            ),
        ]

    def __str__(self) -> str:
        return self.exact if len(self.exact) <= 60 else f"{self.exact[:59]}…"

    def natural_key(self) -> tuple[str, str, int | None]:
        """Name it in a fixture."""
        return (self.event.slug, self.source.slug, self.start)

    def clean(self) -> None:
        """Find the words in the source's text where that is known; refuse them if they differ.

        Words that were on record before stay: the source may have changed since.
        """
        self.exact = plain_line_ends(self.exact)
        kept = Quotation.objects.filter(pk=self.pk, source=self.source_id, exact=self.exact)
        if self.source_id and not (self.pk and kept.filter(start=self.start).exists()):
            self.stand_in_source()

    def stand_in_source(self) -> None:
        """Set where the words stand; raises ValidationError where the source's text lacks them."""
        read = self.source.texts.first()
        if read is not None:
            self._stand_in(read.text)
        self.end = None if self.start is None else self.start + len(self.exact)

    def _stand_in(self, text: str) -> None:
        places = find(self.exact, text)
        if not places:
            first = difference(self.exact, text)
            raise ValidationError(
                {"exact": str(first or _("These words do not stand in the source’s text."))}
            )
        if len(places) > 1 and self.start not in places:
            raise ValidationError(
                {
                    "start": _("These words stand more than once. Give one of: %(places)s.")
                    % {"places": ", ".join(map(str, places))}
                }
            )
        if self.start not in places:
            self.start = places[0]
        self.prefix, self.suffix = surroundings(text, self.start, self.start + len(self.exact))


class Reference(models.Model):
    """Ties an event to a source that is not quoted, and says what it supports."""

    class Supports(models.TextChoices):
        """What the source is named for: a closed vocabulary."""

        DATE = "date", _("the date")
        PLACE = "place", _("the place")
        FIGURE = "figure", _("a figure")
        FACT = "fact", _("a fact")

    event = models.ForeignKey(
        Event, verbose_name=_("event"), on_delete=models.CASCADE, related_name="references"
    )
    source = models.ForeignKey(
        Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="references"
    )
    supports = models.CharField(
        pgettext_lazy("a reference", "named for"), max_length=10, choices=Supports
    )
    note_en = models.TextField(_("what it says, in English"), blank=True)
    note_fr = models.TextField(_("what it says, in French"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    note = Translated()

    class ReferenceManager(models.Manager["Reference"]):
        """Finds by event, source and what it supports, as fixtures do."""

        def get_by_natural_key(self, event: str, source: str, supports: str) -> Reference:
            """Find what a fixture names."""
            return self.get(event__slug=event, source__slug=source, supports=supports)

    objects: ClassVar[ReferenceManager] = ReferenceManager()

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ["event", "order", "pk"]
        constraints = [
            UniqueConstraint(
                fields=["event", "source", "supports"],
                name="reference_once_per_support",
                violation_error_message=_("This event refers to that source for this already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.get_supports_display()}"

    def natural_key(self) -> tuple[str, str, str]:
        """Name it in a fixture."""
        return (self.event.slug, self.source.slug, self.supports)
