"""What an event rests on: quotations, and references to sources that are not quoted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched
from secrets import token_hex
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sahel.fields import Translated, address, folded, one_line, validate_language
from sahel.models.events import Event
from sahel.models.names import Actor
from sahel.models.sources import Source, SourceText
from sahel.quotations import (
    MOST,
    differences,
    find,
    passage_like,
    plain_line_ends,
    surroundings,
)


def new_key() -> str:
    """Give a quotation its address: 64 random bits in hexadecimal, never used again."""
    return token_hex(8)


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

    class State(models.TextChoices):
        """Whether the words stand in the source, as far as it was checked: a closed vocabulary."""

        VERBATIM = "verbatim", _("verbatim")
        VERBATIM_STILL = "verbatim-still", _("verbatim, also after the source changed")
        MISSING = "missing", _("not found in the source any more")
        UNCHECKED = "unchecked", _("never checked")
        UNCHECKABLE = "uncheckable", _("cannot be checked")

    CHECKED = (State.VERBATIM, State.VERBATIM_STILL, State.MISSING)

    key = models.CharField(_("key"), max_length=16, unique=True, default=new_key, editable=False)
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
    repeated = models.BooleanField(_("stands more than once"), default=False, editable=False)
    page = models.PositiveSmallIntegerField(
        _("page"), null=True, blank=True, help_text=_("Where the source is a PDF file.")
    )
    state = models.CharField(
        _("state"), max_length=14, choices=State, default=State.UNCHECKED, editable=False
    )
    checked_sha256 = models.CharField(
        _("SHA-256 of the text it was checked against"), max_length=64, blank=True, editable=False
    )
    checked_on = models.DateField(_("checked on"), null=True, editable=False)
    why_uncheckable_en = models.CharField(
        _("why it cannot be checked, in English"),
        max_length=200,
        blank=True,
        help_text=_("Only where nobody can give the source’s text: a broadcast, a paper archive."),
    )
    why_uncheckable_fr = models.CharField(
        _("why it cannot be checked, in French"), max_length=200, blank=True
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    folded = folded("exact", "speaker_role_en", "speaker_role_fr")

    speaker_role = Translated()
    why_uncheckable = Translated()

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
        indexes = [models.Index(fields=["state", "stance", "language"], name="quotation_in_lists")]
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
            # `Ungrounded` refers to number 0, which must not exist.
            CheckConstraint(condition=Q(id__gt=0), name="quotation_has_a_number"),
            CheckConstraint(
                condition=~Q(state__in=["verbatim", "verbatim-still", "missing"])
                | Q(checked_sha256__regex=r"^[0-9a-f]{64}$", checked_on__isnull=False),
                name="quotation_checked_against_a_text",
            ),
            CheckConstraint(
                condition=~Q(state__in=["verbatim", "verbatim-still"]) | Q(start__isnull=False),
                name="quotation_found_at_a_place",
            ),
            CheckConstraint(
                condition=~Q(state="uncheckable")
                | ~Q(why_uncheckable_en="")
                | ~Q(why_uncheckable_fr=""),
                name="quotation_uncheckable_for_a_reason",
            ),
            UniqueConstraint(
                fields=["event", "source", "start"],
                name="quotation_once_per_passage",
                violation_error_message=_("This event quotes that passage already."),
            ),
        ]

    def __str__(self) -> str:
        return self.exact if len(self.exact) <= 60 else f"{self.exact[:59]}…"

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return address("quotation", self.key)

    def natural_key(self) -> tuple[str, str, int | None]:
        """Name it in a fixture."""
        return (self.event.slug, self.source.slug, self.start)

    def clean(self) -> None:
        """Refuse words that the source's text lacks, and say what differs.

        Words that were on record before stay: the source may have changed since.
        """
        self.exact = plain_line_ends(self.exact)
        kept = Quotation.objects.filter(pk=self.pk).values_list("exact", "source", "start").first()
        if kept and kept[:2] != (self.exact, self.source_id):
            self.forget_check()  # they are not the words that were checked
        read = self.source.texts.first() if self.source_id else None
        if read is not None and kept != (self.exact, self.source_id, self.start):
            self._refuse_differences(read.text)
        self.verify()

    def forget_check(self) -> None:
        """Say that these words were never checked: they are not those that were."""
        self.state, self.checked_sha256, self.checked_on = self.State.UNCHECKED, "", None
        self.repeated, self.prefix, self.suffix = False, "", ""

    def verify(self) -> None:
        """Hold the words against the source's text read last; set where they stand, and the state.

        Without a text nothing is learnt, and the state stays.
        """
        read = self.source.texts.first() if self.source_id else None
        if read is not None:
            self.hold_against(read.text, read.sha256)
        self.end = None if self.start is None else self.start + len(self.exact)
        self._say_why_unchecked()

    def hold_against(self, text: str, sha256: str) -> None:
        """Set where the words stand in a text of that SHA-256, and the state that follows."""
        places, before = find(self.exact, text), self.checked_sha256
        if places:
            if self.start not in places:
                self.start = self._likeliest(places, text)
            self.repeated = len(places) > 1
            self.end = self.start + len(self.exact)
            self.prefix, self.suffix = surroundings(text, self.start, self.end)
            if before != sha256 or self.state not in (
                self.State.VERBATIM,
                self.State.VERBATIM_STILL,
            ):
                self.state = self.State.VERBATIM_STILL if before else self.State.VERBATIM
        elif before:
            self.state = self.State.MISSING
        else:
            return
        if before != sha256 or self.checked_on is None:
            self.checked_on = timezone.now().date()
        self.checked_sha256 = sha256

    def _likeliest(self, places: list[int], text: str) -> int:
        """Give the place that has the words around it that are on record, else the nearest."""
        around = self.prefix, self.suffix
        there = {at: surroundings(text, at, at + len(self.exact)) for at in places}
        return min(places, key=lambda at: (there[at] != around, abs(at - (self.start or 0))))

    def _say_why_unchecked(self) -> None:
        if self.state in self.CHECKED:
            return
        reason = one_line(self.why_uncheckable_en or self.why_uncheckable_fr)
        self.state = self.State.UNCHECKABLE if reason else self.State.UNCHECKED

    def _at(self, start: int, text: str) -> str:
        before, after = surroundings(text, start, start + len(self.exact))
        return f"{start} (…{before}[…]{after}…)"

    def _refuse_differences(self, text: str) -> None:
        places = find(self.exact, text)
        if not places:
            passage = passage_like(self.exact, text)
            if passage is None:
                raise ValidationError(
                    {"exact": _("These words do not stand in the source’s text.")}
                )
            found = [str(each) for each in differences(self.exact, passage)]
            reads = _("There the source reads: %(passage)s") % {"passage": passage}
            raise ValidationError({"exact": [*found, reads]})
        if len(places) > 1 and self.start not in places:
            raise ValidationError(
                {
                    "start": _("These words stand more than once. Give one of: %(places)s.")
                    % {"places": "; ".join(self._at(place, text) for place in places[:MOST])}
                }
            )


# What holding a quotation against a text may change.
OUTCOME = (
    "state",
    "checked_sha256",
    "checked_on",
    "start",
    "end",
    "prefix",
    "suffix",
    "repeated",
)
# What lets an event be public; words that are not found any more leave it so, and are marked.
GROUNDS = (Quotation.State.VERBATIM, Quotation.State.VERBATIM_STILL, Quotation.State.UNCHECKABLE)


class Ungrounded(models.Model):
    """A public event that lacks what it must rest on: while there is one, nothing is committed.

    Triggers put it in and take it out. It refers to a quotation that does not exist, which the
    database refuses, but only at the end of a transaction: an event may come before its quotations.
    """

    event = models.PositiveBigIntegerField(primary_key=True)
    becomes = models.BooleanField()  # it is only now to be public
    unapproved = models.BooleanField()  # it lacks a second person's approval
    quotation = models.ForeignKey(Quotation, on_delete=models.DO_NOTHING, related_name="+")

    def __str__(self) -> str:
        return str(self.event)


def refuse_ungrounded() -> None:
    """Raise ValidationError, in words, where the database would refuse to commit."""
    lacking = Event.objects.filter(pk__in=Ungrounded.objects.values("event"))
    if slugs := list(lacking.values_list("slug", flat=True)[:MOST]):
        raise ValidationError(
            _(
                "Not public without a quotation that is verbatim in its source’s text, or of "
                "which is said why it cannot be checked%(approval)s: %(events)s."
            )
            % {
                "approval": _(", and without a second person’s approval")
                if settings.APPROVAL
                else "",
                "events": ", ".join(slugs),
            }
        )


AT_ONCE = 200  # sources that are verified in one go


def verify(sources: Iterable[int]) -> Iterator[Quotation]:
    """Hold all quotations of these sources, by primary key, against their texts read last.

    The outcome goes on record. Gives the quotations of which it is another one than before.
    """
    for keys in batched(sources, AT_ONCE):
        newest: dict[int, tuple[str, str]] = {}
        texts = SourceText.objects.filter(source__in=keys)
        for read in texts.order_by("source", "read_at", "pk").iterator(chunk_size=AT_ONCE):
            newest[read.source_id] = read.text, read.sha256
        changed = []
        for quotation in Quotation.objects.filter(source__in=newest).iterator(chunk_size=1000):
            before = [getattr(quotation, name) for name in OUTCOME]
            quotation.hold_against(*newest[quotation.source_id])
            if before != [getattr(quotation, name) for name in OUTCOME]:
                changed.append(quotation)
        _write_outcomes(changed)
        yield from changed


def _write_outcomes(quotations: list[Quotation]) -> None:
    # Not bulk_update(): its one statement of many cases takes longer than the check itself.
    fields = [field for field in Quotation._meta.concrete_fields if field.name in OUTCOME]
    setting = ", ".join(f'"{field.column}" = %s' for field in fields)
    rows = [
        [field.get_db_prep_save(getattr(quotation, field.name), connection) for field in fields]
        + [quotation.pk]
        for quotation in quotations
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE sahel_quotation SET {setting} WHERE id = %s", rows)  # noqa: S608


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
