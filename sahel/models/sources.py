"""Sources, and the texts of them that were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF
from sahel.fields import (
    EDTFField,
    Slugged,
    SlugManager,
    Text,
    Translated,
    address,
    folded,
    validate_language,
    validate_url,
    web_address,
)
from sahel.quotations import find, plain_line_ends, sha256

if TYPE_CHECKING:
    from sahel.models.evidence import Quotation


class Source(Slugged):
    """A document that was read, described well enough to be found again."""

    class Kind(models.TextChoices):
        """What sort of document: a closed vocabulary."""

        NEWS = "news", _("News article")
        REPORT = "report", _("Report")
        STATEMENT = "statement", _("Official statement")
        ENCYCLOPEDIA = "encyclopedia", _("Encyclopedia")
        WEBSITE = "website", _("Web page")

    class Wording(models.TextChoices):
        """Whose words its text is made of: a closed vocabulary."""

        ORIGINAL = "original", _("as it was written")
        TRANSLATED = "translated", _("translated")
        RETRANSLATED = "retranslated", _("translated and back again")

    title = models.CharField(
        _("title"),
        max_length=300,
        blank=True,
        help_text=_("As printed, in the source's own language; empty where it is not known."),
    )
    author = models.CharField(_("author"), max_length=200, blank=True)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    no_publisher_en = models.CharField(
        _("why no publisher is named, in English"), max_length=200, blank=True
    )
    no_publisher_fr = models.CharField(
        _("why no publisher is named, in French"), max_length=200, blank=True
    )
    url = models.URLField(_("address"), max_length=500, blank=True, validators=[validate_url])
    archived_url = models.URLField(
        _("archived address"), max_length=500, blank=True, validators=[validate_url]
    )
    date = EDTFField(
        _("date"),
        blank=True,
        help_text=_("When it was published: 2022-02-15, 2022-02, 2022-02-15~ (about)."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        validators=[validate_language],
        help_text=_("Its code, for example en, fr or ar."),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.NEWS)
    date_read = models.DateField(_("read on"), null=True, blank=True)
    original = models.ForeignKey(
        "self",
        verbose_name=_("copy of"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="copies",
        help_text=_("The source that this one republishes or translates."),
    )
    wording = models.CharField(
        _("wording"),
        max_length=12,
        choices=Wording,
        default=Wording.ORIGINAL,
        help_text=_("Readers see beside each quotation whether it came through another language."),
    )
    text_sha256 = models.CharField(
        _("SHA-256 of the text read"), max_length=64, blank=True, editable=False
    )
    text_length = models.PositiveIntegerField(
        _("length of the text read, in characters"), null=True, blank=True, editable=False
    )
    note_en = models.TextField(_("note in English"), blank=True)
    note_fr = models.TextField(_("note in French"), blank=True)
    folded = folded("title", "author", "publisher")

    note = Translated()
    no_publisher = Translated()
    objects = SlugManager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["slug"]
        constraints = [
            CheckConstraint(
                condition=~Q(publisher="", no_publisher_en="", no_publisher_fr=""),
                name="source_has_a_publisher",
                violation_error_message=_("Name the publisher, or say why none is named."),
            ),
            web_address("url"),
            web_address("archived_url"),
            CheckConstraint(
                condition=Q(text_sha256="", text_length=None)
                | Q(
                    text_sha256__regex=r"^[0-9a-f]{64}$",
                    text_length__isnull=False,
                    text_length__gte=1,
                ),
                name="source_text_hash_with_length",
            ),
        ]

    def __str__(self) -> str:
        return str(self.label)

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return address("source", self.slug)

    def slug_words(self) -> str:
        """Give its publisher and its title, or its date where the title is not known."""
        return f"{self.publisher} {self.title or self.date}"

    def quotations_missing_in(self, text: str) -> list[Quotation]:
        """Give the quotations whose words do not stand in a text, letter by letter."""
        quotations = self.quotations.select_related("event") if self.pk else ()
        return [quotation for quotation in quotations if not find(quotation.exact, text)]

    @property
    def label(self) -> Text:
        """Its title, or a few words that say it has none that we know."""
        return source_label(self.title, self.publisher, str(self.date), self.language)


def source_label(title: str, publisher: str, date: str, language: str = "") -> Text:
    """Give a source's title, else its publisher and date with the word that it has none we know."""
    if title:
        return Text(title, language)
    untitled = gettext("%(publisher)s, page of unknown title") % {"publisher": publisher}
    if date:
        untitled = f"{untitled} ({EDTF.parse(date).in_words()})"
    return Text(untitled, get_language() or "en")


class SourceText(models.Model):
    """The text of a source as it was read: for editors' checks only, never shown to readers."""

    source = models.ForeignKey(
        Source, verbose_name=_("source"), on_delete=models.CASCADE, related_name="texts"
    )
    text = models.TextField(_("text"))
    read_at = models.DateTimeField(_("read at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("text that was read")
        verbose_name_plural = _("texts that were read")
        ordering = ["source", "-read_at", "-pk"]

    def __str__(self) -> str:
        return date_format(self.read_at)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the text with plain line ends (forms send others), its hash with the source."""
        self.text = plain_line_ends(self.text)
        super().save(*args, **kwargs)
        self._tell_source()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Leave with the source the hash of the text that was read before, or none."""
        gone = super().delete(*args, **kwargs)
        self._tell_source()
        return gone

    @property
    def sha256(self) -> str:
        """The SHA-256 of its UTF-8, in hexadecimal."""
        return sha256(self.text)

    def _tell_source(self) -> None:
        last = self.source.texts.first()
        self.source.text_sha256 = sha256(last.text) if last else ""
        self.source.text_length = len(last.text) if last else None
        self.source.save(update_fields=["text_sha256", "text_length"])


class LinkCheck(models.Model):
    """What came of asking whether one of a source's addresses still answers; for editors alone."""

    class Outcome(models.TextChoices):
        """What came of it, as `sahel.links` has it: a closed vocabulary."""

        ANSWERS = "answers", _("answers")
        MOVED = "moved", _("has moved for good")
        GONE = "gone", _("is gone")
        REFUSES = "refuses", _("does not answer machines")
        FAILS = "fails", _("does not answer")
        FORBIDDEN = "forbidden", _("is not asked")

    AT_RISK = (Outcome.MOVED, Outcome.GONE, Outcome.FAILS, Outcome.FORBIDDEN)

    source = models.ForeignKey(
        Source, verbose_name=_("source"), on_delete=models.CASCADE, related_name="link_checks"
    )
    archived = models.BooleanField(_("of the archived copy"))
    url = models.CharField(_("address"), max_length=500)  # as it was then
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    led_to = models.TextField(_("led to"), blank=True)
    detail = models.CharField(_("what went wrong"), max_length=200, blank=True)
    checked_at = models.DateTimeField(_("checked at"), default=timezone.now)

    class Meta:
        verbose_name = _("link check")
        verbose_name_plural = _("link checks")
        ordering = ["source_id", "archived"]
        constraints = [
            UniqueConstraint(fields=["source", "archived"], name="link_check_once_per_address")
        ]

    def __str__(self) -> str:
        return f"{self.url}: {self.get_outcome_display()}"
