"""The figures that quotations give: how many were killed, came, are to leave, and who says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from sahel.fields import Translated
from sahel.filters import fold
from sahel.models.evidence import Quotation
from sahel.quotations import passage_like

# How words begin, folded, that give a bound and not a number.
AT_LEAST = r"(at least|no (fewer|less) than|more than|over|au moins|plus (de|d'))\b"
AT_MOST = r"(at most|up to|no more than|(fewer|less) than|au plus|jusqu'a|moins (de|d'))\b"


class Estimate(models.Model):
    """A figure in the words of a quotation; whoever speaks in the quotation says so.

    `low`, `best` and `high` are those of UCDP's and ACLED's records: a figure that stands alone is
    `best`, "at least" is `low` alone, "at most" is `high` alone. None is worked out by us.
    """

    class Measure(models.TextChoices):
        """What is counted, people but for the last: a closed vocabulary."""

        KILLED = "killed", _("killed")
        WOUNDED = "wounded", _("wounded")
        MISSING = "missing", _("missing")
        ABDUCTED = "abducted", _("abducted")
        DETAINED = "detained", _("detained")
        DISPLACED = "displaced", _("displaced")
        TROOPS = "troops", _("troops")
        DEMONSTRATORS = "demonstrators", _("demonstrators")
        OTHER = "other", _("something else")

    quotation = models.ForeignKey(
        Quotation,
        verbose_name=_("quotation"),
        on_delete=models.CASCADE,
        related_name="estimates",
    )
    words = models.CharField(
        _("its words for the figure"),
        max_length=200,
        help_text=_("Letter by letter as in the quotation, for example: several thousand people."),
    )
    measure = models.CharField(_("what is counted"), max_length=15, choices=Measure)
    low = models.PositiveBigIntegerField(_("at least"), null=True, blank=True)
    best = models.PositiveBigIntegerField(_("number given"), null=True, blank=True)
    high = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)
    of_whom_en = models.CharField(
        _("of whom, in English"),
        max_length=100,
        blank=True,
        help_text=_("Whom alone the figure counts: civilians, French soldiers."),
    )
    of_whom_fr = models.CharField(_("of whom, in French"), max_length=100, blank=True)
    unit_en = models.CharField(
        _("unit, in English"),
        max_length=50,
        blank=True,
        help_text=_("Where it does not count people: vehicles, euros."),
    )
    unit_fr = models.CharField(_("unit, in French"), max_length=50, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    of_whom = Translated()
    unit = Translated()

    class EstimateManager(models.Manager["Estimate"]):
        """Finds by quotation, words and what is counted, as fixtures do."""

        def get_by_natural_key(
            self, event: str, source: str, start: int, words: str, measure: str
        ) -> Estimate:
            """Find what a fixture names."""
            quotation = Quotation.objects.get_by_natural_key(event, source, start)
            return self.get(quotation=quotation, words=words, measure=measure)

    objects: ClassVar[EstimateManager] = EstimateManager()

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        ordering = ["quotation__order", "quotation_id", "order", "pk"]
        constraints = [
            CheckConstraint(
                condition=Q(low__isnull=False) | Q(best__isnull=False) | Q(high__isnull=False),
                name="estimate_has_a_figure",
                violation_error_message=_("Give a figure, or the least or the most it may be."),
            ),
            CheckConstraint(
                condition=(Q(low=None) | Q(best=None) | Q(low__lte=F("best")))
                & (Q(best=None) | Q(high=None) | Q(best__lte=F("high")))
                & (Q(low=None) | Q(high=None) | Q(low__lte=F("high"))),
                name="estimate_low_best_high",
                violation_error_message=_(
                    "The least must not be more than the figure, nor the figure than the most."
                ),
            ),
            CheckConstraint(condition=~Q(words=""), name="estimate_has_words"),
            CheckConstraint(
                condition=~Q(measure="other") | ~Q(unit_en="") | ~Q(unit_fr=""),
                name="estimate_other_has_a_unit",
                violation_error_message=_("Say what is counted: give the unit."),
            ),
            UniqueConstraint(
                fields=["quotation", "words", "measure"],
                name="estimate_once_per_words",
                violation_error_message=_("The quotation has that figure already."),
            ),
        ]

    def __str__(self) -> str:
        colon = pgettext("before a quotation", ":")
        return f"{self.get_measure_display()}{colon} {self.in_words()}"

    def natural_key(self) -> tuple[str, str, int | None, str, str]:
        """Name it in a fixture."""
        return (*self.quotation.natural_key(), self.words, self.measure)

    natural_key.dependencies = ["sahel.quotation"]  # type: ignore[attr-defined]

    def clean(self) -> None:
        """Refuse words that the quotation lacks."""
        quotation = getattr(self, "quotation", None)  # none where a forged form names another one
        if quotation and self.words not in quotation.exact:
            said = [gettext("These words do not stand in the quotation, letter by letter.")]
            if alike := passage_like(self.words, quotation.exact):
                said.append(gettext("There it reads: %(passage)s") % {"passage": alike})
            raise ValidationError({"words": said})
        if self.best is not None and (bound := _bound(self.words)):
            raise ValidationError({"best": bound})

    def in_words(self) -> str:
        """Give the figure as it is known: 19, at least 2,000, 16 to 22, 19 (16 to 22)."""
        bounds = in_words(self.low, self.high)
        if self.best is None:
            return bounds
        if not bounds or self.low == self.best == self.high:
            return _number(self.best)
        return f"{_number(self.best)} ({bounds})"


def _bound(words: str) -> str:
    """Say where a number belongs of which the words themselves say that it is a bound."""
    said = fold(words)
    if re.match(AT_LEAST, said):
        return gettext("The words say “at least”: write the number there, and leave this empty.")
    if re.match(AT_MOST, said):
        return gettext("The words say “at most”: write the number there, and leave this empty.")
    return ""


def in_words(low: int | None, high: int | None) -> str:
    """Say between which numbers a figure lies, in the active language; empty where none is known.

    None is an end that is not known.
    """
    if low is not None and high is not None:
        if low == high:
            return _number(low)
        words = {"low": _number(low), "high": _number(high)}
        return gettext("%(low)s to %(high)s") % words
    if low is not None:
        return gettext("at least %(low)s") % {"low": _number(low)}
    if high is not None:
        return gettext("at most %(high)s") % {"high": _number(high)}
    return ""


def _number(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


@dataclass(frozen=True)
class Spread:
    """All figures of an event that count the same, and the numbers between which they lie."""

    estimates: list[Estimate]
    low: int | None  # None: one of them has no lower end
    high: int | None

    def in_words(self) -> str:
        """Say between which numbers they lie; empty where that says no more than each of them."""
        same = len({(each.low, each.best, each.high) for each in self.estimates}) == 1
        return "" if same else in_words(self.low, self.high)


def spreads(estimates: Iterable[Estimate]) -> list[Spread]:
    """Put the figures that count the same next to each other; nothing is added up or settled."""

    alike: dict[tuple[str, ...], list[Estimate]] = {}
    for each in estimates:
        whom = each.unit_en, each.unit_fr, each.of_whom_en, each.of_whom_fr
        alike.setdefault((each.measure, *whom), []).append(each)
    found = []
    for same in alike.values():
        lows = [each.low if each.low is not None else each.best for each in same]
        highs = [each.high if each.high is not None else each.best for each in same]
        low = None if None in lows else min(each for each in lows if each is not None)
        high = None if None in highs else max(each for each in highs if each is not None)
        found.append(Spread(same, low, high))
    return found
